package middleware

import (
	"encoding/json"
	"sync/atomic"
	"time"
)

// MetricsSnapshot is what a [Metrics] has gathered. It is a plain value. Its counts
// show one moment of each worker, so Started == Succeeded + Failed + Dropped +
// Running.
type MetricsSnapshot struct {
	Started   uint64 // runs begun
	Running   uint64 // those that have not ended
	Succeeded uint64 // those that returned no error
	Failed    uint64 // those whose job returned an error, panicked or ended its goroutine
	Panicked  uint64 // those of Failed that panicked
	Canceled  uint64 // those of Failed whose error is context.Canceled
	Dropped   uint64 // those whose job was not called: a middleware further inside refused them

	// Retries is the number of attempts after the first, by [remuda.Info]'s Attempt;
	// outside of a pool there is no Info, and nothing is counted.
	Retries uint64

	// RunTime is how long runs took. Its count may fall short of the finished
	// runs by those that were not timed: see Metrics.
	RunTime Histogram

	// QueueTime is how long inputs had waited for their worker, if they had:
	// see remuda.Info.Queued. Where it is sampled (see Metrics) its count is
	// close to that of the inputs, and may exceed it.
	QueueTime Histogram
}

// Finished returns the number of runs that have ended, with or without an error.
func (s *MetricsSnapshot) Finished() uint64 { return s.Succeeded + s.Failed + s.Dropped }

// Merge returns the sum of both, as if one Metrics had gathered it all.
func (s MetricsSnapshot) Merge(other MetricsSnapshot) MetricsSnapshot {
	s.Started += other.Started
	s.Running += other.Running
	s.Succeeded += other.Succeeded
	s.Failed += other.Failed
	s.Panicked += other.Panicked
	s.Canceled += other.Canceled
	s.Dropped += other.Dropped
	s.Retries += other.Retries
	s.RunTime = s.RunTime.Merge(other.RunTime)
	s.QueueTime = s.QueueTime.Merge(other.QueueTime)
	return s
}

// Snapshot returns what was gathered so far. It takes a few microseconds and delays
// no run.
func (m *Metrics) Snapshot() MetricsSnapshot {
	var t MetricsSnapshot
	for _, s := range m.shards.list() {
		s.addTo(&t)
	}
	return t
}

// addTo adds what s holds to t. The counts are read again when a run has begun
// meanwhile, so that each end that is counted belongs to a run that is.
func (s *metricsShard) addTo(t *MetricsSnapshot) {
	var started uint64
	var ended [outcomes]uint64
	for {
		started = s.started.Load()
		for o := range ended {
			ended[o] = s.finished[o].Load()
		}
		if s.started.Load() == started {
			break
		}
	}
	failures := ended[failed] + ended[panicked] + ended[canceled]
	t.Started += started
	t.Running += started - ended[succeeded] - failures - ended[dropped]
	t.Succeeded += ended[succeeded]
	t.Failed += failures
	t.Panicked += ended[panicked]
	t.Canceled += ended[canceled]
	t.Dropped += ended[dropped]
	t.Retries += s.retries.Load()
	s.runTime.addTo(&t.RunTime)
	s.queueTime.addTo(&t.QueueTime)
}

// String returns the snapshot as JSON, with times in seconds: the counts, and
// of each histogram its count, sum and quantiles. It makes a Metrics an
// expvar.Var.
func (m *Metrics) String() string {
	s := m.Snapshot()
	out, err := json.Marshal(struct {
		Started   uint64        `json:"started"`
		Running   uint64        `json:"running"`
		Succeeded uint64        `json:"succeeded"`
		Failed    uint64        `json:"failed"`
		Panicked  uint64        `json:"panicked"`
		Canceled  uint64        `json:"canceled"`
		Dropped   uint64        `json:"dropped"`
		Retries   uint64        `json:"retries"`
		RunTime   histogramJSON `json:"run_seconds"`
		QueueTime histogramJSON `json:"queue_seconds"`
	}{
		s.Started, s.Running, s.Succeeded, s.Failed, s.Panicked, s.Canceled, s.Dropped, s.Retries,
		summarize(&s.RunTime), summarize(&s.QueueTime),
	})
	if err != nil { // there is nothing in it that could fail
		return "{}"
	}
	return string(out)
}

type histogramJSON struct {
	Count uint64  `json:"count"`
	Sum   float64 `json:"sum"`
	P50   float64 `json:"p50"`
	P95   float64 `json:"p95"`
	P99   float64 `json:"p99"`
}

func summarize(h *Histogram) histogramJSON {
	return histogramJSON{
		Count: h.Count,
		Sum:   h.Seconds(),
		P50:   h.Quantile(0.50).Seconds(),
		P95:   h.Quantile(0.95).Seconds(),
		P99:   h.Quantile(0.99).Seconds(),
	}
}

// An atomicHistogram is a Histogram that several workers may add to.
type atomicHistogram struct {
	sum    atomicTotal
	counts [buckets]atomic.Uint64
}

// add counts d, n times.
func (h *atomicHistogram) add(d time.Duration, n uint64) {
	h.sum.add(times(d, n))
	h.counts[bucketOf(d)].Add(n)
}

// addTo adds what h holds to t.
func (h *atomicHistogram) addTo(t *Histogram) {
	t.include(h.sum.load())
	for i := range h.counts {
		n := h.counts[i].Load()
		t.counts[i] += n
		t.Count += n
	}
}
