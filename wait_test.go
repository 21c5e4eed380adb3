package remuda_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

func TestWait(t *testing.T) {
	bubble(t, "until nothing is left", func(t *testing.T) {
		s := &stage{}
		p := startPool(t, remuda.Config{Initial: 2}, s.Do)
		require.NoError(t, p.Wait(bg), "nothing is there")
		for i := range 3 {
			require.NoError(t, p.Send(bg, i))
		}
		wait := asyncErr(func() error { return p.Wait(bg) })
		s.let(0, 1)
		require.False(t, wait.returned())
		s.let(2)
		require.True(t, wait.returned())
		require.NoError(t, wait.err)
		require.NoError(t, p.Send(bg, 0), "the pool is open")
	})
	bubble(t, "counts what a ticket, Do and a loop are for", func(t *testing.T) {
		s := &stage{}
		p := startPool(t, remuda.Config{Initial: 3}, s.Do)
		_, err := p.Submit(bg, 0)
		require.NoError(t, err)
		async(func() (int, error) { return p.Do(bg, 1) })
		loop := asyncErr(func() error { _, err := p.DoAll(bg, []int{2}); return err })
		wait := asyncErr(func() error { return p.Wait(bg) })
		for i := range 3 {
			require.False(t, wait.returned())
			s.let(i)
		}
		require.True(t, wait.returned())
		_, _ = loop.wait()
	})
	bubble(t, "while the pool is paused", func(t *testing.T) {
		p := startPool(t, remuda.Config{Paused: true}, double)
		require.NoError(t, p.Wait(bg), "it has no work")
		require.NoError(t, p.Send(bg, 1))
		wait := asyncErr(func() error { return p.Wait(bg) })
		require.False(t, wait.returned())
		require.NoError(t, p.More())
		require.True(t, wait.returned())
	})
	bubble(t, "until its context ends", func(t *testing.T) {
		p := startPool(t, remuda.Config{Name: "mill", Paused: true}, double)
		require.NoError(t, p.Send(bg, 1))
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		err := p.Wait(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.EqualError(t, err, "remuda: waiting for all inputs of mill: context deadline exceeded")
	})
	bubble(t, "after Close, for the runs under way", func(t *testing.T) {
		s := &stage{deaf: true}
		p := startPool(t, remuda.Config{}, s.Do)
		require.NoError(t, p.Send(bg, 1))
		synctest.Wait()
		over, cancel := context.WithCancel(bg)
		cancel()
		require.Error(t, p.Close(over))
		wait := asyncErr(func() error { return p.Wait(bg) })
		require.False(t, wait.returned())
		s.let(1)
		require.True(t, wait.returned())
		require.NoError(t, wait.err)
	})
}

func TestWaitRefuses(t *testing.T) {
	require.ErrorIs(t, remuda.New[int, int]().Wait(bg), remuda.ErrNotStarted)

	src := remuda.Must(remuda.NewFrom[int, int](remuda.FromSeq(counted(1)), remuda.Config{}))
	require.NoError(t, src.Start(remuda.Func(double)))
	require.ErrorIs(t, src.Wait(bg), remuda.ErrSourceFed)
	<-src.Done()

	var p *remuda.Pool[int, int]
	p = startPool(t, remuda.Config{Name: "mill"}, func(ctx context.Context, _ int) (int, error) { return 0, p.Wait(ctx) })
	_, err := p.Do(bg, 1)
	require.ErrorIs(t, err, remuda.ErrNestedWait)
	require.EqualError(t, err, "remuda: mill: Wait called by a job of the pool")
}

// What jobs add counts, so Wait returns at the first instant at which nothing is left
// and never before: each job but the last ones adds two.
func TestWaitForJobsThatAddJobs(t *testing.T) {
	depth := 16
	if testing.Short() || raceEnabled {
		depth = 12
	}
	var ended atomic.Int64
	var p *remuda.Pool[int, int]
	p = startPool(t, remuda.Config{Initial: 4, Queue: 8}, func(ctx context.Context, n int) (int, error) {
		defer ended.Add(1)
		if n == 0 {
			return 0, nil
		}
		return 0, errors.Join(p.Send(ctx, n-1), p.Send(ctx, n-1))
	})
	for round := range 3 {
		ended.Store(0)
		require.NoError(t, p.Send(bg, depth))
		require.NoError(t, p.Wait(bg))
		require.EqualValues(t, 2<<depth-1, ended.Load(), "round %d", round)
	}
}

// An input that is dropped is left until OnDrop has returned, which may send it again.
func TestWaitForOnDrop(t *testing.T) {
	bubble(t, "refused", func(t *testing.T) {
		refuse := remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
			return func(ctx context.Context) error {
				if info, _ := remuda.InfoFrom(ctx); info.Input().(int) == 1 {
					return errJob
				}
				return next(ctx)
			}
		})
		s := &stage{}
		p := startPool(t, remuda.Config{Initial: 2}, s.Do, refuse)
		gate := make(chan struct{})
		p.OnDrop(func(n int, err error) {
			<-gate
			assert.NoError(t, p.Send(bg, 2))
		})
		require.NoError(t, p.Send(bg, 1))
		wait := asyncErr(func() error { return p.Wait(bg) })
		require.False(t, wait.returned(), "OnDrop has not")
		close(gate)
		require.False(t, wait.returned(), "it has sent another")
		s.let(2)
		require.True(t, wait.returned())
	})
	bubble(t, "dropped by Stop", func(t *testing.T) {
		p := startPool(t, remuda.Config{Paused: true}, double)
		gate := make(chan struct{})
		p.OnDrop(func(int, error) { <-gate })
		require.NoError(t, p.Send(bg, 1))
		stop := asyncErr(func() error { return p.Stop(bg) })
		wait := asyncErr(func() error { return p.Wait(bg) })
		require.False(t, wait.returned())
		close(gate)
		require.True(t, wait.returned())
		require.True(t, stop.returned())
	})
}
