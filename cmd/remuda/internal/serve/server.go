// Package serve runs what a config says: the store, the kinds, where tasks come
// from, and what is pushed by the clock.
package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/cmd/remuda/internal/config"
	"github.com/remuda-go/remuda/cmd/remuda/internal/page"
	"github.com/remuda-go/remuda/cmd/remuda/internal/service"
	"github.com/remuda-go/remuda/cmd/remuda/internal/webhook"
	"github.com/remuda-go/remuda/tasks"
)

// A GoKind is a kind whose job is Go code in this program.
type GoKind struct {
	tasks.Kind[[]byte, []byte]                                                                         // the kind as those see it that know nothing of its types
	Handle                     func(w *tasks.Worker, mws ...remuda.Middleware) (*tasks.Handler, error) // mws are outermost
}

// Options are what a server is made of.
type Options struct {
	Load   func() (*config.Config, error) // reads the config; again at each reload
	NATS   string                         // instead of what the config says
	Kinds  []GoKind
	Log    *slog.Logger
	Reload <-chan struct{}
	Ready  func() // called once all that the config says is there; nil is nothing
}

// A Server is one run of the command serve.
type Server struct {
	opts   Options
	log    *slog.Logger
	client *tasks.Client
	worker *tasks.Worker
	recent *page.History
	failed failures
	http   *http.Client
	goKind map[string]*tasks.Handler // of the program's kinds; not changed once run has begun to serve
	closer sync.WaitGroup            // handlers that finish what they have
	cut    context.Context           // ends when there is no more time for that
	end    context.CancelFunc

	mu     sync.Mutex // guards what follows
	config *config.Config
	kinds  map[string]*kind // of the config

	providers []*provider // of the goroutine of Run alone
}

// Run serves until ctx ends; then it lets what runs end, for as long as the config
// says, and gives back the rest.
func Run(ctx context.Context, o Options) error {
	cfg, err := o.Load()
	if err != nil {
		return err
	}
	s := &Server{
		opts: o, log: o.Log, http: webhook.NewClient(),
		kinds: make(map[string]*kind), goKind: make(map[string]*tasks.Handler),
	}
	if s.client, err = OpenSoon(ctx, cfg, o.NATS, func() bool { return Serves(cfg) }); err != nil {
		return err
	}
	s.worker = tasks.NewWorker(s.client)
	s.recent = page.NewHistory(s.client)
	s.cut, s.end = context.WithCancel(context.Background())
	defer s.end()
	return s.run(ctx, cfg.WithDefaults())
}

func (s *Server) run(ctx context.Context, cfg *config.Config) (err error) {
	working := make(chan error, 1)
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	defer s.http.CloseIdleConnections()
	defer func() { err = errors.Join(err, s.client.Close()) }()
	if err := s.handleGo(cfg); err != nil {
		return errors.Join(err, s.stop())
	}
	if err := s.apply(ctx, cfg); err != nil {
		return errors.Join(err, s.stop())
	}
	events, err := s.client.Watch(work, "") // before anything runs, so that no end is missed
	if err != nil {
		return errors.Join(err, s.stop())
	}
	if err := s.recent.Listen(work); err != nil {
		return errors.Join(err, s.stop())
	}
	go func() { working <- s.worker.Run(work) }()
	control, err := s.openControl(cfg)
	if err != nil {
		return errors.Join(err, s.stop())
	}
	var telling sync.WaitGroup
	telling.Go(func() { s.tellOfDead(work, events) })
	telling.Go(func() { s.recent.Run(work) })
	s.log.Info("serving", "config", cfg.Name(), "kinds", len(cfg.FileKinds())+len(s.opts.Kinds), "providers", len(cfg.Providers))
	if s.opts.Ready != nil {
		s.opts.Ready()
	}
	failed := s.loop(ctx, working)
	s.log.Info("stopping: what runs may end", "grace", s.config.Grace.String())
	if control != nil {
		control.stop(ctx)
	}
	err = errors.Join(failed, s.stop())
	stopWork()
	telling.Wait()
	if failed == nil {
		if ran := <-working; !errors.Is(ran, tasks.ErrWorkerClosed) {
			err = errors.Join(err, ran)
		}
	}
	return err
}

// embedded reports whether the store is a directory, which no other process has open.
func (s *Server) embedded(cfg *config.Config) bool { return s.opts.NATS == "" && cfg.Store != nil }

// loop reloads until ctx ends or the worker fails.
func (s *Server) loop(ctx context.Context, working <-chan error) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-working:
			return fmt.Errorf("the worker has ended: %w", err)
		case <-s.opts.Reload:
			s.reload(ctx)
		}
	}
}

// stop ends what brings tasks, then what runs them. Its own bound is the grace.
func (s *Server) stop() error {
	grace := 20 * time.Second
	s.mu.Lock()
	if s.config != nil {
		grace = time.Duration(s.config.Grace)
	}
	s.mu.Unlock()
	bound, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	defer context.AfterFunc(bound, s.end)()
	for _, p := range s.providers {
		p.stop(bound)
	}
	err := s.worker.Close(bound)
	if errors.Is(err, context.DeadlineExceeded) {
		s.log.Warn("some tasks did not end in time; they were given back", "error", err)
		err = nil
	}
	s.closer.Wait()
	return err
}

// handleGo makes the worker run those kinds of the program that this process runs.
func (s *Server) handleGo(cfg *config.Config) error {
	for _, k := range s.opts.Kinds {
		if !cfg.Works(k.Name()) {
			continue
		}
		h, err := k.Handle(s.worker, s.around()...)
		if err != nil {
			return err
		}
		s.goKind[k.Name()] = h
	}
	return nil
}

// around is what is outermost around each run.
func (s *Server) around() []remuda.Middleware {
	return []remuda.Middleware{s.recent.Middleware(), s.failed.middleware()}
}

// kind returns a kind of the config or of the program.
func (s *Server) kind(name string) (tasks.Kind[[]byte, []byte], bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.kinds[name]; k != nil {
		return k.define, true
	}
	for _, k := range s.opts.Kinds {
		if k.Name() == name {
			return k.Kind, true
		}
	}
	return tasks.Kind[[]byte, []byte]{}, false
}

// resize sets the workers of a kind, until the next reload that names it.
func (s *Server) resize(name string, n int) error {
	h := s.goKind[name]
	s.mu.Lock()
	if k := s.kinds[name]; k != nil {
		h = k.handler.Load()
	}
	s.mu.Unlock()
	if h == nil {
		return service.NotFound("nothing runs the kind %s here", name)
	}
	return h.Resize(n)
}
