package middleware_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda/middleware"
)

// histogramOf returns the run times of a Metrics after runs of these durations.
// It must be called in a bubble.
func histogramOf(t *testing.T, durations ...time.Duration) middleware.Histogram {
	t.Helper()
	var m middleware.Metrics
	for _, d := range durations { // a worker each, so that every run is timed
		require.NoError(t, m.Wrap(lasting(d, succeed))(t.Context()))
	}
	return m.Snapshot().RunTime
}

func TestHistogramEmpty(t *testing.T) {
	var h middleware.Histogram
	require.Zero(t, h.Mean())
	require.Zero(t, h.Quantile(0.5))
}

// The buckets tile all durations, each ends a quarter or less above where it
// begins, and its upper end is in it.
func TestHistogramBuckets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var bounds []time.Duration
		var empty middleware.Histogram
		for upper := range empty.Buckets() {
			bounds = append(bounds, upper)
		}
		require.Equal(t, 128*time.Nanosecond, bounds[0])
		require.Equal(t, time.Duration(math.MaxInt64), bounds[len(bounds)-1])
		for i := range bounds[:len(bounds)-1] {
			if i > 0 {
				require.Greater(t, bounds[i], bounds[i-1])
				require.LessOrEqual(t, float64(bounds[i]), 1.25*float64(bounds[i-1]))
			}
			h := histogramOf(t, bounds[i], bounds[i]+1)
			require.EqualValues(t, 2, h.Count)
			require.Equal(t, 2*bounds[i]+1, h.Sum)
			var filled []time.Duration
			for upper, n := range h.Buckets() {
				if n > 0 {
					require.EqualValues(t, 1, n)
					filled = append(filled, upper)
				}
			}
			require.Equal(t, bounds[i:i+2], filled)
		}
	})
}

func TestHistogramBucketsStop(t *testing.T) {
	var h middleware.Histogram
	n := 0
	for range h.Buckets() {
		if n++; n == 3 {
			break
		}
	}
	require.Equal(t, 3, n)
}

func TestHistogramQuantile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(1, 2))
		for range 20 {
			durations := make([]time.Duration, 1+random.IntN(300))
			for i := range durations { // spread over the orders of magnitude
				durations[i] = time.Duration(math.Exp(random.Float64()*24) * 200)
			}
			h := histogramOf(t, durations...)
			slices.Sort(durations)
			for _, q := range []float64{0.01, 0.25, 0.5, 0.9, 0.99, 1} {
				want := durations[int(math.Ceil(q*float64(len(durations))))-1]
				require.InEpsilon(t, want, h.Quantile(q), 0.25, "quantile %v of %d", q, len(durations))
			}
			require.Equal(t, h.Quantile(0), h.Quantile(-1))
			require.Equal(t, h.Quantile(1), h.Quantile(2))
		}
	})
}

// Above its range a histogram says no more than that.
func TestHistogramQuantileAboveTheRange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, d := range []time.Duration{3 * time.Hour, 4 * time.Hour, 1000 * time.Hour} {
			h := histogramOf(t, d)
			require.Greater(t, h.Quantile(0.5), 2*time.Hour)
			require.Less(t, h.Quantile(0.5), 3*time.Hour)
			require.Equal(t, d, h.Mean())
		}
	})
}

func TestHistogramMerge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := histogramOf(t, time.Second, time.Minute), histogramOf(t, time.Hour)
		require.Equal(t, histogramOf(t, time.Second, time.Minute, time.Hour), a.Merge(b))
		require.EqualValues(t, 2, a.Count, "a is as it was")
	})
}
