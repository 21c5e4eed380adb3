package remuda

import (
	"context"
	"fmt"
)

// A nilError says what is nil that must not be. It is ErrNilJob.
type nilError string

func (e nilError) Error() string { return "remuda: " + string(e) + " is nil" }
func (nilError) Unwrap() error   { return ErrNilJob }

// A faultyJob takes the place of one that could not be made, since what it was to
// be made of is nil. Start refuses it.
type faultyJob[In, Out any] struct{ fault error }

func (j faultyJob[In, Out]) Do(context.Context, In) (out Out, err error) { return out, j.fault }

// faultOf returns why job cannot run, and nil if it can. A job that is nil is
// what is named.
func faultOf[In, Out any](job Job[In, Out], name string) error {
	switch j := any(job).(type) {
	case nil:
		return nilError(name)
	case JobFunc[In, Out]:
		if j == nil {
			return nilError(name)
		}
	case loopJob:
		if j == nil {
			return nilError(name)
		}
	case faultyJob[In, Out]:
		return j.fault
	}
	return nil
}

// faultOfAll returns which of mws is nil.
func faultOfAll(mws []Middleware, of string) error {
	for i, mw := range mws {
		if f, ok := mw.(MiddlewareFunc); mw == nil || ok && f == nil {
			return nilError(fmt.Sprintf("%smiddleware %d", of, i+1))
		}
	}
	return nil
}

// nilFault names what is nil, if it is.
func nilFault(isNil bool, name string) error {
	if isNil {
		return nilError(name)
	}
	return nil
}
