package remuda

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/remuda-go/remuda/internal/dispatch"
	"github.com/remuda-go/remuda/internal/safeerr"
)

// The errors of a pool say which pool it is, if that has a name, behind the prefix
// that all errors of this package have.

const prefix = "remuda: "

// in adds the pool's name to the text of an error.
func in(pool, text string) string {
	if pool == "" {
		return text
	}
	return prefix + pool + ": " + strings.TrimPrefix(text, prefix)
}

// unprefixed is the text of an error inside of one that has said already whose it is.
func unprefixed(text, pool string) string {
	text = strings.TrimPrefix(text, prefix)
	if pool == "" {
		return text
	}
	return strings.TrimPrefix(text, pool+": ")
}

// fault adds the pool's name to an error, if the pool has one.
func (c Config) fault(err error) error {
	if c.Name == "" || err == nil {
		return err
	}
	return &fault{err, c.Name}
}

type fault struct {
	err  error
	pool string
}

func (f *fault) Error() string { return in(f.pool, f.err.Error()) }
func (f *fault) Unwrap() error { return f.err }

// A limitError says which bound stands in the way of what. It is the sentinel.
type limitError struct {
	sentinel error
	pool     string
	text     string
}

func (e *limitError) Error() string { return in(e.pool, prefix+e.text) }
func (e *limitError) Unwrap() error { return e.sentinel }

// limit is the error for a call that a bound forbids.
func (c Config) limit(sentinel error, format string, args ...any) error {
	return &limitError{sentinel, c.Name, fmt.Sprintf(format, args...)}
}

// full is the error of a call that does not wait for a place.
func (c Config) full(keyed bool) error {
	switch bound := c.bound(); {
	case bound == 0 && keyed:
		return c.limit(ErrQueueFull, "queue is full: there is none, and no worker is free, or the key is not")
	case bound == 0:
		return c.limit(ErrQueueFull, "queue is full: there is none, and no worker is free")
	case keyed:
		return c.limit(ErrQueueFull, "queue is full: %d wait, or %d of the key", bound, dispatch.Share(bound))
	default:
		return c.limit(ErrQueueFull, "queue is full: %d wait", bound)
	}
}

// A waitError says where somebody was, or an input, when the context ended. It is
// the error of the context.
type waitError struct {
	where, pool string
	err         error
}

func (e *waitError) Error() string {
	pool := e.pool
	if pool == "" {
		pool = "the pool"
	}
	return prefix + e.where + " " + pool + ": " + e.err.Error()
}

func (e *waitError) Unwrap() error { return e.err }

// endedWhile is the error for a context that ended with err in the meantime.
func (ref *poolRef) endedWhile(where string, err error) error {
	return &waitError{where, ref.name, err}
}

// nestedFault returns why a run of the pool must not wait for it.
func (ref *poolRef) nestedFault() error {
	if !ref.keyed {
		return nil
	}
	return Config{Name: ref.name}.fault(ErrNestedKey)
}

// Where one can be.
const (
	isBlocked = "blocked before the queue of"
	isQueued  = "queued in"
	isRunning = "running in"
	isWaiting = "waiting for a ticket of"
)

// A closedError is ErrPoolClosed and tells the reason: the failed run, or the source,
// that has closed the pool. It is the reason, too, where nobody can take that for the
// outcome of his own input.
type closedError struct {
	pool   string
	reason error
	is     bool // the reason, to errors.Is
}

func (e *closedError) Error() string {
	return in(e.pool, ErrPoolClosed.Error()) + ": " + e.reason.Error()
}

func (e *closedError) Unwrap() error { return ErrPoolClosed }

func (e *closedError) Is(target error) bool { return e.is && errors.Is(e.reason, target) }

// As finds the reason, unless that is a panic: a job that returns the error of its
// Send has not panicked.
func (e *closedError) As(target any) bool {
	if _, panicked := target.(**PanicError); panicked || !e.is {
		return false
	}
	return errors.As(e.reason, target)
}

// A closedRunError is the error of a run that Close has cancelled: ErrPoolClosed, and
// what the run returned.
type closedRunError struct{ closed, err error }

func (e *closedRunError) Error() string   { return e.closed.Error() + ": " + e.err.Error() }
func (e *closedRunError) Unwrap() []error { return []error{e.closed, e.err} }

// with is the error of an input of the run, of which the run returned err.
func (e *closedRunError) with(err error) error {
	if !safeerr.Is(err, context.Canceled) {
		return err
	}
	return &closedRunError{e.closed, err}
}

// withReason is the error of a call that hands over an input and has no outcome.
func withReason(err error) error {
	if e, ok := err.(*closedError); ok {
		return &closedError{e.pool, e.reason, true}
	}
	return err
}

// closedFault is the error of a call on a pool that is closed.
func (l *lifecycle) closedFault(cfg Config) error {
	if reason := l.cause(); reason != nil {
		return &closedError{pool: cfg.Name, reason: reason}
	}
	return cfg.fault(ErrPoolClosed)
}

// mustContext panics if ctx is nil, as the standard library does.
func mustContext(ctx context.Context) {
	if ctx == nil {
		panic("remuda: nil context")
	}
}
