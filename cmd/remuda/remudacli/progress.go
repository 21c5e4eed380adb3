package remudacli

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// A progress is a line on a terminal that says how far a command is, until it ends. On
// anything else it is nothing.
type progress struct {
	out    io.Writer
	width  int // 0 is no terminal
	shown  bool
	latest time.Time
}

// progressPause is between two changes of the line.
const progressPause = 100 * time.Millisecond

func (a *app) progress() *progress {
	p := &progress{out: a.std.Err}
	if f, ok := a.std.Err.(*os.File); ok && isTerminal(f) && os.Getenv("TERM") != "dumb" {
		if p.width, _, _ = term.GetSize(int(f.Fd())); p.width <= 0 {
			p.width = 80 // it does not know
		}
	}
	return p
}

// live reports whether anybody sees it.
func (p *progress) live() bool { return p.width > 0 }

// sayf shows a text in place of what was shown.
func (p *progress) sayf(format string, args ...any) {
	if !p.live() || time.Since(p.latest) < progressPause {
		return
	}
	line := []rune(plain(fmt.Sprintf(format, args...)))
	fmt.Fprintf(p.out, "\r\x1b[K%s", string(line[:min(len(line), p.width-1)]))
	p.shown, p.latest = true, time.Now()
}

// clear takes the line away.
func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
	p.shown = false
}
