package middleware_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

// lasting is a task that takes d and then does what f does.
func lasting(d time.Duration, f func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		time.Sleep(d)
		return f(ctx)
	}
}

func TestElapsedBeforeTheFirstRun(t *testing.T) {
	var e middleware.Elapsed
	require.Zero(t, e.Snapshot())
	require.Zero(t, e.Average())
}

func TestElapsedTimesEveryEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e middleware.Elapsed
		pool := start(t, &e)
		require.NoError(t, run(pool, lasting(2*time.Second, succeed)))
		require.Error(t, run(pool, lasting(4*time.Second, fail)))
		require.Error(t, run(pool, lasting(time.Second, panics)))
		require.Error(t, run(pool, lasting(3*time.Second, exits)))

		s := e.Snapshot()
		require.Equal(t, middleware.CounterSnapshot{Started: 4, Finished: 4, Failed: 3}, s.CounterSnapshot)
		require.Equal(t, 10*time.Second, s.Total)
		require.Equal(t, 2500*time.Millisecond, s.Average)
		require.Equal(t, 3*time.Second, s.Last)
		require.Equal(t, time.Second, s.Min)
		require.Equal(t, 4*time.Second, s.Max)
		require.InEpsilon(t, 2*time.Second, s.P50, 0.25)
		require.InEpsilon(t, 4*time.Second, s.P95, 0.25)
		require.LessOrEqual(t, s.P99, s.Max)

		require.EqualValues(t, 4, e.Started())
		require.EqualValues(t, 4, e.Finished())
		require.EqualValues(t, 3, e.Failed())
		require.EqualValues(t, 0, e.Running())
		require.Equal(t, 10*time.Second, e.Total())
		require.Equal(t, 2500*time.Millisecond, e.Average())
		require.Equal(t, 3*time.Second, e.Last())
	})
}

// The run that is under way is in Running, and in no time.
func TestElapsedShowsWhatRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e middleware.Elapsed
		pool := start(t, &e)
		require.NoError(t, run(pool, lasting(time.Second, succeed)))
		require.NoError(t, run(pool, func(context.Context) error {
			time.Sleep(time.Hour)
			s := e.Snapshot()
			require.Equal(t, middleware.CounterSnapshot{Started: 2, Finished: 1, Running: 1}, s.CounterSnapshot)
			require.Equal(t, time.Second, s.Average)
			return nil
		}))
	})
}

// Last is that of the run that ended last, whichever worker it ran on.
func TestElapsedLastOfSeveralWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e middleware.Elapsed
		pool := startWith(t, remuda.Config{Initial: 3}, &e)
		for _, d := range []time.Duration{5 * time.Second, time.Second, 3 * time.Second} {
			require.NoError(t, pool.Send(t.Context(), lasting(d, succeed)))
		}
		time.Sleep(2 * time.Second)
		require.Equal(t, time.Second, e.Last())
		time.Sleep(2 * time.Second)
		require.Equal(t, 3*time.Second, e.Last())
		time.Sleep(2 * time.Second)
		require.Equal(t, 5*time.Second, e.Last())
		s := e.Snapshot()
		require.Equal(t, 9*time.Second, s.Total, "of all workers together")
		require.Equal(t, time.Second, s.Min)
		require.Equal(t, 5*time.Second, s.Max)
	})
}

func TestElapsedSnapshotIsConsistent(t *testing.T) {
	var e middleware.Elapsed
	testSnapshots(t, 100, &e, func() middleware.CounterSnapshot {
		s := e.Snapshot()
		if s.Finished > 0 {
			require.Equal(t, s.Total/time.Duration(s.Finished), s.Average)
			require.LessOrEqual(t, s.Min, s.P50)
			require.LessOrEqual(t, s.P50, s.P95)
			require.LessOrEqual(t, s.P95, s.P99)
			require.LessOrEqual(t, s.P99, s.Max)
		}
		return s.CounterSnapshot
	})
}
