package monitor

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

// A state is what the page shows.
type state struct {
	Now      time.Time   `json:"now"`
	Pools    []poolState `json:"pools"`
	Failures []failure   `json:"failures"` // the newest first
	Unkept   uint64      `json:"unkept"`
}

// A poolState is that of one pool. Rates and times are of the last seconds, and null
// until there are two samples, or runs.
type poolState struct {
	Name      string   `json:"name"`
	Workers   int      `json:"workers"`
	Busy      int      `json:"busy"`
	Running   int      `json:"running"`
	Yielded   int      `json:"yielded"`
	Queued    int      `json:"queued"`
	Retired   int      `json:"retired"`
	Accepted  uint64   `json:"accepted"`
	Succeeded uint64   `json:"succeeded"`
	Failed    uint64   `json:"failed"`
	Panicked  uint64   `json:"panicked"`
	Dropped   uint64   `json:"dropped"`
	Rate      *float64 `json:"rate"`      // runs that ended, a second
	FailRate  *float64 `json:"fail_rate"` // those that failed
	Run       *times   `json:"run"`
	Wait      *times   `json:"wait"` // in the queue
}

// times are quantiles, in seconds.
type times struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

// windowSize is how many samples rates and times go back.
const windowSize = 11

// A sample is what the pools were at one moment.
type sample struct {
	at      time.Time
	stats   []remuda.Stats
	metrics []middleware.MetricsSnapshot
}

// A window has the last samples, the oldest first. It belongs to one listener.
type window struct {
	monitor *Monitor
	pools   []Pool
	samples []sample
}

// look takes a sample, and returns what there is to show.
func (w *window) look() *state {
	now := sample{at: time.Now()}
	s := &state{Now: now.at, Failures: []failure{}}
	seen := make(map[string]bool)
	for _, p := range w.pools {
		r := w.monitor.recorder(p.Name())
		now.stats = append(now.stats, p.Stats())
		now.metrics = append(now.metrics, r.metrics.Snapshot())
		if !seen[r.pool] {
			seen[r.pool] = true
			failures, unkept := r.recent()
			s.Failures = append(s.Failures, failures...)
			s.Unkept += unkept
		}
	}
	slices.SortStableFunc(s.Failures, func(a, b failure) int { return b.At.Compare(a.At) })
	w.samples = append(w.samples, now)
	w.samples = w.samples[max(0, len(w.samples)-windowSize):]
	for i, p := range w.pools {
		s.Pools = append(s.Pools, w.state(i, cmp.Or(p.Name(), fmt.Sprintf("pool %d, without a name", i+1))))
	}
	return s
}

func (w *window) state(i int, name string) poolState {
	first, last := &w.samples[0], &w.samples[len(w.samples)-1]
	a, b := first.stats[i], last.stats[i]
	p := poolState{
		Name: name, Workers: b.Workers, Busy: b.Busy, Running: b.Running, Yielded: b.Yielded, Queued: b.Queued, Retired: b.Retired,
		Accepted: b.Accepted, Succeeded: b.Succeeded, Failed: b.Failed, Panicked: b.Panicked, Dropped: b.Dropped,
	}
	if seconds := last.at.Sub(first.at).Seconds(); seconds > 0 {
		ended := float64(b.Succeeded+b.Failed-a.Succeeded-a.Failed) / seconds
		failed := float64(b.Failed-a.Failed) / seconds
		p.Rate, p.FailRate = &ended, &failed
	}
	p.Run = between(&first.metrics[i].RunTime, &last.metrics[i].RunTime)
	p.Wait = between(&first.metrics[i].QueueTime, &last.metrics[i].QueueTime)
	return p
}

// between returns the quantiles of what came to a histogram; nil if nothing did.
func between(before, after *middleware.Histogram) *times {
	var uppers []time.Duration
	var counts []uint64
	for upper, n := range after.Buckets() {
		uppers, counts = append(uppers, upper), append(counts, n)
	}
	i, total := 0, uint64(0)
	for _, n := range before.Buckets() {
		counts[i] -= min(n, counts[i])
		total += counts[i]
		i++
	}
	if total == 0 {
		return nil
	}
	quantile := func(q float64) float64 {
		rank := q * float64(total)
		for i, n := range counts {
			if rank -= float64(n); rank <= 0 && n > 0 {
				return uppers[min(i, len(uppers)-2)].Seconds() // the last has no upper end
			}
		}
		return 0
	}
	return &times{P50: quantile(0.5), P99: quantile(0.99)}
}
