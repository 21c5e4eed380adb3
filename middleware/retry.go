package middleware

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/internal/safeerr"
)

// ErrNotRetryable makes [Retry] give up: a job returns it, or an error that wraps
// it, to say that another attempt would not help. See [Permanent].
var ErrNotRetryable = errors.New("remuda: not retryable")

// Permanent marks err as not retryable: the result reads as err does, and is
// both err and [ErrNotRetryable] to errors.Is. Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

type permanentError struct{ err error }

func (e *permanentError) Error() string   { return e.err.Error() }
func (e *permanentError) Unwrap() []error { return []error{e.err, ErrNotRetryable} }

// A RetryOption changes what [Retry] does.
type RetryOption func(*retry)

// RetryIf makes Retry ask which errors to retry. It is asked about panics too,
// which are a [*remuda.PanicError], and not about [ErrNotRetryable], which is
// final. It must be safe for concurrent use.
func RetryIf(retryable func(err error) bool) RetryOption {
	return func(r *retry) { r.retryable = retryable }
}

// OnRetry makes Retry call f before each retry, after the pause if there is one,
// with the number of the attempt that begins (2 for the first retry, if no other
// Retry is around this one) and the error of the one before. It must be safe for
// concurrent use.
func OnRetry(f func(ctx context.Context, attempt int, err error)) RetryOption {
	return func(r *retry) { r.onRetry = f }
}

// Backoff makes Retry pause before each retry: for a random time (full jitter)
// between 0 and a ceiling, which is base before the first retry and doubles
// with each further one up to most. Randomness keeps workers that failed
// together from coming back together.
func Backoff(base, most time.Duration) RetryOption {
	return func(r *retry) { r.base, r.most = base, most }
}

// Budget bounds the time for a run with all its retries: no retry begins later than
// d after the first attempt. It does not cut short an attempt that is under way;
// Timeout does. If a pause would exceed the budget, Retry gives up without it.
func Budget(d time.Duration) RetryOption {
	return func(r *retry) { r.budget, r.limited = d, true }
}

// Retry runs a job that failed again, at most n times after the first attempt, and
// returns the error of the last attempt. If there was more than one, it says so
// ("remuda: retry: after 4 attempts: …") and wraps that. It does not retry a panic,
// nor [remuda.ErrInvalidInput], unless [RetryIf] says so, nor ever
// [ErrNotRetryable]. Without [Backoff] it retries immediately.
//
// When the context ends, it stops, even in the middle of a pause, and returns the
// error of the last attempt joined with that of the context. Inside of a retry,
// [remuda.Info] has the number of the attempt.
//
// A retry occupies its worker, pauses included: inputs that keep failing hold up
// others in the queue. Where that matters, send the input to the pool again instead.
//
// Its state, a timer, belongs to one worker; nothing is shared. A run that
// succeeds costs 2 ns more, and a retry no allocation, except that the first
// pause on a worker allocates the timer, and giving up after several an error.
func Retry(n uint, options ...RetryOption) remuda.Middleware {
	r := &retry{n: n}
	for _, set := range options {
		set(r)
	}
	return r
}

type retry struct {
	n          uint
	retryable  func(error) bool // nil for all but some
	onRetry    func(context.Context, int, error)
	base, most time.Duration
	budget     time.Duration
	limited    bool // by budget
}

func (r *retry) Wrap(next remuda.Handler) remuda.Handler {
	w := &retrier{retry: r, next: next}
	return func(ctx context.Context) error {
		var began time.Time
		if r.limited {
			began = time.Now()
		}
		err := next(ctx)
		if err == nil {
			return nil
		}
		return w.again(ctx, began, err)
	}
}

// A retrier is what retries on one worker.
type retrier struct {
	*retry
	next   remuda.Handler
	pauser pauser
}

// again runs the job until it succeeds or there is a reason to give up. The
// first attempt has failed with err.
func (w *retrier) again(ctx context.Context, began time.Time, err error) error {
	tries := 1
	if info, ok := remuda.InfoFrom(ctx); ok {
		tries = info.Attempt
	}
	for done := range w.n {
		if !w.worthwhile(err) {
			return after(done+1, err)
		}
		pause := jitter(w.base, w.most, done)
		if w.limited && pause > max(w.budget, -1)-time.Since(began) {
			return after(done+1, err)
		}
		if end := w.pauser.pause(ctx, pause); end != nil {
			return join(after(done+1, err), end)
		}
		tries++
		remuda.SetAttempt(ctx, tries)
		if w.onRetry != nil {
			w.onRetry(ctx, tries, err)
		}
		if err = w.next(ctx); err == nil {
			return nil
		}
	}
	return after(w.n+1, err)
}

// An attemptsError is the error of the last of several attempts.
type attemptsError struct {
	attempts uint
	err      error
}

func (e *attemptsError) Error() string {
	return fmt.Sprintf("remuda: retry: after %d attempts: %v", e.attempts, e.err)
}

func (e *attemptsError) Unwrap() error { return e.err }

// after says after how many attempts there was err, if that was not the first.
func after(attempts uint, err error) error {
	if attempts <= 1 {
		return err
	}
	return &attemptsError{attempts, err}
}

// worthwhile reports whether another attempt may go better.
func (w *retrier) worthwhile(err error) bool {
	switch {
	case safeerr.Is(err, ErrNotRetryable):
		return false
	case w.retryable != nil:
		return w.retryable(err)
	default:
		return !safeerr.Is(err, remuda.ErrInvalidInput) && !isPanic(err)
	}
}

// jitter returns a random pause below the ceiling for the retry after done
// others.
func jitter(base, most time.Duration, done uint) time.Duration {
	if base <= 0 || most <= 0 {
		return 0
	}
	ceiling := most
	if base <= most>>done { // else base<<done is above most, or overflows
		ceiling = base << done
	}
	return rand.N(ceiling)
}

// join adds the error of the context to that of the last attempt, unless it is
// in there already.
func join(err, end error) error {
	if safeerr.Is(err, end) {
		return err
	}
	return errors.Join(err, end)
}
