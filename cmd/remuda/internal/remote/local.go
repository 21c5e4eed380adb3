package remote

import (
	"io"
	"net/http"
	"sync"
)

// A Local is a transport to a handler in this process.
type Local struct {
	handler http.Handler
	running sync.WaitGroup
}

// NewLocal returns a transport to the handler.
func NewLocal(h http.Handler) *Local { return &Local{handler: h} }

// Wait waits until all requests have ended.
func (l *Local) Wait() { l.running.Wait() }

// RoundTrip calls the handler. What it writes is read as it is written.
func (l *Local) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if r.Body == nil {
		r.Body = http.NoBody
	}
	body, pipe := io.Pipe()
	w := &pipeWriter{header: make(http.Header), pipe: pipe, begun: make(chan struct{})}
	l.running.Go(func() {
		defer pipe.Close()
		defer w.WriteHeader(http.StatusOK)
		l.handler.ServeHTTP(w, r)
	})
	select {
	case <-w.begun:
	case <-r.Context().Done():
		_ = body.Close()
		return nil, r.Context().Err()
	}
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header.Clone(), Body: body, ContentLength: -1, Request: r,
	}, nil
}

// A pipeWriter is a response that is read meanwhile.
type pipeWriter struct {
	header http.Header
	pipe   *io.PipeWriter
	once   sync.Once
	status int
	begun  chan struct{} // closed when header and status are final
}

func (w *pipeWriter) Header() http.Header { return w.header }

func (w *pipeWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.status = status
		close(w.begun)
	})
}

func (w *pipeWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.pipe.Write(p)
}

func (w *pipeWriter) Flush() { w.WriteHeader(http.StatusOK) }
