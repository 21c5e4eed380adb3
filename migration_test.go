package remuda_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

// What docs/migration says to write instead of libraries whose modules can't be had, or
// that are programs. The others are in bench/migration, beside what they replace.

func TestMigrationFromWorkers(t *testing.T) {
	n, d := uint(3), time.Nanosecond
	var counter middleware.Counter
	wrap := func(next remuda.Handler) remuda.Handler {
		return func(ctx context.Context) error { return next(ctx) }
	}
	mws := []remuda.Middleware{remuda.MiddlewareFunc(wrap), &counter, middleware.Retry(n), middleware.Wait(d)}

	ran := make(chan bool, 1)
	f := func(context.Context) {
		select {
		case ran <- true:
		default:
		}
	}
	poll := func(ctx context.Context) error { f(ctx); return nil }
	A, B := mws[0], mws[1]
	for _, job := range []remuda.Job[remuda.Void, remuda.Void]{
		remuda.Loop(poll),
		remuda.Loop(func(ctx context.Context) error { f(ctx); return nil }),
	} {
		pool := remuda.Must(remuda.NewLoop(remuda.Config{}, mws...))
		require.NoError(t, pool.Start(job))
		<-ran
		require.NoError(t, pool.More())
		require.NoError(t, pool.Less())
		require.Equal(t, 1, pool.Current())
		require.NoError(t, pool.CloseWithTimeout(time.Minute))
	}
	require.NotZero(t, counter.Finished())

	wrapped := remuda.NoInput(func(ctx context.Context) (remuda.Void, error) { return remuda.Void{}, poll(ctx) })
	var job remuda.Job[remuda.Void, remuda.Void] = wrapped
	_, err := remuda.Wrap(job, B, A).Do(t.Context(), remuda.Void{})
	require.NoError(t, err)
	<-ran

	build := func() remuda.Job[remuda.Void, remuda.Void] { return remuda.Loop(poll) }
	pool := remuda.Must(remuda.NewLoop(remuda.Config{}))
	require.NoError(t, pool.StartWithBuilder(remuda.JobBuilderFunc[remuda.Void, remuda.Void](build)))
	<-ran
	require.NoError(t, pool.Close(t.Context()))

	pool, err = remuda.NewLoop(remuda.Config{Min: 1, Max: 8, Initial: 2, StopOnErrors: true})
	require.NoError(t, err)
	broken := errors.New("broken")
	require.ErrorIs(t, pool.Run(t.Context(), remuda.Loop(func(context.Context) error { return broken })), broken)
}

func TestMigrationFromGoflow(t *testing.T) {
	type (
		In  string
		Out int
	)
	ctx, n, in := t.Context(), 5, In("a.png")
	handler := func(ctx context.Context, in In) (Out, error) { return Out(len(in)), nil }
	pool, err := remuda.NewWithConfig[In, Out](remuda.Config{Initial: n})
	require.NoError(t, err)
	require.NoError(t, pool.Start(remuda.Func(handler)))
	ticket, err := pool.Submit(ctx, in)
	require.NoError(t, err)
	<-ticket.Done()
	out, err := ticket.Wait(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 5, out)
	require.NoError(t, pool.Close(ctx))

	for _, cfg := range []remuda.Config{
		remuda.Config{Queue: n},
		remuda.Config{Queue: remuda.Unbuffered},
	} {
		pool, err := remuda.StartWithConfig(cfg, handler)
		require.NoError(t, err)
		out, err := pool.Do(ctx, in)
		require.NoError(t, err)
		require.EqualValues(t, 5, out)
		require.NoError(t, pool.Close(ctx))
	}
}

// A provider hands out numbers, and then no more.
type provider struct{ left chan int }

type In = int

func (p provider) Next(ctx context.Context) (In, error) {
	select {
	case n, ok := <-p.left:
		if !ok {
			return 0, io.EOF
		}
		return n, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func TestMigrationFromGoWorker(t *testing.T) {
	source := provider{make(chan int, 3)}
	source.left <- 1
	source.left <- 2
	source.left <- -1
	close(source.left)
	d := time.Nanosecond
	job := remuda.Func(func(ctx context.Context, n int) (int, error) {
		if n < 0 {
			err := errors.New("negative")
			return 0, middleware.Permanent(err)
		}
		return n, nil
	})
	outcomes := make(chan int, 6)
	see := func(_ context.Context, _, out int, _ error) { outcomes <- out }
	instead := func(context.Context, int, error) (int, error) { return 100, nil }
	f := remuda.Fallback(job, instead).Do
	f = remuda.Tap(remuda.Func(f), see).Do
	f = remuda.Wrap(remuda.Func(f), middleware.Wait(d), middleware.Rate(rate.NewLimiter(100, 1))).Do
	pool, err := remuda.StartFrom(8, source, f)
	require.NoError(t, err)
	<-pool.Done()
	require.EqualValues(t, 3, pool.Stats().Succeeded)
	sum := 0
	for range 3 {
		sum += <-outcomes
	}
	require.Equal(t, 1+2+100, sum)

	_, failed := remuda.Tap(job, see).Do(t.Context(), -1)
	require.Error(t, failed)
	_, failed = remuda.Tap(remuda.Wrap(job, middleware.Retry(3)), see).Do(t.Context(), -1)
	require.Error(t, failed)
	out, err := remuda.Fallback(job, instead).Do(t.Context(), -1)
	require.NoError(t, err)
	require.Equal(t, 100, out)
}
