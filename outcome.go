package remuda

import (
	"github.com/remuda-go/remuda/internal/dispatch"
	"github.com/remuda-go/remuda/internal/safeerr"
)

// outcomeOf says how to count a run that returned err. It is inlined, unlike
// what it does with an error.
func outcomeOf(err error) dispatch.Outcome {
	if err == nil {
		return dispatch.Succeeded
	}
	return failureOf(err)
}

func failureOf(err error) dispatch.Outcome {
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
