package remuda

import (
	"sync/atomic"

	"github.com/remuda-go/remuda/internal/dispatch"
	"github.com/remuda-go/remuda/internal/queuetime"
	"github.com/remuda-go/remuda/internal/runstate"
)

const (
	// The batch size grows while a batch runs in less than batchShort, and shrinks
	// when it takes more than batchLong: long enough to make the hand-over
	// cheap, short enough to spread the work.
	batchShort   = 20_000 // ns
	batchLong    = 60_000
	maxBatchSize = 256

	maxSpareBatches = 16

	// From this batch size on, inputs run in a microsecond or so: more workers than
	// processors don't help.
	fastBatchSize = 16
)

// A batch is inputs of a stream that a worker has taken, and their outcomes. The
// dispatch.Batch in it says how far the worker is: a reader that sees there that an
// input has ended may read its outcome.
type batch[In, Out any] struct {
	dispatch.Batch
	first    int // index of in[0] in the sequence
	in       []In
	outcomes []outcome[Out] // as many as in; written by the worker
	current  int            // index of the input that runs; the worker's own

	kinds []dispatch.Outcome // of each, in a batch that was lent to a bulk

	began  int64 // by the pool's clock
	sample int   // index of the input whose time in queue is the sample, or unsampled
	run    *runContext

	consumed int             // by the loop; its own
	next     *batch[In, Out] // guarded by the stream's mu, as the rest
	returned bool            // its worker has finished with it
	drained  bool            // the loop has consumed all of it
	slow     atomic.Bool     // idle workers may take over what has not begun

	nextGivenBack *batch[In, Out]
}

// An outcome is what has become of an input.
type outcome[Out any] struct {
	out Out
	err error
}

// unsampled is the sample of a batch that was split off another one, whose sample
// stands for both.
const unsampled = -1

// chooseSample chooses the input whose time in queue stands for those of all, where
// a sample will do: no matter which, only not always the first.
func (b *batch[In, Out]) chooseSample() {
	if b.sample != unsampled {
		b.sample = int(b.began % int64(min(len(b.in), fastBatchSize)))
	}
}

// accepted says when the input at i was accepted.
func (b *batch[In, Out]) accepted(i int, timing uint32) queuetime.Stamp {
	switch {
	case timing == runstate.Untimed:
		return 0
	case timing == runstate.Timed:
		return queuetime.Stamp(b.began)
	case i == b.sample:
		return queuetime.Stamp(-b.began)
	default:
		return 0
	}
}

var _ = (*batch[Void, Void]).record // is a recorder

// record counts the outcome of the current input and keeps it for the loop.
func (b *batch[In, Out]) record(_ *runnerState[In, Out], out Out, err error, o dispatch.Outcome) {
	b.outcomes[b.current] = outcome[Out]{out, err}
	b.Count(o)
}

// settle keeps the outcome of an input of a batch that was lent.
func (b *batch[In, Out]) settle(i int, res result[Out]) {
	b.outcomes[i], b.kinds[i] = outcome[Out]{res.out, res.err}, res.outcome
}
