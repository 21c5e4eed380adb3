package middleware_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/semaphore"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

// One semaphore bounds all workers of all pools that have it.
func TestLimitBoundsSeveralPools(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sem := semaphore.NewWeighted(3)
		var running, most atomic.Int32
		job := func(context.Context) error {
			n := running.Add(1)
			defer running.Add(-1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			time.Sleep(time.Second)
			return nil
		}
		begin := time.Now()
		a := startWith(t, remuda.Config{Initial: 5}, middleware.Limit(sem))
		b := startWith(t, remuda.Config{Initial: 5}, middleware.Limit(sem))
		for range 6 {
			require.NoError(t, a.Send(t.Context(), job))
			require.NoError(t, b.Send(t.Context(), job))
		}
		require.NoError(t, a.Close(t.Context()))
		require.NoError(t, b.Close(t.Context()))
		require.EqualValues(t, 3, most.Load())
		require.Equal(t, 4*time.Second, time.Since(begin))
	})
}

// However a run ends, it gives back what it took.
func TestLimitGivesBack(t *testing.T) {
	sem := semaphore.NewWeighted(1)
	pool := start(t, middleware.Limit(sem))
	for _, f := range []task{succeed, fail, panics, exits} {
		_ = run(pool, f)
		require.True(t, sem.TryAcquire(1))
		sem.Release(1)
	}
}

func TestLimitEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sem := semaphore.NewWeighted(1)
		ran := false
		h := middleware.Limit(sem).Wrap(func(context.Context) error { ran = true; return nil })
		require.ErrorIs(t, h(endedContext()), context.Canceled, "though there is room")

		require.True(t, sem.TryAcquire(1))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begin := time.Now()
		require.ErrorIs(t, h(ctx), context.DeadlineExceeded)
		require.Equal(t, time.Minute, time.Since(begin))
		require.False(t, ran)

		sem.Release(1)
		require.NoError(t, h(t.Context()))
		require.True(t, ran)
	})
}

func TestLimitWithoutASemaphore(t *testing.T) {
	require.NoError(t, run(start(t, middleware.Limit(nil)), succeed))
}
