package middleware_test

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

func TestCounterCountsEveryEnd(t *testing.T) {
	var c middleware.Counter
	pool := start(t, &c)
	require.NoError(t, run(pool, succeed))
	require.ErrorIs(t, run(pool, fail), errJob)
	var p *remuda.PanicError
	require.ErrorAs(t, run(pool, panics), &p)
	require.ErrorIs(t, run(pool, exits), remuda.ErrGoexit)

	require.Equal(t, middleware.CounterSnapshot{Started: 4, Finished: 4, Failed: 3}, c.Snapshot())
	require.EqualValues(t, 4, c.Started())
	require.EqualValues(t, 4, c.Finished())
	require.EqualValues(t, 3, c.Failed())
	require.EqualValues(t, 0, c.Running())
}

func TestCounterShowsWhatRuns(t *testing.T) {
	var c middleware.Counter
	pool := start(t, &c)
	require.NoError(t, run(pool, func(context.Context) error {
		require.Equal(t, middleware.CounterSnapshot{Started: 1, Running: 1}, c.Snapshot())
		require.EqualValues(t, 1, c.Running())
		return nil
	}))
	require.Zero(t, c.Running())
}

func TestCounterIsSharedByPools(t *testing.T) {
	var c middleware.Counter
	for range 3 {
		require.NoError(t, run(start(t, &c), succeed))
	}
	require.EqualValues(t, 3, c.Finished())
}

// A Counter holds no more forever more workers, and forgets no worker that has
// ended.
func TestCounterOutlivesWorkers(t *testing.T) {
	var c middleware.Counter
	const workers = 10_000
	for range workers {
		require.NoError(t, c.Wrap(succeed)(t.Context()))
	}
	require.EqualValues(t, workers, c.Finished())
	wrapAgain := testing.AllocsPerRun(100, func() { c.Wrap(succeed) })
	require.LessOrEqual(t, wrapAgain, 1.0, "only the handler: no shard")
}

// Whenever it is taken, a snapshot is one that could have been.
func TestCounterSnapshotIsConsistent(t *testing.T) {
	var c middleware.Counter
	testSnapshots(t, 5000, &c, c.Snapshot)
}

// testSnapshots takes n snapshots while workers run through mw.
func testSnapshots(t *testing.T, n int, mw remuda.Middleware, snapshot func() middleware.CounterSnapshot) {
	t.Helper()
	const workers = 8
	var stop atomic.Bool
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			i := 0
			run := mw.Wrap(func(context.Context) error {
				if i++; i%3 == 0 {
					runtime.Gosched() // else few processors see few snapshots
					return errJob
				}
				return nil
			})
			for !stop.Load() || i%3 != 0 {
				_ = run(t.Context())
			}
		})
	}
	defer wg.Wait()
	defer stop.Store(true)
	var last middleware.CounterSnapshot
	for range n {
		s := snapshot()
		require.Equal(t, s.Started, s.Finished+s.Running)
		require.LessOrEqual(t, s.Running, uint64(workers))
		require.LessOrEqual(t, s.Failed, s.Finished)
		require.GreaterOrEqual(t, s.Started, last.Started)
		require.GreaterOrEqual(t, s.Finished, last.Finished)
		require.GreaterOrEqual(t, s.Failed, last.Failed)
		last = s
	}
	stop.Store(true)
	wg.Wait()
	last = snapshot()
	require.Zero(t, last.Running)
	require.Equal(t, last.Finished, 3*last.Failed)
}
