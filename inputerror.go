package remuda

import "fmt"

// An InputError says which of several inputs an error belongs to. [Pool.DoAll] joins
// them; the function of [StartBatches] may do so, to fail some inputs of a batch and
// not the others.
type InputError struct {
	Index int   // of the input, counted from 0
	Err   error // its error

	pool string // whose DoAll it is of; empty for none
}

// Error returns the index and the error.
func (e *InputError) Error() string {
	return in(e.pool, fmt.Sprintf("remuda: input %d: %v", e.Index, e.Err))
}

// Unwrap returns Err.
func (e *InputError) Unwrap() error { return e.Err }
