package main

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/embedded"
)

type remudaSystem struct {
	client *tasks.Client
	dir    string

	pushed  atomic.Int64
	handler atomic.Pointer[tasks.Handler] // that works, if one does
	ended   int                           // of those before
}

var kind = tasks.Define[payload, payload]("bench")

// payload is what every system's task has, and, where there are results, returns.
type payload struct {
	N    int    `json:"n"`
	Text string `json:"text"`
}

var sample = payload{N: 7, Text: "the quick brown fox jumps over the lazy dog"}

func newRemuda(ctx context.Context, strict bool) (system, error) {
	dir, err := os.MkdirTemp("", "bench-remuda-")
	if err != nil {
		return nil, err
	}
	var opts []embedded.Option
	if !strict {
		opts = append(opts, embedded.RelaxedSync())
	}
	client, err := embedded.Open(ctx, filepath.Join(dir, "store"), opts...)
	if err != nil {
		return nil, err
	}
	return &remudaSystem{client: client, dir: dir}, nil
}

func (s *remudaSystem) durability(context.Context) (string, error) {
	how := s.client.Durability()
	if how == "" {
		return "", errors.New("the store does not tell")
	}
	return "embedded JetStream, " + how, nil
}

func (s *remudaSystem) push(ctx context.Context) error {
	_, err := kind.Push(ctx, s.client, sample)
	s.pushed.Add(1)
	return err
}

func (s *remudaSystem) pushMany(ctx context.Context, n int) error {
	for _, err := range kind.PushAll(ctx, s.client, slices.Values(slices.Repeat([]payload{sample}, n))) {
		if err != nil {
			return err
		}
		s.pushed.Add(1)
	}
	return nil
}

func (s *remudaSystem) work(ctx context.Context, workers int) (func(), error) {
	w := tasks.NewWorker(s.client)
	job := remuda.Func(func(_ context.Context, p payload) (payload, error) { return p, nil })
	h, err := kind.Handle(w, job, remuda.Config{Initial: workers})
	if err != nil {
		return nil, err
	}
	s.handler.Store(h)
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	return func() {
		_ = errors.Join(w.Close(ctx), <-ended)
		s.ended += ran(s.handler.Swap(nil))
	}, nil
}

// ran is how many runs have ended: their results are recorded, and their carriers
// acknowledged.
func ran(h *tasks.Handler) int {
	if h == nil {
		return 0
	}
	return int(h.Stats().Succeeded)
}

func (s *remudaSystem) left(context.Context) (int, error) {
	return int(s.pushed.Load()) - s.ended - ran(s.handler.Load()), nil
}

func (s *remudaSystem) roundTrip(ctx context.Context) error {
	id, err := kind.Push(ctx, s.client, sample)
	if err != nil {
		return err
	}
	s.pushed.Add(1)
	_, err = kind.Wait(ctx, s.client, id)
	return err
}

func (s *remudaSystem) server() int { return os.Getpid() }

func (s *remudaSystem) holder(context.Context) ([]string, error) {
	return []string{"remuda", filepath.Join(s.dir, "held")}, nil
}

// holdRemuda has a store of its own, which is the server, too, and is killed with it.
func holdRemuda(ctx context.Context, dir string, took func()) error {
	client, err := embedded.Open(ctx, dir)
	if err != nil {
		return err
	}
	held := tasks.Define[payload, payload]("held")
	if _, err := held.Push(ctx, client, sample, tasks.WithID("held")); err != nil {
		return err
	}
	w := tasks.NewWorker(client)
	job := remuda.Func(func(_ context.Context, p payload) (payload, error) { took(); return p, nil })
	if _, err := held.Handle(w, job, remuda.Config{}); err != nil {
		return err
	}
	return w.Run(ctx)
}

func (s *remudaSystem) close() error {
	return errors.Join(s.client.Close(), os.RemoveAll(s.dir))
}

// freeAddr is an address that nobody listened at a moment ago.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it does not wait
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
