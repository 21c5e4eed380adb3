package remuda

import (
	"context"
	"fmt"
	"iter"
	"sync/atomic"
)

// Map calls f for every input of seq, with at most workers calls at a time, and
// yields the outcomes in the order of the inputs, as [Pool.Map] does, with no pool
// to keep: each use of the iterator has workers of its own, which have ended when
// the loop is over.
//
//	for page, err := range remuda.Map(ctx, 8, slices.Values(urls), fetch) { ... }
//
// f must be safe for concurrent use. A panic of f is the outcome of its input, a
// [*PanicError]. Leaving the loop early cancels the calls under way and waits for
// them: a loop that is left at its first error does what errgroup does, with
// results. After an early end the last error is [ErrCutShort], and so it is for
// fewer workers than one ([ErrInvalidInitial]), and for a nil seq or f
// ([ErrNilJob]).
func Map[In, Out any](ctx context.Context, workers int, seq iter.Seq[In], f func(ctx context.Context, in In) (Out, error)) iter.Seq2[Out, error] {
	return func(yield func(Out, error) bool) {
		mustContext(ctx)
		p, err := oneShot(workers, f)
		if err != nil {
			var out Out
			yield(out, &cutShortError{cause: err})
			return
		}
		defer p.end()
		mapTo(ctx, &p.core, streamInput[In]{seq: seq}, yield)
	}
}

// DoAll calls f for every input of ins, with at most workers calls at a time, and
// returns the outputs in the order of ins, as [Pool.DoAll] does, with no pool to
// keep. It waits for all of them: one that fails does not stop the others. The error
// joins those of the inputs, each with its index. It returns [ErrInvalidInitial] for
// fewer workers than one, and [ErrNilJob] for a nil f.
func DoAll[In, Out any](ctx context.Context, workers int, ins []In, f func(ctx context.Context, in In) (Out, error)) ([]Out, error) {
	mustContext(ctx)
	p, err := oneShot(workers, f)
	if err != nil {
		return make([]Out, len(ins)), err
	}
	defer p.end()
	return p.DoAll(ctx, ins)
}

// ForEach calls f for every input of seq, with at most workers calls at a time. The
// first error cancels the context of the calls under way and ends the loop over
// seq; ForEach waits for those calls and returns that error, as errgroup does. A
// panic of f counts as an error, a [*PanicError]. When ctx ends before all is done
// and no call has failed, the error is [ErrCutShort] and that of ctx. It returns
// [ErrInvalidInitial] for fewer workers than one, and [ErrNilJob] for a nil seq or
// f.
//
// Where f needs the index of its input, let the inputs be indices: see the example.
//
// Inputs are read ahead, as [Pool.Map] says. When ForEach returns, nothing of it runs
// any more.
func ForEach[In any](ctx context.Context, workers int, seq iter.Seq[In], f func(ctx context.Context, in In) error) error {
	mustContext(ctx)
	if f == nil {
		return nilError("ForEach: function")
	}
	var first firstError
	p, err := oneShot(workers, func(ctx context.Context, in In) (Void, error) {
		err := f(ctx, in)
		if err != nil {
			first.note(err)
		}
		return Void{}, err
	})
	if err != nil {
		return err
	}
	defer p.end()
	input := streamInput[In]{seq: seq}
	if err := streamFault(ctx, &p.core, input); err != nil {
		return p.core.cutShort(err)
	}
	s := newStream(ctx, &p.core, false)
	first.cancel = s.end
	err = runStream(s, input, func(b *batch[In, Void], i int) bool {
		if err := b.outcomes[i].err; err != nil {
			first.note(err) // in case that it panicked
		}
		return first.get() == nil
	})
	if failed := first.get(); failed != nil {
		return failed
	}
	if err != nil {
		return p.core.cutShort(err)
	}
	return nil
}

// A firstError is the first of several errors, which cancels the rest.
type firstError struct {
	cancel func(error)
	err    atomic.Pointer[error] // asked for after each call
}

func (e *firstError) note(err error) {
	if e.err.CompareAndSwap(nil, &err) {
		e.cancel(err)
	}
}

func (e *firstError) get() error {
	if err := e.err.Load(); err != nil {
		return *err
	}
	return nil
}

// oneShot starts a private pool, for one call. Its workers are a [crew], and end with
// the sequence: there is nothing to close.
func oneShot[In, Out any](workers int, f func(ctx context.Context, in In) (Out, error)) (*Pool[In, Out], error) {
	switch {
	case workers < 1:
		return nil, fmt.Errorf("%w: %d, of which at least one is needed", ErrInvalidInitial, workers)
	case f == nil:
		return nil, nilError("function")
	}
	p := newPool[In, Out](Config{Initial: workers}, nil)
	p.core.private = true
	return p, p.core.start(JobBuilderFunc[In, Out](func() Job[In, Out] { return JobFunc[In, Out](f) }), false)
}

// end waits for the workers of a pool of which nothing runs any more.
func (p *Pool[In, Out]) end() { p.core.crew.all.Wait() }
