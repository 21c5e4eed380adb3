package middleware_test

import (
	"context"
	"encoding/json"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

const (
	century = 100 * 365 * 24 * time.Hour
	longest = time.Duration(math.MaxInt64) // 292 years
)

// Times add up beyond 292 years, which is 11 days of 10,000 busy workers. A
// Duration cannot say so, but what is made of them stays true.
func TestTimesBeyondADuration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var elapsed middleware.Elapsed
		var metrics middleware.Metrics
		pool := startWith(t, remuda.Config{Initial: 4}, &elapsed, &metrics)
		for range 8 { // four at a time, of which the second four have waited for a century
			require.NoError(t, pool.Send(t.Context(), lasting(century, succeed)))
		}
		require.NoError(t, pool.Close(t.Context()))

		e := elapsed.Snapshot()
		require.Equal(t, longest, e.Total)
		require.Equal(t, century, e.Average)
		require.Equal(t, longest, elapsed.Total())
		require.Equal(t, century, elapsed.Average())
		require.Equal(t, [3]time.Duration{century, century, century}, [3]time.Duration{e.Min, e.Max, e.P50})

		m := metrics.Snapshot()
		require.Equal(t, longest, m.RunTime.Sum)
		require.Equal(t, century, m.RunTime.Mean())
		require.InEpsilon(t, 8*century.Seconds(), m.RunTime.Seconds(), 1e-12)
		require.Equal(t, longest, m.QueueTime.Sum)
		require.Equal(t, century, m.QueueTime.Mean())
		require.InEpsilon(t, 4*century.Seconds(), m.QueueTime.Seconds(), 1e-12)

		var shown struct {
			Run struct{ Sum float64 } `json:"run_seconds"`
		}
		require.NoError(t, json.Unmarshal([]byte(metrics.String()), &shown))
		require.InEpsilon(t, 8*century.Seconds(), shown.Run.Sum, 1e-12)

		twice := m.Merge(m)
		require.Equal(t, longest, twice.RunTime.Sum)
		require.Equal(t, century, twice.RunTime.Mean())
		require.InEpsilon(t, 16*century.Seconds(), twice.RunTime.Seconds(), 1e-12)
	})
}

// The same for a single worker, and for a million centuries.
func TestTimesAreMerged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := histogramOf(t, century)
		require.Equal(t, century, h.Sum)
		require.Equal(t, century.Seconds(), h.Seconds())
		for range 20 {
			h = h.Merge(h)
			require.Positive(t, h.Sum)
			require.Equal(t, century, h.Mean())
		}
		require.EqualValues(t, 1<<20, h.Count)
		require.InEpsilon(t, (1<<20)*century.Seconds(), h.Seconds(), 1e-12)
	})
}

// A quantile of no number is 0, and what is out of range is the nearer end.
func TestQuantileOutOfRange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := histogramOf(t, time.Second, time.Minute)
		require.Zero(t, h.Quantile(math.NaN()))
		require.Equal(t, h.Quantile(0), h.Quantile(math.Inf(-1)))
		require.Equal(t, h.Quantile(1), h.Quantile(math.Inf(1)))
		require.Positive(t, h.Quantile(0))
	})
}

// No duration that a middleware is given overflows.
func TestDurationsAtTheEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		time.Sleep(time.Second)
		const least = time.Duration(math.MinInt64)
		wait := middleware.Wait(least).Wrap(succeed)
		time.Sleep(time.Second)
		require.NoError(t, wait(t.Context()))

		runs := 0
		retry := middleware.Retry(3, middleware.Budget(least), middleware.Backoff(longest, longest)).
			Wrap(lasting(time.Second, func(ctx context.Context) error { runs++; return errJob }))
		require.Error(t, retry(t.Context()))
		require.Equal(t, 1, runs, "there is nothing left for a retry")

		retry = middleware.Retry(1, middleware.Budget(longest), middleware.Backoff(1, 1)).
			Wrap(lasting(time.Second, func(ctx context.Context) error { runs++; return errJob }))
		require.Error(t, retry(t.Context()))
		require.Equal(t, 3, runs)

		require.NoError(t, middleware.Timeout(longest).Wrap(lasting(time.Second, func(ctx context.Context) error { return ctx.Err() }))(t.Context()))
		require.Error(t, middleware.Timeout(least).Wrap(func(ctx context.Context) error { return ctx.Err() })(t.Context()))
		require.Less(t, time.Since(begin), time.Minute)
	})
}
