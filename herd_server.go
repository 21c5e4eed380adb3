package remuda

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"strings"
	"time"
)

// Addr returns the address at which the herd serves, with the port that it got
// if SetAddr asked for port 0. It is empty before Start and without SetAddr.
func (h *Herd[Body, Result]) Addr() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.server == nil {
		return ""
	}
	return h.server.addr.String()
}

// A server is the listener of a herd.
type server struct {
	http  http.Server
	addr  net.Addr
	ended chan struct{} // closed when the listener is
	err   error         // why it ended; valid from then on
}

// serve begins to serve at l. It needs mu.
func (h *Herd[Body, Result]) serve(l net.Listener) *server {
	loopback := isLoopback(l.Addr())
	s := &server{
		http: http.Server{
			Handler:           h.handler(func(*http.Request) bool { return loopback }),
			ReadHeaderTimeout: 5 * time.Second,
			ReadTimeout:       10 * time.Second,
			WriteTimeout:      10 * time.Second,
			IdleTimeout:       time.Minute,
			MaxHeaderBytes:    16 << 10,
			ErrorLog:          log.New(logWriter{h.logger}, "", 0),
		},
		addr:  l.Addr(),
		ended: make(chan struct{}),
	}
	go func() {
		defer close(s.ended)
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.err = err
			h.logf("stopped to serve: %v", err)
		}
	}()
	return s
}

// close frees the address and ends all connections, those that are in the middle
// of a request when ctx ends. It returns the error of ctx then, or else that of
// a listener that ended on its own.
func (s *server) close(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		_ = s.http.Close() // its error is that of closing the listener again
	}
	<-s.ended
	if err == nil {
		err = s.err
	}
	return err
}

// logWriter passes what an http.Server logs on to the herd's logger.
type logWriter struct{ logger Logger }

func (w logWriter) Write(p []byte) (int, error) {
	if w.logger != nil {
		w.logger.Printf("%s", strings.TrimSuffix(string(p), "\n"))
	}
	return len(p), nil
}
