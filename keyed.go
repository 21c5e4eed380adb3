package remuda

import (
	"context"
	"errors"
	"fmt"

	"github.com/remuda-go/remuda/internal/dispatch"
)

// ErrNestedKey is returned when a job of a keyed pool ([StartKeyed]) calls something
// that waits for its own pool: Do, DoAll, Map, Stream, or the Wait of a ticket or a
// group. The job might wait for an input of its own key, and so for itself.
var ErrNestedKey = errors.New("remuda: job of a keyed pool would wait for its own pool")

// StartKeyed makes a pool that runs one input at a time for each key, and starts it
// with f, as [Start] does. Inputs of one key never overlap, and begin in the order in
// which they were accepted, whichever way they came: Send, Do, Submit, Map, a Group or
// any other. Inputs of different keys run at the same time, on the given number of
// workers.
//
//	pool, err := remuda.StartKeyed(8, func(e Event) string { return e.Account }, apply)
//
// An input whose key is busy waits in the queue and holds no worker: a free worker
// takes the oldest input whose key is free. A key may take up half of the queue, and
// at least one place. Beyond that, senders of that key wait, or get ErrQueueFull
// from TrySend, and no other senders do. So a key that is slow, or sent all the
// time, keeps one worker and half of the queue busy, and the others go on. With
// [Unbuffered] as Config.Queue an input is accepted when a worker and its key are
// free.
//
// # Keys
//
// The key function is called once for each input, on the goroutine that hands it
// over (for Map and the like, the one that runs the sequence), without locks; it
// must be safe for concurrent use. If it panics, so does the call that handed over
// the input, and nothing else happens. A value that is not equal to itself, such as
// NaN, or that can't be compared, such as a slice in an interface, is no key: the
// call returns [ErrInvalidInput]. In a loop over Map, Stream or MapErr, and in
// DoAll, that is the outcome of the input.
//
// A key costs memory while there are inputs of it, and for an input that waits about
// 100 bytes more than in other pools.
//
// # Calls from inside a job
//
// A job must not wait for its own pool: with its context, Do, DoAll, Map, Stream and
// the Wait of a ticket or a group return [ErrNestedKey]. It may hand over inputs, of
// its own key too, with Send, Submit or a group's SendContext. Those never wait:
// what a job hands over is accepted beyond the bounds of queue and key, since the
// job might have to wait for itself. TrySend keeps to the bounds.
//
// # What else is different
//
// Map, Stream, MapErr and DoAll hand over their inputs one by one, through the
// queue, where each takes a place; when their context ends, those that have not
// begun leave it, and their outcome is that error. Do never runs the job on its
// caller's goroutine, and [Config.Inline] has no effect.
//
// StartKeyed returns the errors of [Start], and [ErrNilJob] for a nil key function.
func StartKeyed[In, Out any, K comparable](
	workers int, key func(in In) K, f func(ctx context.Context, in In) (Out, error), mws ...Middleware,
) (*Pool[In, Out], error) {
	if workers < 1 {
		return nil, tooFewWorkers("StartKeyed", workers)
	}
	return StartKeyedWithConfig(Config{Initial: workers}, key, f, mws...)
}

// StartKeyedWithConfig is like [StartKeyed], with a configuration. It returns the
// errors of [StartWithConfig], and [ErrNilJob] for a nil key function.
func StartKeyedWithConfig[In, Out any, K comparable](
	cfg Config, key func(in In) K, f func(ctx context.Context, in In) (Out, error), mws ...Middleware,
) (*Pool[In, Out], error) {
	if key == nil {
		return nil, cfg.fault(nilError("key"))
	}
	p, err := NewWithConfig[In, Out](cfg, mws...)
	if err != nil {
		return nil, err
	}
	p.core.keys = &keys[K, In, Out]{of: key}
	if err := p.Start(JobFunc[In, Out](f)); err != nil {
		return nil, err
	}
	return p, nil
}

// A sender hands inputs over by their keys, whatever type those have.
type sender[In, Out any] interface {
	send(ctx context.Context, c *core[In, Out], it item[In, Out], wait bool) (seq uint64, err error)
}

// keys is the keys of the inputs of a pool.
type keys[K comparable, In, Out any] struct {
	of    func(In) K
	lanes dispatch.Lanes[K, item[In, Out]]
}

var _ = (*keys[Void, Void, Void]).send // is a sender

// send is core.send for a keyed pool. An input that a job hands over is accepted
// beyond the bounds.
func (k *keys[K, In, Out]) send(ctx context.Context, c *core[In, Out], it item[In, Out], wait bool) (uint64, error) {
	key := k.of(it.in)
	if !isKey(key) {
		return 0, c.cfg.fault(fmt.Errorf("%w: a key of type %T that is not equal to itself", ErrInvalidInput, key))
	}
	for {
		seq, _, err := dispatch.SendKeyed(&c.Dispatcher, &k.lanes, key, it, dispatch.Refuse, nil)
		if err == dispatch.ErrFull && wait {
			full := dispatch.Block
			if c.ref.runOf(ctx) != nil {
				full = dispatch.Exceed
			}
			var w *dispatch.Waiter[item[In, Out]]
			seq, w, err = dispatch.SendKeyed(&c.Dispatcher, &k.lanes, key, it, full, ctx.Done())
			if w != nil {
				return c.awaitPlace(ctx, w)
			}
		}
		switch err {
		case nil:
			return seq, nil
		case dispatch.ErrFull:
			return 0, c.full
		}
		if err = c.refusal(); err != nil {
			return 0, err
		} // else the pool has been started meanwhile
	}
}

// isKey reports whether a value can be found again among others: it is equal to
// itself, and the comparison does not panic.
func isKey[K comparable](key K) (ok bool) {
	defer func() { _ = recover() }()
	same := key
	return key == same
}
