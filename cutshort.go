package remuda

import (
	"errors"
)

// ErrCutShort marks the error with which Map, MapErr, Stream or DoAll ends before
// all inputs of its sequence have run: the last pair of the loop. It distinguishes
// that from the outcome of an input, which may be any error. It comes with the
// cause, the error of the context or [ErrPoolClosed], and errors.Is finds both.
var ErrCutShort = errors.New("remuda: cut short")

// A cutShortError is ErrCutShort and its cause.
type cutShortError struct {
	pool  string
	cause error
}

func (e *cutShortError) Error() string {
	return in(e.pool, ErrCutShort.Error()+": "+unprefixed(e.cause.Error(), e.pool))
}

func (e *cutShortError) Unwrap() []error { return []error{ErrCutShort, e.cause} }

// cutShort is the error of a loop that err has cut short.
func (c *core[In, Out]) cutShort(err error) error {
	if err == ErrPoolClosed {
		err = c.life.closedFault(c.cfg)
	}
	return &cutShortError{c.cfg.Name, err}
}

// neverBegan is the outcome of an input that did not begin because of err: the end of
// a context, or ErrPoolClosed.
func (c *core[In, Out]) neverBegan(err error) error {
	if err == nil || err == ErrPoolClosed {
		return c.life.closedFault(c.cfg)
	}
	return c.ref.endedWhile(isQueued, err)
}
