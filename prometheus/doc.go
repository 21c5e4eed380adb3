// Package remudaprom shows the numbers of remuda pools to [Prometheus]. Its
// import path ends in /prometheus; its name does not, so that it can stand
// beside the client library's own package prometheus:
//
//	import (
//		"github.com/prometheus/client_golang/prometheus"
//		"github.com/remuda-go/remuda"
//		"github.com/remuda-go/remuda/middleware"
//		remudaprom "github.com/remuda-go/remuda/prometheus"
//	)
//
//	var metrics middleware.Metrics
//	pool := remuda.New[Order, Receipt](&metrics)
//	registry := prometheus.NewRegistry()
//	_, err := remudaprom.Register(registry, "orders", pool.Stats, &metrics)
//
// It is a module of its own, so that the pool requires no client library.
//
// # Metrics
//
//	remuda_jobs_total            counter    inputs by outcome: succeeded, failed, panicked, or dropped without a run (see remuda.Stats)
//	remuda_jobs_in_flight        gauge      runs that have begun and not ended
//	remuda_queue_depth           gauge      inputs that wait for a worker
//	remuda_workers               gauge      workers that the pool should have
//	remuda_workers_busy          gauge      those of them that have something to run
//	remuda_retries_total         counter    attempts but the first
//	remuda_job_duration_seconds  histogram  how long runs took
//	remuda_job_wait_seconds      histogram  how long inputs waited, of those that did; a sample, if they are many
//
// All have the label pool, and jobs_total has outcome besides: there are no
// others, so that a pool has some 70 series and never more. The buckets of the
// histograms reach from 8 µs to 9 minutes by powers of two.
//
// How much of a pool is in use is remuda_workers_busy / remuda_workers, which is what
// package autoscale goes by; a pool of batches has many jobs in flight for one busy worker.
//
// The last three come from [middleware.Metrics], which says what they include; they
// count what is inside of it in the chain. The others come from the pool itself.
// Nothing is counted for Prometheus on the path of a run: a scrape costs a snapshot
// of both, and nothing else.
//
// Of kinds of tasks, by [RegisterKinds], with the label kind:
//
//	remuda_tasks                 gauge      tasks by state: waiting, running, scheduled, dead
//	remuda_tasks_oldest_seconds  gauge      since the oldest task that waits or runs was pushed
//	remuda_tasks_handled         gauge      1 if a worker that is there handles the kind
//
// [Prometheus]: https://prometheus.io
package remudaprom
