package remuda

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
)

// ErrInvalidInput is the error of a run whose input [Validate] refused, wrapped
// together with the reason. middleware.Retry does not retry it. It is also the error
// of an input without a key, in a pool made by StartKeyed.
var ErrInvalidInput = errors.New("remuda: invalid input")

// NoError makes a [Job] of a function that returns no error. Like NoInput, NoOutput
// and NoContext, it returns nil if f is nil.
func NoError[In, Out any](f func(context.Context, In) Out) JobFunc[In, Out] {
	if f == nil {
		return nil
	}
	return func(ctx context.Context, in In) (Out, error) { return f(ctx, in), nil }
}

// NoInput makes a [Job] of a function that takes no input.
func NoInput[Out any](f func(context.Context) (Out, error)) JobFunc[Void, Out] {
	if f == nil {
		return nil
	}
	return func(ctx context.Context, _ Void) (Out, error) { return f(ctx) }
}

// NoOutput makes a [Job] of a function that returns nothing but an error.
func NoOutput[In any](f func(context.Context, In) error) JobFunc[In, Void] {
	if f == nil {
		return nil
	}
	return func(ctx context.Context, in In) (Void, error) { return Void{}, f(ctx, in) }
}

// NoContext makes a [Job] of a function that takes no context, and so cannot be
// cancelled: once started, it runs to its end.
func NoContext[In, Out any](f func(In) (Out, error)) JobFunc[In, Out] {
	if f == nil {
		return nil
	}
	return func(_ context.Context, in In) (Out, error) { return f(in) }
}

// Then returns a job that runs first, and then second with what first returned.
// When first fails, or the context has ended after it, second does not run.
//
// As with Tap, Fallback and Validate, the result is safe for concurrent use if the
// jobs it is made of are, and closes those of them that are an [io.Closer] when it
// is closed itself, as a pool does with built jobs. If one of the arguments is nil,
// Start refuses the result with ErrNilJob.
func Then[A, B, C any](first Job[A, B], second Job[B, C]) Job[A, C] {
	if err := cmp.Or(faultOf(first, "Then: first"), faultOf(second, "Then: second")); err != nil {
		return faultyJob[A, C]{err}
	}
	return made(func(ctx context.Context, a A) (c C, err error) {
		b, err := first.Do(ctx, a)
		if err != nil {
			return c, err
		}
		if err := ctx.Err(); err != nil {
			return c, err
		}
		return second.Do(ctx, b)
	}, first, second)
}

// Tap returns a job that runs job, and then calls see with what went in and what
// came out. If the run panicked, see gets a [*PanicError], and then the panic goes
// on; if it ended its goroutine, see gets [ErrGoexit]. See runs on the goroutine of
// the run, which waits for it; it must be safe for concurrent use if job is used so.
//
// A pool's middleware is around the job, Tap included: with a Retry there, see is
// called for each attempt. To see what came of all of them, put the Retry inside:
//
//	job := remuda.Tap(remuda.Wrap(remuda.Func(charge), middleware.Retry(3)), see)
//	pool, err := remuda.Start(8, job.Do)
func Tap[In, Out any](job Job[In, Out], see func(ctx context.Context, in In, out Out, err error)) Job[In, Out] {
	if err := cmp.Or(faultOf(job, "Tap: job"), nilFault(see == nil, "Tap: see")); err != nil {
		return faultyJob[In, Out]{err}
	}
	return made(func(ctx context.Context, in In) (out Out, err error) {
		returned := false
		defer func() {
			if !returned {
				see(ctx, in, out, ErrGoexit)
			}
		}()
		out, broke, err := attempt(ctx, job, in)
		returned = true
		if broke != nil {
			see(ctx, in, out, broke)
			panic(broke)
		}
		see(ctx, in, out, err)
		return out, err
	}, job)
}

// attempt runs job and returns its panic, if it panics.
func attempt[In, Out any](ctx context.Context, job Job[In, Out], in In) (out Out, broke *PanicError, err error) {
	returned := false
	defer func() {
		if !returned {
			broke = newPanicError(recover())
		}
	}()
	out, err = job.Do(ctx, in)
	returned = true
	return out, nil, err
}

// Fallback returns a job that runs job and, when that returns an error, calls
// fallback with the input and the error; the outcome is then what fallback returns.
// A fallback that has nothing to offer returns the error that it got.
//
// Fallback is not called once the context has ended, since nobody waits for the
// outcome any more, nor for a panic, which is a bug that must stay visible; a panic
// inside a Wrap reaches it as a *PanicError, which it may return.
func Fallback[In, Out any](job Job[In, Out], fallback func(ctx context.Context, in In, err error) (Out, error)) Job[In, Out] {
	if err := cmp.Or(faultOf(job, "Fallback: job"), nilFault(fallback == nil, "Fallback: fallback")); err != nil {
		return faultyJob[In, Out]{err}
	}
	return made(func(ctx context.Context, in In) (Out, error) {
		out, err := job.Do(ctx, in)
		if err == nil || ctx.Err() != nil {
			return out, err
		}
		return fallback(ctx, in, err)
	}, job)
}

// Validate returns a job that checks each input before it runs job. An input for
// which check returns an error does not reach job; the run's error is then
// [ErrInvalidInput] wrapped together with that error.
func Validate[In, Out any](job Job[In, Out], check func(In) error) Job[In, Out] {
	if err := cmp.Or(faultOf(job, "Validate: job"), nilFault(check == nil, "Validate: check")); err != nil {
		return faultyJob[In, Out]{err}
	}
	return made(func(ctx context.Context, in In) (out Out, err error) {
		if err := check(in); err != nil {
			return out, fmt.Errorf("%w: %w", ErrInvalidInput, err)
		}
		return job.Do(ctx, in)
	}, job)
}

// madeJob is a job made of other jobs.
type madeJob[In, Out any] struct {
	JobFunc[In, Out]
	parts []any // the jobs
}

func made[In, Out any](f JobFunc[In, Out], parts ...any) Job[In, Out] {
	return &madeJob[In, Out]{JobFunc: f, parts: parts}
}

// outer is the part that gets the input.
func (m *madeJob[In, Out]) outer() any { return m.parts[0] }

// Close closes those of the parts that are to be closed, whatever closing another
// one does: a panic is among the errors that it returns, and [runtime.Goexit] goes
// on once all are closed. A pool calls it for the jobs that a [JobBuilder] made,
// and else nobody does.
func (m *madeJob[In, Out]) Close() error {
	return closeAll(m.parts)
}

func closeAll(parts []any) (err error) {
	if len(parts) == 0 {
		return nil
	}
	defer func() { err = errors.Join(err, closeAll(parts[1:])) }()
	if c, ok := parts[0].(io.Closer); ok {
		return closed(c)
	}
	return nil
}

// closed returns what closing c returned, or what it panicked with.
func closed(c io.Closer) (err error) {
	returned := false
	defer func() {
		if !returned {
			err = newPanicError(recover())
		}
	}()
	err = c.Close()
	returned = true
	return err
}
