package tasks_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/embedded"
	"github.com/remuda-go/remuda/tasks/internal/setup"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// A server of a cluster that ends while it makes a replica leaves the store of that. The
// tests of package embedded hold against leaks of a server by itself.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreTopFunction("github.com/nats-io/nats-server/v2/server.(*fileStore).flushStreamStateLoop"),
		goleak.IgnoreTopFunction("github.com/nats-io/nats-server/v2/server/ats.Register.func1"))
}

// soon bounds what has to come, and is never waited for in a test that passes.
const soon = 20 * time.Second

// open opens a store for the length of the test.
func open(t testing.TB, dir string, opts ...embedded.Option) *tasks.Client {
	t.Helper()
	c, err := embedded.Open(t.Context(), dir, opts...)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, c.Health(context.Background()), "the sweeper is in trouble")
		require.NoError(t, c.Close())
	})
	return c
}

// run runs the worker until the end of the test.
func run(t testing.TB, w *tasks.Worker) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- w.Run(context.Background()) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), soon)
		defer cancel()
		require.NoError(t, w.Close(ctx))
		if err := <-ended; !errors.Is(err, tasks.ErrWorkerClosed) {
			require.NoError(t, err)
		}
	})
}

// within is a context that bounds what has to come.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	t.Cleanup(cancel)
	return ctx
}

func handle[In, Out any](t testing.TB, w *tasks.Worker, k tasks.Kind[In, Out], workers int, f func(context.Context, In) (Out, error)) *tasks.Handler {
	t.Helper()
	h, err := k.Handle(w, remuda.Func(f), remuda.Config{Initial: workers})
	require.NoError(t, err)
	return h
}

// sweep makes the workers sweep so often.
func sweep(every time.Duration) embedded.Option {
	return embedded.Client(func(o *setup.Options) { o.Sweep = every })
}

// receive waits for the next value.
func receive[T any](t testing.TB, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(soon):
		require.FailNow(t, "nothing came")
		panic("unreachable")
	}
}

// state waits until the task has the state.
func state(t testing.TB, c *tasks.Client, id tasks.ID, want tasks.State) tasks.Info {
	t.Helper()
	var info tasks.Info
	require.Eventually(t, func() bool {
		var err error
		info, err = c.Info(t.Context(), id)
		return err == nil && info.State == want
	}, soon, 5*time.Millisecond, "%s is %s, not %s", id, info.State, want)
	return info
}

func push[In, Out any](t testing.TB, c *tasks.Client, k tasks.Kind[In, Out], in In, opts ...tasks.PushOption) tasks.ID {
	t.Helper()
	id, err := k.Push(t.Context(), c, in, opts...)
	require.NoError(t, err)
	return id
}
