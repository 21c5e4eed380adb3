package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/remuda-go/remuda/cmd/remuda/internal/api"
	"github.com/remuda-go/remuda/cmd/remuda/internal/config"
	"github.com/remuda-go/remuda/cmd/remuda/internal/page"
	"github.com/remuda-go/remuda/cmd/remuda/internal/service"
	"github.com/remuda-go/remuda/tasks"
)

// A listener serves HTTP at an address. What it serves can be changed.
type listener struct {
	server  *http.Server
	handler atomic.Pointer[http.Handler]
	tls     atomic.Pointer[tls.Config] // of connections from now on; nil is no TLS
	next    http.Handler               // what show shows, and nextTLS
	nextTLS *tls.Config
	done    chan struct{} // closed when it has ended
}

const (
	headerTime = 10 * time.Second
	idleTime   = time.Minute
	headerSize = 16 << 10
)

// newListener serves at ln, with TLS if secure is not nil.
func newListener(ln net.Listener, secure *tls.Config, log *slog.Logger) *listener {
	l := &listener{done: make(chan struct{})}
	l.tls.Store(secure)
	waiting, stop := context.WithCancel(context.Background())
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true) // gRPC without TLS
	l.server = &http.Server{
		Protocols:         protocols,
		Handler:           http.HandlerFunc(l.serve),
		ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, MaxHeaderBytes: headerSize,
		BaseContext: func(net.Listener) context.Context { return waiting },
		ErrorLog:    slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	l.server.RegisterOnShutdown(stop) // whoever waits for a task is sent away
	go func() {
		defer close(l.done)
		defer stop()
		if err := l.run(ln); !errors.Is(err, http.ErrServerClosed) {
			log.Error("listen", "address", ln.Addr().String(), "error", err)
		}
	}()
	return l
}

func (l *listener) run(ln net.Listener) error {
	if l.tls.Load() == nil {
		return l.server.Serve(ln)
	}
	l.server.TLSConfig = &tls.Config{
		MinVersion:         tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return l.tls.Load(), nil },
	}
	return l.server.ServeTLS(ln, "", "")
}

func (l *listener) serve(w http.ResponseWriter, r *http.Request) {
	h := l.handler.Load()
	if h == nil {
		http.Error(w, "not ready yet", http.StatusServiceUnavailable)
		return
	}
	(*h).ServeHTTP(w, r)
}

// show makes next what is served.
func (l *listener) show() {
	h := l.next
	l.handler.Store(&h)
	l.tls.Store(l.nextTLS)
}

// stop lets requests end for as long as ctx does, and at least for a second.
func (l *listener) stop(ctx context.Context) {
	bound, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if l.server.Shutdown(bound) != nil {
		_ = l.server.Close()
	}
	<-l.done
}

// prepareListener listens, or gives what listens at the address already something
// else to serve.
func (s *Server) prepareListener(cfg *config.Config, c config.Provider) (p *provider, isNew bool, err error) {
	token := ""
	if c.HTTP.TokenFile != "" {
		if token, err = api.ReadToken(cfg.Path(c.HTTP.TokenFile)); err != nil {
			return nil, false, err
		}
	}
	secure, err := tlsOf(cfg, c.HTTP)
	if err != nil {
		return nil, false, err
	}
	can, lock := s.serviceOf(c.HTTP), api.Lock{Token: token, Certificates: c.HTTP.ClientCA != "", Rate: c.HTTP.Rate}
	next := page.Handler(page.Options{
		History: s.recent, Service: can, Token: token != "", API: api.New(can),
		Guard: func(h http.Handler) http.Handler { return api.Guard(h, lock) },
	})
	same := func(p *provider) bool { return p.listen != nil && p.config.HTTP.Listen == c.HTTP.Listen }
	if i := slices.IndexFunc(s.providers, same); i >= 0 {
		l := s.providers[i].listen
		if (l.tls.Load() == nil) != (secure == nil) {
			return nil, false, fmt.Errorf("provider http: %s: TLS begins and ends with a restart", c.HTTP.Listen)
		}
		l.next, l.nextTLS = next, secure
		return s.providers[i], false, nil
	}
	ln, err := net.Listen("tcp", c.HTTP.Listen)
	if err != nil {
		return nil, false, fmt.Errorf("provider http: %w", err)
	}
	s.log.Info("listening", "address", ln.Addr().String())
	l := newListener(ln, secure, s.log)
	l.next, l.nextTLS = next, secure
	return &provider{config: c, listen: l}, true, nil
}

func (s *Server) serviceOf(l *config.Listener) *service.Service {
	return &service.Service{
		Client: s.client, Workers: s.resize, Control: l.Control, Body: int64(l.Body),
		Kind: func(name string) (tasks.Kind[[]byte, []byte], bool) {
			if len(l.Kinds) > 0 && !slices.Contains(l.Kinds, name) {
				return tasks.Kind[[]byte, []byte]{}, false
			}
			return s.kind(name)
		},
	}
}

// ControlSocket is where the process that has the store open listens to the other
// commands: in the directory of the store, which only its owner can enter.
func ControlSocket(store string) string { return filepath.Join(store, "control.sock") }

// LocalBody is the largest payload that a command may push: the store refuses less.
const LocalBody = 64 << 20

// openControl listens to the other commands, where the store is a directory. The
// lock on it says that a socket that is there is nobody's.
func (s *Server) openControl(cfg *config.Config) (*listener, error) {
	if !s.embedded(cfg) {
		return nil, nil
	}
	name := ControlSocket(cfg.Path(cfg.Store.Dir))
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	ln, err := net.Listen("unix", name)
	if err != nil {
		return nil, fmt.Errorf("control socket (is the path of the store too long?): %w", err)
	}
	if err := os.Chmod(name, 0o600); err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	l := newListener(ln, nil, s.log)
	l.next = api.New(&service.Service{Client: s.client, Kind: s.kind, Workers: s.resize, Stored: true, Control: true, Body: LocalBody})
	l.show()
	return l, nil
}
