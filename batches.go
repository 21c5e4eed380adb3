package remuda

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var (
	// ErrInvalidBatch says that the size of a batch is less than one, or the wait
	// negative.
	ErrInvalidBatch = errors.New("remuda: invalid size or wait of batches")

	// ErrBatchOutputs is the outcome of all inputs of a batch for which its function
	// returned fewer outputs than there are inputs, or more.
	ErrBatchOutputs = errors.New("remuda: wrong number of outputs for a batch")
)

// StartBatches makes a pool with the given number of workers, and starts it with a
// function that takes many inputs per call, such as rows to insert in one
// transaction.
//
//	pool, err := remuda.StartBatches(2, 500, 100*time.Millisecond, insert)
//	err = pool.Send(ctx, row) // one by one, from anywhere
//
// A worker that is free takes up to size inputs in the order in which they were
// accepted, whichever way they came: Send, Do, Submit, Map and all others. If there
// are fewer, it waits for more until the first of them has waited for wait since it
// was accepted, and then calls f once for what there is. One worker at a time
// gathers, and until its batch is full new inputs wake no other. A wait of 0 is
// none: f is called for what is there when a worker is free, and while all are at
// work, batches grow by themselves. Close and [Pool.Wait] start what is queued
// immediately, and so does the end of the sequence of Map and Stream, or of the
// inputs of DoAll.
//
// # Outcomes
//
// The function returns an output for each input, in the same order, and each caller
// gets its own. An error is that of all inputs of the batch, as a panic is, unless
// it joins those of some: with nothing but [*InputError] in it, only the inputs that
// it names fail, each with its Err, and the others have succeeded.
//
//	for i, row := range rows {
//		if err := insert(row); err != nil {
//			errs = append(errs, &remuda.InputError{Index: i, Err: err})
//		}
//	}
//	return outs, errors.Join(errs...)
//
// That is what [Pool.DoAll] returns, so that f may hand its batch on to another pool.
// Another number of outputs than of inputs is [ErrBatchOutputs] for all of them, unless
// the error is one for all. Where Out is [Void] no outputs are needed. The slice of
// inputs is f's to keep.
//
// # Order
//
// With one worker, batches run one after the other, so all inputs begin in order and
// none overlap. With more, two inputs of one account, say, can be in two batches at
// a time. Where several workers are needed, and order for each key, [StartKeyed]
// keeps it and makes no batches; its job may send to a pool with batches and one
// worker.
//
// # Runs
//
// Middleware is around each batch, not each input: a Rate lets one batch pass, and
// [Info] is that of the batch. Its Input is the slice of inputs, of which Queued is how
// long the first has waited, and Run counts the calls of f. A Retry calls f again with
// the whole batch, also when only some of its inputs have failed: where f has kept the
// others, tell Retry by middleware.RetryIf. [Stats] counts inputs, in each of its numbers but those of workers. The
// first error, even if that is of some inputs, closes the pool under
// [Config.StopOnErrors].
//
// The context of f has no values and no deadline, since it belongs to many callers.
// What a log needs to know of each caller, such as a request number, goes into the
// input. It ends when the contexts of all inputs in the batch have ended. An input
// that was only sent keeps it alive. An input whose context ends before its batch
// begins is not in it. Do returns as soon as its context ends, as everywhere; a loop
// over Map that is left waits for the batches that its inputs are in, and these go
// on if other callers have inputs there.
//
// The function may call its own pool: while it waits, its slot is another run's (see
// Calls from inside a job, in the package documentation). What it hands over goes into a
// later batch, and may wait there for others.
//
// # The queue
//
// Inputs wait in the queue until their batch begins, so that its bound is at least
// size: a [Config.Queue] below counts as size, [Unbuffered] too. Those of Map and
// Stream take no places, as everywhere; these read ahead by the bound of the queue
// and a batch for each worker. [Config.Inline] has no effect.
//
// StartBatches returns [ErrInvalidBatch] for a size below 1 or a wait below 0, and the
// errors of [Start].
func StartBatches[In, Out any](
	workers, size int, wait time.Duration, f func(ctx context.Context, ins []In) ([]Out, error), mws ...Middleware,
) (*Pool[In, Out], error) {
	if workers < 1 {
		return nil, tooFewWorkers("StartBatches", workers)
	}
	return StartBatchesWithConfig(Config{Initial: workers}, size, wait, f, mws...)
}

// StartBatchesWithConfig is like [StartBatches], with a configuration. It returns the
// errors of [StartWithConfig], and [ErrInvalidBatch].
func StartBatchesWithConfig[In, Out any](
	cfg Config, size int, wait time.Duration, f func(ctx context.Context, ins []In) ([]Out, error), mws ...Middleware,
) (*Pool[In, Out], error) {
	p, err := NewWithConfig[In, Out](cfg, mws...)
	switch {
	case err != nil:
		return nil, err
	case f == nil:
		return nil, cfg.fault(nilError("job"))
	case size < 1:
		return nil, cfg.fault(fmt.Errorf("%w: a batch of %d", ErrInvalidBatch, size))
	case wait < 0:
		return nil, cfg.fault(fmt.Errorf("%w: a wait of %v", ErrInvalidBatch, wait))
	}
	p.core.cfg.Queue = max(cfg.bound(), size)
	p.core.gather = newBulkFeeder(&p.core, size, wait, f).open
	if err := p.core.start(nil, false); err != nil {
		return nil, err
	}
	return p, nil
}
