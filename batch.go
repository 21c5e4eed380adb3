package remuda

import "github.com/remuda-go/remuda/internal/runstate"

// A batch is inputs of a stream that a worker has taken, and their outcomes.
type batch[In, Out any] struct {
	in   []In
	out  []Out   // as many as have run
	errs []error // empty if all were nil so far, else as long as out

	began  int64 // by home.now
	sample int   // index of the input whose time in queue is the sample, or unsampled
	tally  tally
	done   bool
	run    *runContext

	next, nextLoose *batch[In, Out]
}

func (b *batch[In, Out]) err(i int) error {
	if i < len(b.errs) {
		return b.errs[i]
	}
	return nil
}

// unsampled is the sample of a batch that was given back by a worker: the sample
// of the batch of which it is the rest stands for its inputs, too.
const unsampled = -1

// chooseSample chooses the input whose time in queue stands for those of all, where
// a sample will do: no matter which, only not always the first, and before the
// batch may be cut short.
func (b *batch[In, Out]) chooseSample() {
	if b.sample != unsampled {
		b.sample = int(b.began % int64(min(len(b.in), checkEvery)))
	}
}

// accepted says when the input at i was accepted; see stamp.
func (b *batch[In, Out]) accepted(i int, timing uint32) stamp {
	switch {
	case timing == runstate.Untimed:
		return 0
	case timing == runstate.Timed:
		return stamp(b.began)
	case i == b.sample:
		return stamp(-b.began)
	default:
		return 0
	}
}

// add appends the outcome of the next input.
func (b *batch[In, Out]) add(out Out, err error, o outcome) {
	if err != nil || len(b.errs) > 0 {
		for len(b.errs) < len(b.out) {
			b.errs = append(b.errs, nil)
		}
		b.errs = append(b.errs, err)
	}
	b.out = append(b.out, out)
	b.tally.count(o)
}

// reset makes a consumed batch ready for use again, and lets go of its values.
func (b *batch[In, Out]) reset() {
	clear(b.in)
	clear(b.out)
	clear(b.errs)
	*b = batch[In, Out]{in: b.in[:0], out: b.out[:0], errs: b.errs[:0]}
}
