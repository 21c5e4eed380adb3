package remuda

import (
	"github.com/remuda-go/remuda/internal/dispatch"
	"github.com/remuda-go/remuda/internal/safeerr"
)

// outcomeOf says how to count a run that returned err, which is not nil.
func outcomeOf(err error) dispatch.Outcome {
	switch err.(type) {
	case *PanicError:
		return dispatch.Panicked
	case interface{ Unwrap() error }, interface{ Unwrap() []error }:
		if _, ok := safeerr.AsType[*PanicError](err); ok { // it needs a defer, hence the switch
			return dispatch.Panicked
		}
	}
	return dispatch.Failed
}
