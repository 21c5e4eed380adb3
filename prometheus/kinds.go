package remudaprom

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// A Kind is what is shown of a kind of task: the fields of package tasks' KindInfo
// that have the same names. It is a type of this package so that programs without
// tasks need not require their client.
type Kind struct {
	Kind                              string
	Waiting, Running, Scheduled, Dead int
	Oldest                            time.Duration
	Handled                           bool
}

// kindsPatience bounds a scrape.
const kindsPatience = 5 * time.Second

// RegisterKinds registers the metrics of kinds of tasks with reg. List returns the
// kinds; it is called at each scrape, with a context that ends after 5 seconds, and
// its error takes the place of the metrics. One process per store is enough, since
// all see the same numbers. For the workers of one process, give the Stats of its
// handlers to Register.
//
//	_, err := remudaprom.RegisterKinds(registry, func(ctx context.Context) (kinds []remudaprom.Kind, err error) {
//		infos, err := client.Kinds(ctx)
//		for _, k := range infos {
//			kinds = append(kinds, remudaprom.Kind{
//				Kind: k.Kind, Waiting: k.Waiting, Running: k.Running, Scheduled: k.Scheduled, Dead: k.Dead,
//				Oldest: k.Oldest, Handled: k.Handled,
//			})
//		}
//		return kinds, err
//	})
func RegisterKinds(reg prometheus.Registerer, list func(context.Context) ([]Kind, error)) (prometheus.Collector, error) {
	if list == nil {
		return nil, errors.New("remudaprom: list is nil")
	}
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("remuda_tasks_"+name, help, append([]string{"kind"}, labels...), nil)
	}
	c := &kindsCollector{
		list:    list,
		tasks:   prometheus.NewDesc("remuda_tasks", "Tasks by state.", []string{"kind", "state"}, nil),
		oldest:  desc("oldest_seconds", "Since the oldest task that waits or runs was pushed."),
		handled: desc("handled", "Whether a worker that is there handles the kind."),
	}
	if err := reg.Register(c); err != nil {
		return nil, fmt.Errorf("remudaprom: kinds: %w", err)
	}
	return c, nil
}

type kindsCollector struct {
	list                   func(context.Context) ([]Kind, error)
	tasks, oldest, handled *prometheus.Desc
}

// Describe implements [prometheus.Collector].
func (c *kindsCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.tasks, c.oldest, c.handled} {
		ch <- d
	}
}

// Collect implements [prometheus.Collector].
func (c *kindsCollector) Collect(ch chan<- prometheus.Metric) {
	var failed error
	kinds, err := read(func() (kinds []Kind) {
		ctx, cancel := context.WithTimeout(context.Background(), kindsPatience)
		defer cancel()
		kinds, failed = c.list(ctx)
		return kinds
	})
	if err = errors.Join(err, failed); err != nil {
		ch <- prometheus.NewInvalidMetric(c.tasks, err)
		return
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	for _, k := range kinds {
		gauge(c.tasks, float64(k.Waiting), k.Kind, "waiting")
		gauge(c.tasks, float64(k.Running), k.Kind, "running")
		gauge(c.tasks, float64(k.Scheduled), k.Kind, "scheduled")
		gauge(c.tasks, float64(k.Dead), k.Kind, "dead")
		gauge(c.oldest, k.Oldest.Seconds(), k.Kind)
		handled := 0.0
		if k.Handled {
			handled = 1
		}
		gauge(c.handled, handled, k.Kind)
	}
}
