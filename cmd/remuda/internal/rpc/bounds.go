package rpc

import (
	"io"
	"net/http"
	"time"
)

// writeTime is how long one that does not read is waited for.
const writeTime = 30 * time.Second

// bounded bounds the body in size and time, and each write in time.
func bounded(next http.Handler, most int64, bodyTime time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		_ = c.SetReadDeadline(time.Now().Add(bodyTime)) // a transport without deadlines is in this process
		r.Body = &body{http.MaxBytesReader(w, r.Body, most), c}
		next.ServeHTTP(&writer{w, c}, r)
	})
}

// A body has come when its end was read: from then on, the caller may wait for as
// long as it likes.
type body struct {
	io.ReadCloser
	c *http.ResponseController
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		_ = b.c.SetReadDeadline(time.Time{})
	}
	return n, err
}

type writer struct {
	http.ResponseWriter
	c *http.ResponseController
}

func (w *writer) Write(p []byte) (int, error) {
	_ = w.c.SetWriteDeadline(time.Now().Add(writeTime))
	return w.ResponseWriter.Write(p)
}

func (w *writer) Flush() { _ = w.FlushError() }

func (w *writer) FlushError() error {
	_ = w.c.SetWriteDeadline(time.Now().Add(writeTime))
	return w.c.Flush()
}

func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }
