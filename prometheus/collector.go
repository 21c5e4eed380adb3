package remudaprom

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

// Register registers the metrics of a pool with reg, under the label pool, in which
// invalid UTF-8 is replaced. Stats is the pool's method: it is called at each
// scrape, and must not be nil. If it panics, the scrape has an error in place of
// this pool's metrics. Metrics is the middleware that the pool runs its jobs in;
// with nil, what comes from there is left out.
//
// It returns the collector, for reg.Unregister when the pool is closed. Any
// number of pools can be registered with one registry under different names; a
// name that is taken gives a [prometheus.AlreadyRegisteredError], with or without
// metrics.
func Register(reg prometheus.Registerer, pool string, stats func() remuda.Stats, metrics *middleware.Metrics) (prometheus.Collector, error) {
	if stats == nil {
		return nil, errors.New("remudaprom: stats is nil")
	}
	c := newCollector(pool, stats, metrics)
	if err := reg.Register(c); err != nil {
		return nil, fmt.Errorf("remudaprom: pool %q: %w", pool, err)
	}
	return c, nil
}

// A collector turns the snapshots of a pool into metrics.
type collector struct {
	stats   func() remuda.Stats
	metrics *middleware.Metrics // may be nil

	jobs, inFlight, depth, workers, busy *prometheus.Desc // from stats
	retries, duration, wait              *prometheus.Desc // from metrics
}

func newCollector(pool string, stats func() remuda.Stats, metrics *middleware.Metrics) *collector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("remuda_"+name, help, labels, prometheus.Labels{"pool": strings.ToValidUTF8(pool, "\uFFFD")})
	}
	return &collector{
		stats:    stats,
		metrics:  metrics,
		jobs:     desc("jobs_total", "Inputs that have run or were dropped, by outcome.", "outcome"),
		inFlight: desc("jobs_in_flight", "Runs that have begun and not ended."),
		depth:    desc("queue_depth", "Inputs that were accepted and wait for a worker."),
		workers:  desc("workers", "Workers that the pool should have."),
		busy:     desc("workers_busy", "Workers that have something to run."),
		retries:  desc("retries_total", "Attempts at a job but the first."),
		duration: desc("job_duration_seconds", "How long runs took."),
		wait:     desc("job_wait_seconds", "How long inputs waited in the queue, of those that waited."),
	}
}

// Describe implements [prometheus.Collector]. It describes what there is not, too:
// by this the registry knows the collectors of one name for the same.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.jobs, c.inFlight, c.depth, c.workers, c.busy, c.retries, c.duration, c.wait} {
		ch <- d
	}
}

// Collect implements [prometheus.Collector].
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	s, err := read(c.stats)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(c.jobs, err)
		return
	}
	counter := func(d *prometheus.Desc, n uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	gauge := func(d *prometheus.Desc, n int) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(n))
	}
	counter(c.jobs, s.Succeeded, "succeeded")
	counter(c.jobs, s.Failed-s.Panicked, "failed")
	counter(c.jobs, s.Panicked, "panicked")
	counter(c.jobs, s.Dropped, "dropped")
	gauge(c.inFlight, s.Running+s.Yielded)
	gauge(c.depth, s.Queued)
	gauge(c.workers, s.Workers)
	gauge(c.busy, s.Busy)
	if c.metrics == nil {
		return
	}
	m := c.metrics.Snapshot()
	counter(c.retries, m.Retries)
	ch <- histogram(c.duration, &m.RunTime)
	ch <- histogram(c.wait, &m.QueueTime)
}

// read calls stats, whatever that does. It does so on another goroutine, since the
// registry would wait forever for its own if stats ended that.
func read[S any](stats func() S) (s S, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		err = fmt.Errorf("remudaprom: stats: %w", remuda.ErrGoexit) // unless it returns or panics
		defer func() {
			if v := recover(); v != nil {
				err = fmt.Errorf("remudaprom: stats: %w", &remuda.PanicError{Value: v, Stack: debug.Stack()})
			}
		}()
		s = stats()
		err = nil
	}()
	<-done
	return s, err
}

const (
	// The buckets that Prometheus gets: their upper ends are the powers of two
	// from 8 µs to 9 minutes, in nanoseconds. Those of middleware.Histogram are
	// four times as fine, which would be 150 series for each pool.
	lowest  = 1 << 13 * time.Nanosecond
	highest = 1 << 39 * time.Nanosecond
)

func histogram(d *prometheus.Desc, h *middleware.Histogram) prometheus.Metric {
	cumulative := make(map[float64]uint64)
	var below uint64
	bound := lowest
	for upper, n := range h.Buckets() {
		below += n
		if upper == bound && bound <= highest {
			cumulative[upper.Seconds()] = below
			bound *= 2
		}
	}
	return prometheus.MustNewConstHistogram(d, h.Count, h.Seconds(), cumulative)
}
