package tasks_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/embedded"
	"github.com/remuda-go/remuda/tasks/internal/setup"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A deploy: what is in hand finishes, and past the bound it is given back, which
// costs no attempt.
func TestCloseFinishesWhatIsInHandAndGivesBackTheRest(t *testing.T) {
	t.Parallel()
	faulty(t, func() func(point, id string) { return nil }, finishesAndGivesBack)
}

func finishesAndGivesBack(t *testing.T, c *tasks.Client) {
	k := tasks.Define[string, int]("deploy", tasks.Attempts(2))
	w := tasks.NewWorker(c)
	begun := make(chan string, 10)
	finish := make(chan struct{})
	handle(t, w, k, 2, func(ctx context.Context, how string) (int, error) {
		begun <- how
		if how == "finish" {
			<-finish
			return 1, ctx.Err()
		}
		<-ctx.Done()
		return 0, ctx.Err()
	})
	ended := make(chan error, 1)
	go func() { ended <- w.Run(context.Background()) }()
	fin, back := push(t, c, k, "finish"), push(t, c, k, "give back")
	receive(t, begun)
	receive(t, begun)
	closing, cancel := context.WithCancel(context.Background())
	closed := make(chan error, 1)
	go func() { closed <- w.Close(closing) }()
	time.Sleep(100 * time.Millisecond)
	waits := push(t, c, k, "not taken any more")
	close(finish)
	_, err := k.Wait(within(t), c, fin)
	require.NoError(t, err)
	info, err := c.Info(t.Context(), back)
	require.NoError(t, err)
	assert.Equal(t, tasks.Running, info.State, "the run in hand goes on")
	cancel()
	require.ErrorIs(t, receive(t, closed), context.Canceled)
	require.NoError(t, receive(t, ended))
	info, err = c.Info(t.Context(), back)
	require.NoError(t, err)
	assert.Equal(t, tasks.Waiting, info.State)
	assert.Zero(t, info.Attempts)
	_, err = k.Result(t.Context(), c, waits)
	require.ErrorIs(t, err, tasks.ErrNotDone)
	require.ErrorIs(t, w.Run(t.Context()), tasks.ErrWorkerClosed)

	next := tasks.NewWorker(c)
	handle(t, next, k, 2, func(ctx context.Context, _ string) (int, error) {
		r, _ := tasks.RunFrom(ctx)
		return r.Attempt, nil
	})
	run(t, next)
	for _, id := range []tasks.ID{back, waits} {
		got, err := k.Wait(within(t), c, id)
		require.NoError(t, err)
		assert.Equal(t, 1, got)
	}
}

// A task that was taken before Close, and begins when its bound is over already, is
// given back as well.
func TestCloseGivesBackWhatHasYetToBegin(t *testing.T) {
	t.Parallel()
	taken, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	c := open(t, "", embedded.Client(func(o *setup.Options) {
		o.Fault = func(point, _ string) {
			if point == "taken" {
				once.Do(func() { close(taken) })
				<-release
			}
		}
	}))
	k := tasks.Define[int, int]("late")
	w := tasks.NewWorker(c)
	var runs atomic.Int64
	handle(t, w, k, 1, func(ctx context.Context, _ int) (int, error) {
		runs.Add(1)
		<-ctx.Done()
		return 0, ctx.Err()
	})
	ended := make(chan error, 1)
	go func() { ended <- w.Run(context.Background()) }()
	id := push(t, c, k, 1)
	receive(t, taken)
	now, cancel := context.WithCancel(t.Context())
	cancel()
	closed := make(chan error, 1)
	go func() { closed <- w.Close(now) }()
	time.Sleep(50 * time.Millisecond)
	close(release)
	require.ErrorIs(t, receive(t, closed), context.Canceled)
	require.NoError(t, receive(t, ended))
	info := state(t, c, id, tasks.Waiting)
	assert.Zero(t, info.Attempts)
	assert.Zero(t, runs.Load())
}

func TestRunFinishesWhatItHasWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[int, int]("run")
	w := tasks.NewWorker(c)
	begun, finish := make(chan int), make(chan struct{})
	handle(t, w, k, 1, func(ctx context.Context, n int) (int, error) {
		begun <- n
		<-finish
		return n, ctx.Err()
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	id := push(t, c, k, 1)
	receive(t, begun)
	cancel()
	time.Sleep(50 * time.Millisecond)
	close(finish)
	require.NoError(t, receive(t, ended))
	_, err := k.Result(t.Context(), c, id)
	require.NoError(t, err)
}

func TestAWorkerThatNeverRan(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[int, int]("never")
	w := tasks.NewWorker(c)
	h := handle(t, w, k, 1, double)
	require.ErrorIs(t, h.More(), remuda.ErrNotStarted)
	for range 2 {
		require.NoError(t, w.Close(within(t)))
	}
	require.ErrorIs(t, w.Run(within(t)), tasks.ErrWorkerClosed)
	_, err := k.Handle(w, remuda.Func(double), remuda.Config{})
	require.ErrorIs(t, err, tasks.ErrWorkerClosed)
	require.NoError(t, h.Close(within(t)))
	_, err = k.Handle(tasks.NewWorker(c), nil, remuda.Config{})
	require.ErrorIs(t, err, remuda.ErrNilJob)
	_, err = k.Handle(tasks.NewWorker(c), remuda.Func(double), remuda.Config{Min: -1})
	require.ErrorIs(t, err, remuda.ErrInvalidMin)
}

// Whoever adds a handler while the worker is being closed gets it closed, or an
// error.
func TestHandleWhileTheWorkerIsClosed(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	for round := range 10 {
		w := tasks.NewWorker(c)
		ended := make(chan error, 1)
		go func() { ended <- w.Run(context.Background()) }()
		var adding sync.WaitGroup
		for i := range 4 {
			k := tasks.Define[int, int](fmt.Sprintf("kind%d", i))
			adding.Go(func() {
				_, err := k.Handle(w, remuda.Func(double), remuda.Config{})
				if err != nil {
					assert.ErrorIs(t, err, tasks.ErrWorkerClosed)
				}
			})
		}
		time.Sleep(time.Duration(round) * time.Millisecond)
		require.NoError(t, w.Close(within(t)))
		adding.Wait()
		if err := receive(t, ended); err != nil {
			require.ErrorIs(t, err, tasks.ErrWorkerClosed)
		}
	}
}

// A job may close its own handler, its worker even: it goes on to its end, and its result
// is kept.
func TestAJobThatClosesItsOwnHandler(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	for name, closing := range map[string]func(context.Context, *tasks.Worker, *tasks.Handler) error{
		"handler": func(ctx context.Context, _ *tasks.Worker, h *tasks.Handler) error { return h.Close(ctx) },
		"remove":  func(ctx context.Context, w *tasks.Worker, _ *tasks.Handler) error { return w.Remove(ctx, "own-remove") },
		"worker":  func(ctx context.Context, w *tasks.Worker, _ *tasks.Handler) error { return w.Close(ctx) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := tasks.Define[int, int]("own-" + name)
			w := tasks.NewWorker(c)
			var h *tasks.Handler
			ready := make(chan struct{})
			took := make(chan time.Duration, 1)
			h = handle(t, w, k, 2, func(ctx context.Context, n int) (int, error) {
				<-ready
				begun := time.Now()
				err := closing(ctx, w, h)
				took <- time.Since(begun)
				return n, err
			})
			close(ready)
			run(t, w)
			id := push(t, c, k, 7)
			got, err := k.Wait(within(t), c, id)
			require.NoError(t, err)
			assert.Equal(t, 7, got)
			assert.Less(t, receive(t, took), time.Second)
		})
	}
}

// A job that ignores its context holds up Close for a moment, and not forever.
func TestCloseDoesNotWaitForAJobThatIgnoresItsContext(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[int, int]("deaf")
	w := tasks.NewWorker(c)
	begun, finish := make(chan int, 1), make(chan struct{})
	handle(t, w, k, 1, func(_ context.Context, n int) (int, error) {
		begun <- n
		<-finish
		return n, nil
	})
	ended := make(chan error, 1)
	go func() { ended <- w.Run(context.Background()) }()
	push(t, c, k, 1)
	receive(t, begun)
	now, cancel := context.WithCancel(t.Context())
	cancel()
	closed := make(chan error, 1)
	go func() { closed <- w.Close(now) }()
	require.ErrorIs(t, receive(t, closed), context.Canceled)
	close(finish)
	receive(t, ended)
}
