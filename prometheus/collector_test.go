package remudaprom_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
	remudaprom "github.com/remuda-go/remuda/prometheus"
)

var errJob = errors.New("job failed")

// sleep is a job that takes its input's time, if it is positive. A time of 0 is
// a failure, and a negative one a panic.
func sleep(_ context.Context, d time.Duration) error {
	if d == 0 {
		return errJob
	}
	if d < 0 {
		panic(d)
	}
	time.Sleep(d)
	return nil
}

type pool = remuda.Pool[time.Duration, remuda.Void]

// start starts a pool of one worker, registered under name.
func start(t *testing.T, reg prometheus.Registerer, name string) *pool {
	t.Helper()
	var metrics middleware.Metrics
	p := remuda.New[time.Duration, remuda.Void](&metrics, middleware.Retry(2))
	require.NoError(t, p.Start(remuda.NoOutput(sleep)))
	_, err := remudaprom.Register(reg, name, p.Stats, &metrics)
	require.NoError(t, err)
	return p
}

// requireMetrics compares what a scrape shows, of the metrics with these names.
func requireMetrics(t *testing.T, reg prometheus.Gatherer, want string, names ...string) {
	t.Helper()
	require.NoError(t, testutil.GatherAndCompare(reg, strings.NewReader(want), names...))
}

func TestCollector(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewRegistry()
		p := start(t, reg, "orders")
		for _, d := range []time.Duration{time.Second, 0, -1, time.Second, time.Minute, time.Minute, time.Minute} {
			require.NoError(t, p.Send(t.Context(), d))
		}
		time.Sleep(3 * time.Second) // the first of the minutes has begun
		requireMetrics(t, reg, `
# HELP remuda_jobs_in_flight Runs that have begun and not ended.
# TYPE remuda_jobs_in_flight gauge
remuda_jobs_in_flight{pool="orders"} 1
# HELP remuda_jobs_total Inputs that have run or were dropped, by outcome.
# TYPE remuda_jobs_total counter
remuda_jobs_total{outcome="dropped",pool="orders"} 0
remuda_jobs_total{outcome="failed",pool="orders"} 1
remuda_jobs_total{outcome="panicked",pool="orders"} 1
remuda_jobs_total{outcome="succeeded",pool="orders"} 2
# HELP remuda_queue_depth Inputs that were accepted and wait for a worker.
# TYPE remuda_queue_depth gauge
remuda_queue_depth{pool="orders"} 2
# HELP remuda_retries_total Attempts at a job but the first.
# TYPE remuda_retries_total counter
remuda_retries_total{pool="orders"} 2
# HELP remuda_workers Workers that the pool should have.
# TYPE remuda_workers gauge
remuda_workers{pool="orders"} 1
# HELP remuda_workers_busy Workers that have something to run.
# TYPE remuda_workers_busy gauge
remuda_workers_busy{pool="orders"} 1
`, "remuda_jobs_in_flight", "remuda_jobs_total", "remuda_queue_depth", "remuda_retries_total", "remuda_workers", "remuda_workers_busy")

		require.NoError(t, p.Resize(3))
		synctest.Wait()
		requireMetrics(t, reg, `
# HELP remuda_jobs_in_flight Runs that have begun and not ended.
# TYPE remuda_jobs_in_flight gauge
remuda_jobs_in_flight{pool="orders"} 3
# HELP remuda_queue_depth Inputs that were accepted and wait for a worker.
# TYPE remuda_queue_depth gauge
remuda_queue_depth{pool="orders"} 0
# HELP remuda_workers Workers that the pool should have.
# TYPE remuda_workers gauge
remuda_workers{pool="orders"} 3
# HELP remuda_workers_busy Workers that have something to run.
# TYPE remuda_workers_busy gauge
remuda_workers_busy{pool="orders"} 3
`, "remuda_jobs_in_flight", "remuda_queue_depth", "remuda_workers", "remuda_workers_busy")
		require.NoError(t, p.Close(t.Context()))
	})
}

