package remuda

import (
	"iter"
	"sync"
)

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
