package middleware

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/remuda-go/remuda"
)

// Elapsed is a [Counter] that also takes the time of each run. The zero Elapsed
// is ready for use, and must not be copied afterwards. All methods are safe for
// concurrent use.
//
// All workers, and all pools that are given the Elapsed, share its counts and times.
// A run that panics or ends its goroutine counts as finished and failed, with the
// time that it took; one that a middleware further inside has refused counts as
// finished and dropped, without a time. It costs two readings of the clock and an
// uncontended lock a run, and no allocation; [Metrics] costs less.
type Elapsed struct {
	shards shards[elapsedShard]
}

// ElapsedSnapshot is what an Elapsed has counted and timed. The times cover all
// finished runs but the dropped ones: Average is Total divided by Finished less
// Dropped. All times are 0 before there is one.
type ElapsedSnapshot struct {
	CounterSnapshot

	Total         time.Duration // of all workers together, up to the longest Duration, which is 292 years
	Average       time.Duration
	Last          time.Duration // of the run that ended last
	Min, Max      time.Duration
	P50, P95, P99 time.Duration // to within a quarter: see Histogram.Quantile
}

type elapsedShard struct {
	started atomic.Uint64

	mu       sync.Mutex // guards the rest
	failed   uint64
	dropped  uint64
	times    Histogram // one of each finished run that was not dropped
	min, max time.Duration
	last     time.Duration
	lastEnd  time.Duration // by the clock of the shards

	_ [cacheLine]byte
}

// Wrap makes an Elapsed a [remuda.Middleware].
func (e *Elapsed) Wrap(next remuda.Handler) remuda.Handler {
	s, clock := e.shards.assign()
	return func(ctx context.Context) error {
		s.started.Add(1)
		o := failed // unless next returns and says otherwise
		begin := clock.now()
		defer func() { s.finish(begin, clock.now(), o) }()
		err := next(ctx)
		if err == nil {
			o = succeeded
		} else if isDropped(ctx, err) {
			o = dropped
		}
		return err
	}
}

func (s *elapsedShard) finish(begin, end time.Duration, o outcome) {
	d := end - begin
	s.mu.Lock()
	defer s.mu.Unlock()
	switch o {
	case dropped:
		s.dropped++
		return
	case failed:
		s.failed++
	}
	if s.times.Count == 0 || d < s.min {
		s.min = d
	}
	s.max = max(s.max, d)
	s.times.add(d, 1)
	s.last, s.lastEnd = d, end
}

// Snapshot returns all counts and times, consistent with each other.
func (e *Elapsed) Snapshot() ElapsedSnapshot {
	var t elapsedShard // of all
	for _, s := range e.shards.list() {
		s.addTo(&t)
	}
	finished := t.times.Count + t.dropped
	started := t.started.Load()
	quantile := func(q float64) time.Duration {
		return max(t.min, min(t.times.Quantile(q), t.max))
	}
	return ElapsedSnapshot{
		CounterSnapshot: CounterSnapshot{
			Started:  started,
			Finished: finished,
			Failed:   t.failed,
			Dropped:  t.dropped,
			Running:  started - finished,
		},
		Total:   t.times.Sum,
		Average: t.times.Mean(),
		Last:    t.last,
		Min:     t.min,
		Max:     t.max,
		P50:     quantile(0.50),
		P95:     quantile(0.95),
		P99:     quantile(0.99),
	}
}

// addTo adds what s holds at one moment to t, which nobody else uses. No run of
// s can finish meanwhile, so that the one reading of started fits the rest.
func (s *elapsedShard) addTo(t *elapsedShard) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.started.Add(s.started.Load())
	t.dropped += s.dropped
	if s.times.Count == 0 {
		return
	}
	if t.times.Count == 0 || s.min < t.min {
		t.min = s.min
	}
	t.max = max(t.max, s.max)
	if t.times.Count == 0 || s.lastEnd >= t.lastEnd {
		t.last, t.lastEnd = s.last, s.lastEnd
	}
	t.failed += s.failed
	t.times = t.times.Merge(s.times)
}

// Started returns the number of runs that were started.
func (e *Elapsed) Started() uint64 { return e.Snapshot().Started }

// Finished returns the number of runs that have ended, with or without an error.
func (e *Elapsed) Finished() uint64 { return e.Snapshot().Finished }

// Failed returns the number of runs whose job returned an error, panicked or ended
// its goroutine.
func (e *Elapsed) Failed() uint64 { return e.Snapshot().Failed }

// Dropped returns the number of runs that a middleware further inside refused.
func (e *Elapsed) Dropped() uint64 { return e.Snapshot().Dropped }

// Running returns the number of runs under way.
func (e *Elapsed) Running() uint64 { return e.Snapshot().Running }

// Total returns the time that all finished runs took, on all workers together: see
// [ElapsedSnapshot].
func (e *Elapsed) Total() time.Duration { return e.Snapshot().Total }

// Average returns the average time of the finished runs.
func (e *Elapsed) Average() time.Duration { return e.Snapshot().Average }

// Last returns the time of the run that ended last.
func (e *Elapsed) Last() time.Duration { return e.Snapshot().Last }
