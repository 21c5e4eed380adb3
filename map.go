package remuda

import (
	"context"
	"errors"
	"iter"
)

// A Result is what [Pool.Stream] yields for an input: what the job returned for
// it. At the end of a stream that was cut short there is one without an input, whose
// error is [ErrCutShort] and whose Index is -1.
type Result[In, Out any] struct {
	In    In
	Out   Out
	Err   error
	Index int // of In in the sequence, counted from 0
}

// Map runs the job for every input of seq and yields the outcomes in the order
// of the inputs, each as soon as it and those before it are there.
//
// The inputs are read ahead on a goroutine of Map's own, at most the bound of the
// queue and one for each worker before what the loop has consumed. They do not take
// up places in the queue: a worker takes inputs of Map and inputs of the queue in
// turn. Inputs that turn out to run in a few microseconds are handed to a worker in
// batches. An outcome does not wait for its batch, and once a batch has taken some
// 100 µs, idle workers take over what has not begun of it.
//
// When ctx ends, or the pool is closed, no more inputs are read; Map yields the
// outcomes of those that have begun and then, as its last pair, an error that is
// [ErrCutShort] and its cause: the error of ctx or [ErrPoolClosed]. So it does if
// ctx has ended by the time that seq has, which may have noticed. A pool that is not
// started, and a nil seq, give just such a pair.
//
// Leaving the loop early cancels the runs under way and waits for them, and for seq
// to notice: when the loop is over, nothing of it runs any more. A sequence that can
// block forever should therefore end with ctx. A panic of seq goes on in the loop,
// as a [*PanicError], after the outcomes of the inputs before it.
//
// The iterator can be used any number of times; each use reads seq anew. A job
// may use it on its own pool, with its context. It costs no allocation per
// input.
func (p *Pool[In, Out]) Map(ctx context.Context, seq iter.Seq[In]) iter.Seq2[Out, error] {
	return func(yield func(Out, error) bool) {
		mapTo(ctx, &p.core, streamInput[In]{seq: seq}, yield)
	}
}

// mapTo is Map for all kinds of inputs.
func mapTo[In, Out any](ctx context.Context, c *core[In, Out], input streamInput[In], yield func(Out, error) bool) {
	err := streamTo(ctx, c, input, true, func(b *batch[In, Out], i int) bool {
		return yield(b.outcomes[i].out, b.outcomes[i].err)
	})
	if err != nil {
		var out Out
		yield(out, c.cutShort(err))
	}
}

// streamTo runs the inputs through a stream of the kind that the pool needs: see
// core.stream.
func streamTo[In, Out any](ctx context.Context, c *core[In, Out], input streamInput[In], ordered bool, emit func(*batch[In, Out], int) bool) error {
	if c.keys != nil {
		return streamKeyed(ctx, c, input, ordered, emit)
	}
	return c.stream(ctx, input, ordered, emit)
}

// Stream is like Map, but yields each outcome as soon as it is there, in no
// particular order, and with its input. After an early end the last result has no
// input; its error is [ErrCutShort].
func (p *Pool[In, Out]) Stream(ctx context.Context, seq iter.Seq[In]) iter.Seq[Result[In, Out]] {
	return func(yield func(Result[In, Out]) bool) {
		err := streamTo(ctx, &p.core, streamInput[In]{seq: seq}, false, func(b *batch[In, Out], i int) bool {
			return yield(Result[In, Out]{b.in[i], b.outcomes[i].out, b.outcomes[i].err, b.first + i})
		})
		if err != nil {
			yield(Result[In, Out]{Err: p.core.cutShort(err), Index: -1})
		}
	}
}

// DoAll runs the job for all inputs and returns the outputs in their order. It
// waits for all of them: one that fails does not stop the others, and leaves in
// its place what the job returned. The error joins those of the inputs, each
// as an [*InputError] with its index; errors.Is and errors.As see into it. When ctx ends, or the
// pool is closed, DoAll ends as Map does, and the outputs that are missing are
// zero.
func (p *Pool[In, Out]) DoAll(ctx context.Context, ins []In) ([]Out, error) {
	outs := make([]Out, 0, len(ins))
	var errs []error
	end := streamTo(ctx, &p.core, streamInput[In]{slice: ins, fixed: true}, true, func(b *batch[In, Out], i int) bool {
		if err := b.outcomes[i].err; err != nil {
			errs = append(errs, &InputError{len(outs), err, p.core.cfg.Name})
		}
		outs = append(outs, b.outcomes[i].out)
		return true
	})
	if end != nil {
		errs = append(errs, p.core.cutShort(end))
	}
	return outs[:len(ins)], errors.Join(errs...)
}