// A worker that has a batch runs many inputs, and one that was retired is none of the pool's.
func TestCollectorShowsHowManyWorkersAreBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewRegistry()
		p, err := remuda.StartBatches(3, 10, 0, func(_ context.Context, ns []int) ([]int, error) {
			time.Sleep(time.Minute)
			return ns, nil
		})
		require.NoError(t, err)
		_, err = remudaprom.Register(reg, "rows", p.Stats, nil)
		require.NoError(t, err)
		require.NoError(t, p.Resize(0))
		for n := range 20 {
			require.NoError(t, p.Send(t.Context(), n))
		}
		show := func(inFlight, workers, busy int) {
			t.Helper()
			synctest.Wait()
			requireMetrics(t, reg, fmt.Sprintf(`
# HELP remuda_jobs_in_flight Runs that have begun and not ended.
# TYPE remuda_jobs_in_flight gauge
remuda_jobs_in_flight{pool="rows"} %d
# HELP remuda_workers Workers that the pool should have.
# TYPE remuda_workers gauge
remuda_workers{pool="rows"} %d
# HELP remuda_workers_busy Workers that have something to run.
# TYPE remuda_workers_busy gauge
remuda_workers_busy{pool="rows"} %d
`, inFlight, workers, busy), "remuda_jobs_in_flight", "remuda_workers", "remuda_workers_busy")
		}
		require.NoError(t, p.Resize(3))
		show(20, 3, 2)
		require.NoError(t, p.Resize(1))
		show(20, 1, 1)
		require.NoError(t, p.Close(t.Context()))
		show(0, 0, 0)
	})
}

func TestCollectorShowsWhatWasDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewRegistry()
		p := start(t, reg, "orders")
		require.NoError(t, p.Send(t.Context(), time.Hour))
		require.NoError(t, p.Send(t.Context(), time.Hour))
		require.ErrorIs(t, p.CloseWithTimeout(time.Second), context.DeadlineExceeded)
		<-p.Done()
		requireMetrics(t, reg, `
# HELP remuda_jobs_total Inputs that have run or were dropped, by outcome.
# TYPE remuda_jobs_total counter
remuda_jobs_total{outcome="dropped",pool="orders"} 1
remuda_jobs_total{outcome="failed",pool="orders"} 0
remuda_jobs_total{outcome="panicked",pool="orders"} 0
remuda_jobs_total{outcome="succeeded",pool="orders"} 1
`, "remuda_jobs_total")
	})
}

// A run that waits for its own pool has not ended.
func TestCollectorShowsWhatWaitsForItsOwnPool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewRegistry()
		p := remuda.New[int, remuda.Void]()
		_, err := remudaprom.Register(reg, "nested", p.Stats, nil)
		require.NoError(t, err)
		require.NoError(t, p.Start(remuda.NoOutput(func(ctx context.Context, n int) error {
			if n == 0 {
				time.Sleep(time.Minute)
				return nil
			}
			_, err := p.Do(ctx, n-1)
			return err
		})))
		require.NoError(t, p.Send(t.Context(), 2))
		synctest.Wait()
		requireMetrics(t, reg, `
# HELP remuda_jobs_in_flight Runs that have begun and not ended.
# TYPE remuda_jobs_in_flight gauge
remuda_jobs_in_flight{pool="nested"} 3
`, "remuda_jobs_in_flight")
		require.NoError(t, p.Close(t.Context()))
	})
}

// histogramOf returns the histogram of that name.
func histogramOf(t *testing.T, reg prometheus.Gatherer, name string) *dto.Histogram {
	t.Helper()
	families, err := reg.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() == name {
			require.Len(t, f.GetMetric(), 1)
			return f.GetMetric()[0].GetHistogram()
		}
	}
	t.Fatal("there is no ", name)
	return nil
}

