package middleware_test

import (
	"context"
	"encoding/json"
	"expvar"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

var _ expvar.Var = (*middleware.Metrics)(nil)

func TestMetricsOutcomes(t *testing.T) {
	var m middleware.Metrics
	pool := start(t, &m)
	require.NoError(t, run(pool, succeed))
	require.NoError(t, run(pool, succeed))
	require.Error(t, run(pool, fail))
	require.Error(t, run(pool, panics))
	require.Error(t, run(pool, exits))
	require.Error(t, run(pool, func(context.Context) error { return context.Canceled }))
	require.Error(t, run(pool, func(context.Context) error { return context.DeadlineExceeded }))

	s := m.Snapshot()
	require.EqualValues(t, 7, s.Started)
	require.EqualValues(t, 7, s.Finished())
	require.EqualValues(t, 0, s.Running)
	require.EqualValues(t, 2, s.Succeeded)
	require.EqualValues(t, 5, s.Failed, "all that did not succeed")
	require.EqualValues(t, 1, s.Panicked)
	require.EqualValues(t, 1, s.Canceled)
	require.EqualValues(t, 7, s.RunTime.Count)
}

func TestMetricsShowWhatRuns(t *testing.T) {
	var m middleware.Metrics
	require.NoError(t, run(start(t, &m), func(context.Context) error {
		s := m.Snapshot()
		require.EqualValues(t, 1, s.Started)
		require.EqualValues(t, 1, s.Running)
		require.Zero(t, s.RunTime.Count)
		return nil
	}))
}

func TestMetricsRunTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m middleware.Metrics
		pool := start(t, &m)
		require.NoError(t, run(pool, lasting(time.Second, succeed)))
		require.Error(t, run(pool, lasting(2*time.Second, fail)))
		require.Error(t, run(pool, lasting(3*time.Second, panics)))
		require.Error(t, run(pool, lasting(4*time.Second, exits)))
		s := m.Snapshot()
		require.EqualValues(t, 4, s.RunTime.Count)
		require.Equal(t, 10*time.Second, s.RunTime.Sum)
	})
}

// The time in queue is there from the first input on, and counts those that
// have waited.
func TestMetricsQueueTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m middleware.Metrics
		pool := start(t, &m)
		for range 3 {
			require.NoError(t, pool.Send(t.Context(), lasting(time.Second, succeed)))
		}
		require.NoError(t, pool.Close(t.Context()))
		s := m.Snapshot()
		require.EqualValues(t, 3, s.RunTime.Count)
		require.EqualValues(t, 2, s.QueueTime.Count)
		require.Equal(t, 3*time.Second, s.QueueTime.Sum)
	})
}

// Around a job instead of a pool, Metrics has the time in queue from the second
// input on.
func TestMetricsQueueTimeAroundAJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m middleware.Metrics
		pool := remuda.New[task, remuda.Void]()
		require.NoError(t, pool.Start(remuda.Wrap(remuda.NoOutput(perform), &m)))
		for _, n := range []int{1, 3} { // the second time, the pool knows
			for range n {
				require.NoError(t, pool.Send(t.Context(), lasting(time.Second, succeed)))
			}
			synctest.Wait()
			time.Sleep(time.Minute)
		}
		require.NoError(t, pool.Close(t.Context()))
		s := m.Snapshot()
		require.EqualValues(t, 4, s.RunTime.Count)
		require.EqualValues(t, 2, s.QueueTime.Count)
		require.Equal(t, 3*time.Second, s.QueueTime.Sum)
	})
}

// Of bursts, the inputs that wait longest count as much as the others.
func TestMetricsQueueTimeOfBursts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m middleware.Metrics
		pool := start(t, &m)
		const burst, bursts = 190, 10
		for range bursts {
			for range burst {
				require.NoError(t, pool.TrySend(context.Background(), lasting(time.Millisecond, succeed)))
			}
			time.Sleep(time.Minute)
		}
		s := m.Snapshot()
		require.EqualValues(t, bursts*(burst-1), s.QueueTime.Count, "the first of each did not wait")
		require.InDelta(t, burst*time.Millisecond/2, s.QueueTime.Mean(), float64(time.Millisecond))
	})
}

// Where inputs are frequent, the time in queue of one stands for many.
func TestMetricsSamplesTheQueueTimeOfFrequentInputs(t *testing.T) {
	const inputs = 512 + 1 + 10*31 // a burst, the one that is too many, and ten samples
	synctest.Test(t, func(t *testing.T) {
		var m middleware.Metrics
		pool := startWith(t, remuda.Config{Paused: true, Queue: inputs}, &m)
		for range inputs {
			require.NoError(t, pool.TrySend(context.Background(), succeed))
		}
		time.Sleep(time.Second)
		require.NoError(t, pool.More())
		require.NoError(t, pool.Close(t.Context()))
		s := m.Snapshot()
		require.EqualValues(t, inputs, s.Succeeded)
		require.EqualValues(t, inputs, s.QueueTime.Count)
		require.InDelta(t, time.Second, s.QueueTime.Mean(), float64(time.Microsecond))
	})
}

// An input waits once, however often it is tried.
func TestMetricsQueueTimeInsideOfRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m middleware.Metrics
		pool := start(t, middleware.Retry(3), &m)
		require.NoError(t, pool.Send(t.Context(), lasting(time.Second, succeed)))
		require.NoError(t, pool.Send(t.Context(), lasting(time.Second, fail)))
		require.NoError(t, pool.Close(t.Context()))
		s := m.Snapshot()
		require.EqualValues(t, 5, s.RunTime.Count)
		require.EqualValues(t, 1, s.QueueTime.Count)
		require.Equal(t, time.Second, s.QueueTime.Sum)
	})
}

