package failsafe

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"slices"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/cachepolicy"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/hedgepolicy"
	"github.com/remuda-go/remuda"
)

// ErrUnsupported is what a run returns when a policy cannot guard a job: see
// [Middleware]. Check for it with errors.Is.
var ErrUnsupported = errors.New("remuda/failsafe: unsupported policy")

// Middleware returns a middleware that runs the job inside the policies, the
// first outermost: Middleware(retry, breaker) runs retry(breaker(job)), as
// failsafe.With(retry, breaker) would. Without policies it does nothing.
//
// Policies are made with [any] as their result type, which a run leaves nil:
// retrypolicy.NewWithDefaults[any](). They are shared by all workers, and by
// all else that uses the same value: one circuit breaker can guard two pools
// and an HTTP client. The middleware itself keeps a few words for each worker.
//
// The job's context is that of the policies' execution, so that a Timeout
// cancels it; it has the values of the run's context. Every further run of the
// job within one input raises [remuda.Info.Attempt] by one.
//
// A policy that cannot keep what a [remuda.Middleware] promises is refused: each run
// then returns [ErrUnsupported] and the job does not run. These are a nil policy, a
// HedgePolicy (it runs the job several times in parallel, and does not wait for
// those that lost), and a CachePolicy (it answers with a result, which no middleware
// can pass on). A Fallback that supplies a result is detected when it does so: the
// run fails with ErrUnsupported and the job's error. One that supplies an error, or
// nothing, is fine.
//
// The errors of the policies are returned as they are: check them with
// errors.Is(err, circuitbreaker.ErrOpen) and the like; if the context has ended
// while a policy waited, the error says so and is that of the context. An input that
// never ran counts as dropped, not as failed: see [remuda.Stats] and
// [remuda.Pool.OnDrop].
//
// The result is safe for concurrent use.
func Middleware(policies ...failsafe.Policy[any]) remuda.Middleware {
	for _, p := range policies {
		if err := check(p); err != nil {
			return refusal{err}
		}
	}
	return guard{slices.Clone(policies)}
}

// check says why a policy cannot guard a job. It looks at the executor that the
// policy makes, since a policy of the user's may embed one of those refused.
func check(p failsafe.Policy[any]) error {
	if p == nil {
		return fmt.Errorf("%w: nil", ErrUnsupported)
	}
	switch executor(p) {
	case executor(hedgepolicy.NewWithDelay[any](0)):
		return fmt.Errorf("%w: %T runs a job several times at once", ErrUnsupported, p)
	case executor(cachepolicy.New[any](nil)):
		return fmt.Errorf("%w: %T supplies results, which a middleware cannot hand on", ErrUnsupported, p)
	}
	return nil
}

func executor(p failsafe.Policy[any]) reflect.Type {
	return reflect.TypeOf(p.ToExecutor(nil))
}

// A refusal fails each run.
type refusal struct{ err error }

func (r refusal) Wrap(remuda.Handler) remuda.Handler {
	return func(context.Context) error { return r.err }
}

// A guard runs jobs inside its policies.
type guard struct{ policies []failsafe.Policy[any] }

func (g guard) Wrap(next remuda.Handler) remuda.Handler {
	if len(g.policies) == 0 {
		return next
	}
	r := &runner{guard: g, next: next}
	call := r.call // bound once, not for each run
	executor := failsafe.With(g.policies...)
	return func(ctx context.Context) error {
		r.calls, r.err = 0, nil
		result, err := executor.WithContext(ctx).GetWithExecution(call)
		if err == nil && result != nil {
			err = fmt.Errorf("%w: a policy supplied a result, which a middleware cannot hand on", ErrUnsupported)
			err = errors.Join(err, r.err)
		}
		r.err = nil // an idle worker keeps nothing alive
		if err != nil && r.calls == 0 && errors.Is(err, ctx.Err()) {
			return fmt.Errorf("remuda/failsafe: refused by a policy that waited: %w", err)
		}
		return err
	}
}

// A runner is the job as the policies see it. It belongs to one worker.
type runner struct {
	guard
	next  remuda.Handler
	calls int   // in this run
	err   error // of the last call
}

func (r *runner) call(exec failsafe.Execution[any]) (any, error) {
	ctx := exec.Context()
	if r.calls++; r.calls > 1 {
		// Counted here and not by exec.Attempts, which also counts what a
		// policy inside the retries kept from running.
		if info, ok := remuda.InfoFrom(ctx); ok {
			remuda.SetAttempt(ctx, info.Attempt+1)
		}
	}
	exited := true // unless attempt returns
	defer func() {
		if exited {
			r.giveBack()
		}
	}()
	r.err = r.attempt(ctx)
	exited = false
	return nil, r.err
}

// attempt runs the job. What a middleware further inside panics with is an error
// to the policies, as is a panic of the job: else they would not undo what they
// have done for the run.
func (r *runner) attempt(ctx context.Context) (err error) {
	returned := false
	defer func() {
		if !returned { // of no consequence after runtime.Goexit, since nobody gets it
			err = panicError(recover())
		}
	}()
	err = r.next(ctx)
	returned = true
	return err
}

func panicError(value any) *remuda.PanicError {
	if p, ok := value.(*remuda.PanicError); ok && p != nil {
		return p
	}
	return &remuda.PanicError{Value: value, Stack: debug.Stack()}
}

// giveBack undoes what the policies have done for a run that has ended its
// goroutine, since they do not get to it. The run has come past all of them.
func (g guard) giveBack() {
	for _, p := range g.policies {
		switch p := p.(type) {
		case bulkhead.Bulkhead[any]:
			p.ReleasePermit()
		case circuitbreaker.CircuitBreaker[any]:
			if p.IsHalfOpen() { // else it holds nothing
				p.RecordError(remuda.ErrGoexit)
			}
		}
	}
}
