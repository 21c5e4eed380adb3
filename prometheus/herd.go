package remudaprom

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/remuda-go/remuda"
)

var errNilStats = errors.New("remudaprom: stats is nil")

// RegisterHerd registers the metrics of a [remuda.Herd] with reg, under
// gofherd's names:
//
//	gofherd_success_total  counter  units that succeeded
//	gofherd_retry_total    counter  times that a unit was sent back to be tried again
//	gofherd_failure_total  counter  units that failed
//
// Stats is the herd's method: it is called at each scrape, and must not be nil.
// The collector that is returned is for reg.Unregister.
//
// The names have no label, as gofherd's have none, so a second herd gets a
// [prometheus.AlreadyRegisteredError]. Several herds each need a registerer that
// adds a label ([prometheus.WrapRegistererWith]). The herd's pool has more
// numbers: give [Register] a function that returns Stats().Pool.
func RegisterHerd(reg prometheus.Registerer, stats func() remuda.HerdStats) (prometheus.Collector, error) {
	if stats == nil {
		return nil, errNilStats
	}
	c := newHerdCollector(stats)
	if err := reg.Register(c); err != nil {
		return nil, fmt.Errorf("remudaprom: herd: %w", err)
	}
	return c, nil
}

// HerdHandler serves the metrics of RegisterHerd, from a registry of their own:
//
//	herdhttp.Serve(herd, addr, herdhttp.WithMetrics(remudaprom.HerdHandler(herd.Stats)))
//
// It panics if stats is nil, as [http.Handle] does with a handler that is nil.
// To serve more beside them, use a registry of the program's own, and promhttp.
func HerdHandler(stats func() remuda.HerdStats) http.Handler {
	if stats == nil {
		panic(errNilStats)
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(newHerdCollector(stats)) // there is nothing yet that it could clash with
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{})
}

// A herdCollector turns the snapshots of a herd into metrics.
type herdCollector struct {
	stats                   func() remuda.HerdStats
	success, retry, failure *prometheus.Desc
}

func newHerdCollector(stats func() remuda.HerdStats) *herdCollector {
	return &herdCollector{
		stats:   stats,
		success: prometheus.NewDesc("gofherd_success_total", "Units that succeeded.", nil, nil),
		retry:   prometheus.NewDesc("gofherd_retry_total", "Times that a unit was sent back to be tried again.", nil, nil),
		failure: prometheus.NewDesc("gofherd_failure_total", "Units that failed.", nil, nil),
	}
}

// Describe implements [prometheus.Collector].
func (c *herdCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.success, c.retry, c.failure} {
		ch <- d
	}
}

// Collect implements [prometheus.Collector].
func (c *herdCollector) Collect(ch chan<- prometheus.Metric) {
	s := c.stats()
	counter := func(d *prometheus.Desc, n uint64) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n))
	}
	counter(c.success, s.Success)
	counter(c.retry, s.Retry)
	counter(c.failure, s.Failure)
}
