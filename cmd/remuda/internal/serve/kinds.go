package serve

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"sync/atomic"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/cmd/remuda/internal/command"
	"github.com/remuda-go/remuda/cmd/remuda/internal/config"
	"github.com/remuda-go/remuda/cmd/remuda/internal/webhook"
	"github.com/remuda-go/remuda/tasks"
)

// Define makes of a kind of the config one whose payloads and results are bytes.
// The config must have its defaults.
func Define(name string, k config.Kind) tasks.Kind[[]byte, []byte] {
	opts := []tasks.KindOption{
		tasks.Codec(tasks.Raw), tasks.Attempts(k.Attempts), tasks.Keep(time.Duration(k.Keep)),
		tasks.Backoff(doubling(time.Duration(k.Backoff.First), time.Duration(k.Backoff.Most))),
	}
	if k.Timeout > 0 {
		opts = append(opts, tasks.Timeout(time.Duration(k.Timeout)))
	}
	if k.Lease > 0 {
		opts = append(opts, tasks.Lease(time.Duration(k.Lease)))
	}
	if k.Queued > 0 {
		opts = append(opts, tasks.MaxQueued(k.Queued))
	}
	if k.Running > 0 {
		opts = append(opts, tasks.MaxRunning(k.Running))
	}
	return tasks.Define[[]byte, []byte](name, opts...)
}

// doubling is a random time from the upper half of one that doubles.
func doubling(first, most time.Duration) func(attempt int) time.Duration {
	return func(attempt int) time.Duration {
		d := first
		for i := 1; i < attempt && d < most; i++ {
			d *= 2
		}
		d = min(d, most)
		return d/2 + rand.N(d/2+1)
	}
}

// A job runs one task.
type job interface {
	Do(ctx context.Context, payload []byte) ([]byte, error)
}

// A kind is one that this process serves.
type kind struct {
	config  config.Kind
	define  tasks.Kind[[]byte, []byte]
	handler atomic.Pointer[tasks.Handler] // nil if the config has nothing that runs it
	job     atomic.Pointer[job]
	settled chan struct{} // closed when it is handled, or will not be
}

func newKind(name string, k config.Kind, j job) *kind {
	one := &kind{config: k, define: Define(name, k), settled: make(chan struct{})}
	one.setJob(j)
	return one
}

func (k *kind) setJob(j job) { k.job.Store(&j) }

// jobsOf is what runs tasks of the kinds; nil of one that other processes run.
func (s *Server) jobsOf(cfg *config.Config) (map[string]job, error) {
	jobs := make(map[string]job)
	for name, k := range cfg.FileKinds() {
		j, err := s.jobOf(cfg, k)
		if err != nil {
			return nil, fmt.Errorf("kind %s: %w", name, err)
		}
		jobs[name] = j
	}
	return jobs, nil
}

func (s *Server) jobOf(cfg *config.Config, k config.Kind) (job, error) {
	switch {
	case k.Command != nil:
		dir := cfg.Path(k.Command.Dir)
		if dir == "" {
			dir = cfg.Dir()
		}
		return &command.Program{
			Argv: k.Command.Argv, Dir: dir, Env: k.Command.Env, RetryExit: k.Command.RetryExit,
			Output: int64(k.Command.Output), Grace: time.Duration(k.Command.Grace),
		}, nil
	case k.HTTP != nil:
		headers, err := k.HTTP.Expand(os.Getenv)
		if err != nil {
			return nil, err
		}
		return &webhook.Hook{
			URL: k.HTTP.URL, Headers: headers, Patience: time.Duration(k.HTTP.Patience), Output: int64(k.HTTP.Output), Client: s.http,
		}, nil
	}
	return nil, nil
}

// handle makes the worker run the kind, with mws around each run.
func (k *kind) handle(w *tasks.Worker, mws ...remuda.Middleware) error {
	defer close(k.settled)
	n := k.config.Workers()
	if n == 0 {
		return nil
	}
	run := remuda.Func(func(ctx context.Context, payload []byte) ([]byte, error) {
		return (*k.job.Load()).Do(ctx, payload)
	})
	h, err := k.define.Handle(w, run, remuda.Config{Initial: n}, mws...)
	if err != nil {
		return err
	}
	k.handler.Store(h)
	return nil
}

// try finds out, without running anything, whether the kind can be handled: what
// exists in the store may differ.
func (k *kind) try(ctx context.Context, client *tasks.Client) error {
	w := tasks.NewWorker(client)
	nothing := remuda.Func(func(context.Context, []byte) ([]byte, error) { return nil, errors.New("not to be run") })
	_, err := k.define.Handle(w, nothing, remuda.Config{})
	if err != nil {
		return err
	}
	return w.Close(ctx)
}

// sameButJob reports whether only what runs the tasks differs, and by how many
// workers, so that what runs can go on beside it.
func sameButJob(a, b config.Kind) bool {
	a.Command, b.Command, a.HTTP, b.HTTP, a.OnDead, b.OnDead = nil, nil, nil, nil, nil, nil
	return reflect.DeepEqual(a, b)
}