func TestCollectorHistograms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewRegistry()
		p := start(t, reg, "orders")
		durations := []time.Duration{
			time.Microsecond,
			1 << 13, // 8 µs, the end of the first bucket
			1<<13 + 1,
			time.Second,
			time.Minute,
			time.Hour, // above all buckets
		}
		for _, d := range durations {
			require.NoError(t, p.Send(t.Context(), d))
		}
		require.NoError(t, p.Close(t.Context()))

		h := histogramOf(t, reg, "remuda_job_duration_seconds")
		require.EqualValues(t, 6, h.GetSampleCount())
		require.InDelta(t, 3661, h.GetSampleSum(), 0.001)
		buckets := h.GetBucket()
		require.Len(t, buckets, 27)
		require.Equal(t, 8.192e-6, buckets[0].GetUpperBound())
		require.InDelta(t, 549.8, buckets[26].GetUpperBound(), 0.1)
		for i, b := range buckets {
			var below uint64
			for _, d := range durations {
				if d.Seconds() <= b.GetUpperBound() {
					below++
				}
			}
			require.Equal(t, below, b.GetCumulativeCount(), "up to %v", b.GetUpperBound())
			if i > 0 {
				require.Equal(t, 2*buckets[i-1].GetUpperBound(), b.GetUpperBound())
			}
		}
		require.EqualValues(t, 5, buckets[26].GetCumulativeCount())

		h = histogramOf(t, reg, "remuda_job_wait_seconds")
		require.EqualValues(t, 5, h.GetSampleCount(), "the first had not to wait")
	})
}

func TestCollectorWithoutMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	_, err := remudaprom.Register(reg, "orders", func() remuda.Stats { return remuda.Stats{} }, nil)
	require.NoError(t, err)
	n, err := testutil.GatherAndCount(reg)
	require.NoError(t, err)
	require.Equal(t, 8, n, "4 outcomes and 4 gauges")
}

func TestTwoPoolsInOneRegistry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewPedanticRegistry()
		orders, refunds := start(t, reg, "orders"), start(t, reg, "refunds")
		require.NoError(t, orders.Send(t.Context(), time.Second))
		require.NoError(t, refunds.Send(t.Context(), 0))
		require.NoError(t, orders.Close(t.Context()))
		require.NoError(t, refunds.Close(t.Context()))
		requireMetrics(t, reg, `
# HELP remuda_retries_total Attempts at a job but the first.
# TYPE remuda_retries_total counter
remuda_retries_total{pool="orders"} 0
remuda_retries_total{pool="refunds"} 2
`, "remuda_retries_total")
	})
}

func TestANameCanBeTakenOnceAtATime(t *testing.T) {
	reg := prometheus.NewRegistry()
	stats := func() remuda.Stats { return remuda.Stats{} }
	c, err := remudaprom.Register(reg, "orders", stats, nil)
	require.NoError(t, err)

	_, err = remudaprom.Register(reg, "orders", stats, nil)
	var taken prometheus.AlreadyRegisteredError
	require.ErrorAs(t, err, &taken)
	require.ErrorContains(t, err, `remudaprom: pool "orders": `)

	require.True(t, reg.Unregister(c))
	_, err = remudaprom.Register(reg, "orders", stats, new(middleware.Metrics))
	require.NoError(t, err)
}

func TestNothingToRegister(t *testing.T) {
	reg := prometheus.NewRegistry()
	_, err := remudaprom.Register(reg, "orders", nil, nil)
	require.EqualError(t, err, "remudaprom: stats is nil")
	_, err = remudaprom.RegisterHerd(reg, nil)
	require.EqualError(t, err, "remudaprom: stats is nil")
}

// The names and the help are as Prometheus wants them.
func TestLint(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	_, err := remudaprom.Register(reg, "orders", func() remuda.Stats { return remuda.Stats{} }, new(middleware.Metrics))
	require.NoError(t, err)
	_, err = remudaprom.RegisterHerd(reg, func() remuda.HerdStats { return remuda.HerdStats{} })
	require.NoError(t, err)
	problems, err := testutil.GatherAndLint(reg)
	require.NoError(t, err)
	require.Empty(t, problems)
}

// A scrape may come at any time.
func TestScrapeWhileThePoolRuns(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	p := start(t, reg, "orders")
	require.NoError(t, p.Resize(4))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 2000 {
			_ = p.Send(context.Background(), time.Duration(i%3-1))
		}
	}()
	for range 50 {
		_, err := reg.Gather()
		require.NoError(t, err)
	}
	<-done
	require.NoError(t, p.Close(t.Context()))
}
