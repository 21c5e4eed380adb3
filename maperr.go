package remuda

import (
	"context"
	"iter"
	"sync"
)

// MapErr is Map over a sequence that can fail, as the lines of a file or the rows of
// a query can. A pair with an error takes its place among the outcomes: the loop gets
// that error in its turn, and the job does not see the pair's input. The sequence goes
// on after it, if it does.
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
		p.mapTo(ctx, input, yield)
	}
}

// faults is the errors of a sequence that no worker has come to yet.
type faults struct {
	mu sync.Mutex
	at map[int]error // by index in the sequence
}

func (f *faults) put(i int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.at == nil {
		f.at = make(map[int]error)
	}
	f.at[i] = err
}

// take returns the error at i, if there is one.
func (f *faults) take(i int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.at[i]
	delete(f.at, i)
	return err
}

// inputsOf returns the inputs of seq. In the place of an error is an input that must
// not run, and the error is in at then.
func inputsOf[In any](seq iter.Seq2[In, error], at *faults) iter.Seq[In] {
	return func(yield func(In) bool) {
		i := 0
		for in, err := range seq {
			if err != nil {
				at.put(i, err)
			}
			if !yield(in) {
				return
			}
			i++
		}
	}
}
