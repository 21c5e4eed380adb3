package middleware

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/internal/attempt"
)

// Metrics counts runs by outcome, and gathers how long they took and how long
// their inputs had waited in the queue. The zero Metrics is ready for use, and
// must not be copied afterwards. All methods are safe for concurrent use. It is
// an expvar.Var: expvar.Publish("orders", &metrics).
//
// What it gathers is shared: of all workers, and of all pools that the Metrics
// is given to. The hot path takes no lock, allocates nothing, and writes only
// where its worker does.
//
// Counts are exact. Times are those of every run as long as there are less than
// a hundred thousand a second. When there are more, and two readings of the
// clock for each would be a good part of the work, a worker takes the time of
// one run in 31, which then stands for those before it. [Elapsed] times every
// run whatever it costs.
type Metrics struct {
	shards shards[metricsShard]
	timed  atomic.Int64 // when the last timed run ended, by the clock of the shards
}

type metricsShard struct {
	started  atomic.Uint64
	finished [outcomes]atomic.Uint64
	retries  atomic.Uint64

	runTime, queueTime atomicHistogram

	_ [cacheLine]byte
}

type outcome uint8

const (
	succeeded outcome = iota
	failed
	panicked
	canceled
	outcomes
)

// Wrap makes a Metrics a [remuda.Middleware].
func (m *Metrics) Wrap(next remuda.Handler) remuda.Handler {
	s, clock := m.shards.assign()
	r := &metricsRun{Metrics: m, shard: s, clock: clock}
	return func(ctx context.Context) error {
		tries, first := r.begin(ctx)
		o := failed // unless next returns and says otherwise
		defer func() { r.end(ctx, o, tries, first) }()
		err := next(ctx)
		o = r.outcomeOf(err)
		return err
	}
}

// WantsQueueTime makes a pool take the time of inputs from the first one on:
// see [remuda.Info.Queued].
func (m *Metrics) WantsQueueTime() bool { return true }

// metricsRun is the current run of one worker.
type metricsRun struct {
	*Metrics
	shard *metricsShard
	clock clock
	pace  pace
	watch bool // this run is timed
	start time.Duration

	panics panics
}

// begin notes that a run begins. It returns where the number of the attempt
// stands, and what it is now.
func (r *metricsRun) begin(ctx context.Context) (tries *atomic.Int32, first int32) {
	r.shard.started.Add(1)
	if tries, _ = ctx.Value(attempt.Key{}).(*atomic.Int32); tries != nil {
		first = tries.Load()
	}
	if r.watch = r.pace.due(); r.watch {
		r.start = r.clock.now()
	}
	return tries, first
}

// end notes that the run has ended.
func (r *metricsRun) end(ctx context.Context, o outcome, tries *atomic.Int32, first int32) {
	s := r.shard
	if tries != nil {
		// Outside of Retry, all attempts but the first are in here; inside of
		// it, each attempt comes here on its own.
		if last := tries.Load(); last > 1 {
			s.retries.Add(uint64(last - max(1, first-1)))
		}
	}
	if r.watch {
		r.observe(ctx, first)
	}
	s.finished[o].Add(1)
}

// observe puts the times of the run into the histograms.
func (r *metricsRun) observe(ctx context.Context, first int32) {
	end := r.clock.now()
	n := r.pace.took(end - time.Duration(r.timed.Swap(int64(end))))
	r.shard.runTime.add(end-r.start, n)
	if first > 1 { // the input has waited once
		return
	}
	if info, ok := remuda.InfoFrom(ctx); ok {
		if d := info.Queued(); d > 0 {
			r.shard.queueTime.add(d, n)
		}
	}
}

func (r *metricsRun) outcomeOf(err error) outcome {
	switch {
	case err == nil:
		return succeeded
	case r.panics.in(err):
		return panicked
	case errors.Is(err, context.Canceled):
		return canceled
	default:
		return failed
	}
}
