package command

import (
	"bytes"
	"context"

	"github.com/remuda-go/remuda/tasks"
)

// A bounded output ends the program that writes more.
type bounded struct {
	buf      bytes.Buffer
	most     int64
	overflow bool
	full     context.CancelCauseFunc
}

// Write takes it all, so that the program is ended and not left to wait.
func (b *bounded) Write(p []byte) (int, error) {
	if int64(b.buf.Len()+len(p)) > b.most {
		b.overflow = true
		b.full(tasks.ErrTooLarge)
		return len(p), nil
	}
	return b.buf.Write(p)
}

// A tail keeps the end of what is written.
type tail struct {
	buf  []byte
	most int
	cut  bool
}

func (t *tail) Write(p []byte) (int, error) {
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - t.most; over > 0 {
		t.buf, t.cut = append(t.buf[:0], t.buf[over:]...), true
	}
	return len(p), nil
}

func (t *tail) String() string {
	if t.cut {
		return "…" + string(t.buf)
	}
	return string(t.buf)
}
