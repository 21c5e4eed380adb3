package middleware_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

var errJob = errors.New("job failed")

// A task is a job whose input says what to do.
type task func(ctx context.Context) error

func perform(ctx context.Context, t task) error { return t(ctx) }

func succeed(context.Context) error { return nil }

func fail(context.Context) error { return errJob }

func panics(context.Context) error { panic("on purpose") }

func exits(context.Context) error {
	runtime.Goexit()
	return nil
}

// start starts a pool of one worker that performs tasks inside of mws, and
// closes it with the test.
func start(t *testing.T, mws ...remuda.Middleware) *remuda.Pool[task, remuda.Void] {
	t.Helper()
	return startWith(t, remuda.Config{Name: "tasks"}, mws...)
}

func startWith(t *testing.T, cfg remuda.Config, mws ...remuda.Middleware) *remuda.Pool[task, remuda.Void] {
	t.Helper()
	pool, err := remuda.NewWithConfig[task, remuda.Void](cfg, mws...)
	require.NoError(t, err)
	require.NoError(t, pool.Start(remuda.NoOutput(perform)))
	t.Cleanup(func() {
		if err := pool.Close(context.Background()); !errors.Is(err, remuda.ErrPoolClosed) {
			require.NoError(t, err)
		}
	})
	return pool
}

// run has the pool perform a task and returns its error.
func run(pool *remuda.Pool[task, remuda.Void], f task) error {
	ticket, err := pool.Submit(context.Background(), f)
	if err != nil {
		return err
	}
	_, err = ticket.Wait(context.Background())
	return err
}

// endedContext is a context that has ended.
func endedContext() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
