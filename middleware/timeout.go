package middleware

import (
	"context"
	"fmt"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/internal/safeerr"
)

// A TimeoutError is the cause ([context.Cause]) of a context that [Timeout] ended,
// and is wrapped in the error of a run that failed after that. It distinguishes this
// timeout from a caller's deadline, and from another Timeout. It is
// [context.DeadlineExceeded], too, to errors.Is.
type TimeoutError struct {
	After time.Duration // the timeout
}

// Error says how long the timeout was.
func (e *TimeoutError) Error() string { return fmt.Sprintf("remuda: timeout after %v", e.After) }

// Unwrap returns [context.DeadlineExceeded].
func (e *TimeoutError) Unwrap() error { return context.DeadlineExceeded }

// Timeout gives the context of each run a deadline, d after the run begins. It never
// abandons a run: a job that ignores its context runs on, and occupies its worker
// until it returns. Outside of [Retry] it bounds all attempts together, inside of it
// each one.
//
// When the deadline has passed, the cause of the context is a [*TimeoutError], and
// an error of the run is wrapped together with it, unless it has that cause already; a run that succeeds nevertheless
// has succeeded. If d is 0 or less, the context has ended from the start.
//
// It keeps no state, neither for a worker nor shared. A run costs some 80 ns and
// one allocation, for its context; a job that asks the context for Done, or
// derives another from it, pays for that what it would with
// [context.WithTimeoutCause].
func Timeout(d time.Duration) remuda.Middleware {
	cause := &TimeoutError{After: d}
	return remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
		return func(ctx context.Context) error {
			c := &deadline{Context: ctx, at: time.Now().Add(d), cause: cause}
			defer c.end()
			err := next(c)
			if err != nil && c.passed() && !safeerr.Is(err, cause) { // net/http, say, has put it in already
				return fmt.Errorf("%w: %w", cause, err)
			}
			return err
		}
	})
}