func TestMetricsOutsideOfAPool(t *testing.T) {
	var m middleware.Metrics
	job := remuda.Wrap(remuda.NoOutput(perform), &m, middleware.Retry(2))
	_, err := job.Do(t.Context(), fail)
	require.ErrorIs(t, err, errJob)
	s := m.Snapshot()
	require.EqualValues(t, 1, s.Failed)
	require.Zero(t, s.Retries, "without a pool nobody knows")
	require.Zero(t, s.QueueTime.Count)
}

// However Metrics and Retry are nested, the retries are the same.
func TestMetricsRetries(t *testing.T) {
	var outside, inside middleware.Metrics
	pool := start(t, &outside, middleware.Retry(4), &inside)
	require.Error(t, run(pool, fail)) // 4 retries
	require.NoError(t, run(pool, succeed))
	failures := 0
	require.NoError(t, run(pool, func(context.Context) error { // 2 retries
		if failures++; failures <= 2 {
			return errJob
		}
		return nil
	}))
	out, in := outside.Snapshot(), inside.Snapshot()
	require.EqualValues(t, 6, out.Retries)
	require.EqualValues(t, 6, in.Retries)
	require.EqualValues(t, 3, out.Started)
	require.EqualValues(t, 9, in.Started)
}

// When there are more runs than could be timed in passing, samples are taken,
// and stand for all; when there are few again, every run is timed.
func TestMetricsSamplesFrequentRuns(t *testing.T) {
	const stride, many = 31, 10_000
	synctest.Test(t, func(t *testing.T) {
		var m middleware.Metrics
		var took time.Duration
		run := m.Wrap(func(context.Context) error { time.Sleep(took); return nil })
		runs := func(n int) {
			for range n {
				require.NoError(t, run(t.Context()))
			}
		}
		took = 100 * time.Nanosecond
		runs(many)
		s := m.Snapshot()
		require.EqualValues(t, many, s.Succeeded, "counts are exact")
		require.LessOrEqual(t, s.RunTime.Count, uint64(many))
		require.Greater(t, s.RunTime.Count, uint64(many-stride))
		require.Equal(t, took, s.RunTime.Mean())

		samples := 0
		for range 10 * stride {
			runs(1)
			if now := m.Snapshot(); now.RunTime.Count > s.RunTime.Count {
				samples++
				s = now
			}
		}
		require.Equal(t, 10, samples)

		took = time.Second
		runs(stride) // the worker notices
		s = m.Snapshot()
		require.EqualValues(t, many+11*stride, s.RunTime.Count)
		runs(1)
		require.EqualValues(t, many+11*stride+1, m.Snapshot().RunTime.Count, "every run")
		require.Equal(t, time.Second, m.Snapshot().RunTime.Sum-s.RunTime.Sum)
	})
}

// Short runs are all timed when there are few of them.
func TestMetricsTimesEveryRareRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m middleware.Metrics
		run := m.Wrap(lasting(time.Microsecond, succeed))
		for i := range 1000 {
			require.NoError(t, run(t.Context()))
			require.EqualValues(t, i+1, m.Snapshot().RunTime.Count)
			time.Sleep(time.Millisecond)
		}
	})
}

func TestMetricsSnapshotIsConsistent(t *testing.T) {
	var m middleware.Metrics
	testSnapshots(t, 500, &m, func() middleware.CounterSnapshot {
		s := m.Snapshot()
		return middleware.CounterSnapshot{Started: s.Started, Finished: s.Finished(), Failed: s.Failed, Running: s.Running}
	})
}

func TestMetricsMerge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a, b, both middleware.Metrics
		for _, m := range []*middleware.Metrics{&a, &b} {
			pool := start(t, m, &both, middleware.Retry(1))
			require.NoError(t, pool.Send(t.Context(), lasting(time.Second, succeed)))
			require.NoError(t, pool.Send(t.Context(), lasting(time.Minute, panics)))
			require.NoError(t, pool.Send(t.Context(), func(context.Context) error { return context.Canceled }))
			require.NoError(t, pool.Close(t.Context()))
		}
		sum := a.Snapshot().Merge(b.Snapshot())
		require.Equal(t, both.Snapshot(), sum)
		require.EqualValues(t, 6, sum.Started)
		require.EqualValues(t, 2, sum.Retries)
	})
}

func TestMetricsAsExpvar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m middleware.Metrics
		pool := start(t, &m)
		require.NoError(t, pool.Send(t.Context(), lasting(time.Second, succeed)))
		require.NoError(t, pool.Send(t.Context(), lasting(time.Second, fail)))
		require.NoError(t, pool.Close(t.Context()))
		var got map[string]any
		require.NoError(t, json.Unmarshal([]byte(m.String()), &got))
		require.EqualValues(t, 2, got["started"])
		require.EqualValues(t, 0, got["running"])
		require.EqualValues(t, 1, got["succeeded"])
		require.EqualValues(t, 1, got["failed"])
		times := got["run_seconds"].(map[string]any)
		require.EqualValues(t, 2, times["count"])
		require.EqualValues(t, 2, times["sum"])
		require.InEpsilon(t, 1, times["p99"], 0.25)
		require.EqualValues(t, 1, got["queue_seconds"].(map[string]any)["count"])
	})
}
