package remuda

import (
	"context"
	"iter"
)

// MapErr is like Map, over a sequence that can fail, as the lines of a file or the
// rows of a query can. A pair with an error takes its place among the outcomes: the
// loop gets that error in its turn, and the job does not see the pair's input. The
// sequence goes on after it, if it does.
//
// Such a pair waits for its place and for a worker as an input does, and counts as
// Dropped in [Stats].
func (p *Pool[In, Out]) MapErr(ctx context.Context, seq iter.Seq2[In, error]) iter.Seq2[Out, error] {
	return func(yield func(Out, error) bool) {
		var input streamInput[In]
		if seq != nil {
			input.faults = new(faults)
			input.seq = inputsOf(seq, input.faults)
		}
		mapTo(ctx, &p.core, input, yield)
	}
}
