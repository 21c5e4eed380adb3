package herdhttp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/remuda-go/remuda/internal/loopback"
)

// A Server serves a herd until its owner closes it. The herd does not know of
// it: closing the one does not close the other. All methods are safe for
// concurrent use. The zero Server is not usable; [Serve] makes one.
type Server struct {
	http  http.Server
	addr  net.Addr
	ended chan struct{} // closed when serving has ended
	err   error         // why, if nobody has closed it; valid from then on
}

// Serve listens at the TCP address addr, such as "127.0.0.1:5555", and serves
// there what [Handler] describes. It does not block: the requests are served on
// goroutines that end with [Server.Close] or [Server.Shutdown]. Slow requests
// are cut off after 10 seconds.
//
// At an address that is not a loopback address (":5555" is none), every request
// is refused unless there is an authorizer: see [WithAuthorizer].
//
// Serve returns the error of the listener if the address cannot be bound, and an
// error if the herd or an option is nil, or was given nil.
func Serve(herd Herd, addr string, opts ...Option) (*Server, error) {
	c, err := newConfig(herd, opts)
	if err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("remuda: herdhttp: %w", err)
	}
	return c.serve(l), nil
}

func (c *config) serve(l net.Listener) *Server {
	atLoopback := loopback.Addr(l.Addr())
	s := &Server{
		http: http.Server{
			Handler:           c.handler(func(*http.Request) bool { return atLoopback }),
			ReadHeaderTimeout: 5 * time.Second,
			ReadTimeout:       10 * time.Second,
			WriteTimeout:      10 * time.Second,
			IdleTimeout:       time.Minute,
			MaxHeaderBytes:    16 << 10,
			ErrorLog:          c.errorLog,
		},
		addr:  l.Addr(),
		ended: make(chan struct{}),
	}
	go func() {
		defer close(s.ended)
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.err = fmt.Errorf("remuda: herdhttp: stopped serving: %w", err)
			if c.errorLog != nil { // Close tells, too
				c.errorLog.Print(s.err)
			}
		}
	}()
	return s
}

// Addr returns the address at which the server listens, with the port that it
// got if it was asked for port 0: "127.0.0.1:5555", say. It stays the same when
// the server is closed.
func (s *Server) Addr() string { return s.addr.String() }

// Close frees the address and cuts off all requests that are being served. It waits
// until nothing is served any more, but not for an authorizer or a metrics handler
// that has not returned. Each call returns nil, or the reason why serving had ended
// before.
func (s *Server) Close() error {
	_ = s.http.Close() // its error is that of closing the listener again
	<-s.ended
	return s.err
}

// Shutdown frees the address immediately and waits for the requests that are being
// served. When ctx ends first, it cuts them off, as Close does, and returns the
// error of ctx; otherwise it returns what Close does.
func (s *Server) Shutdown(ctx context.Context) error {
	unfinished := s.http.Shutdown(ctx)
	ended := s.Close()
	if unfinished != nil && unfinished == ctx.Err() { // it may also be that of closing the listener again
		return unfinished
	}
	return ended
}
