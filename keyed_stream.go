package remuda

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/remuda-go/remuda/internal/dispatch"
	"github.com/remuda-go/remuda/internal/list"
)

// A keyedStream is a stream over a keyed pool. Its reader hands over the inputs one by
// one through the queue, which knows their order. To the loop each of them is a batch
// of one.
type keyedStream[In, Out any] struct {
	*stream[In, Out]
	runs context.Context // of the runs

	// pending is the inputs that were accepted and have no outcome. mu guards it.
	pending list.List[keyedInput[In, Out]]
}

// A keyedInput is an input of a keyedStream.
type keyedInput[In, Out any] struct {
	env    envelope[In, Out]
	batch  batch[In, Out]
	run    runContext
	in     [1]In
	out    [1]outcome[Out]
	stream *keyedStream[In, Out]

	links    list.Links[keyedInput[In, Out]] // guarded by the stream's mu, as the rest
	seq      uint64                          // its number in the queue
	settled  bool
	isLinked bool // among those that were accepted
}

// streamKeyed is core.stream on a keyed pool.
func streamKeyed[In, Out any](ctx context.Context, c *core[In, Out], input streamInput[In], ordered bool, emit func(*batch[In, Out], int) bool) error {
	if err := streamFault(ctx, c, input); err != nil {
		return err
	}
	if c.ref.runOf(ctx) != nil {
		return c.ref.nestedFault()
	}
	if input.fixed {
		input.seq = slices.Values(input.slice)
	}
	k := &keyedStream[In, Out]{stream: newStream(ctx, c, ordered)}
	k.faults = input.faults
	k.runs = callersContext{k.ctx, ctx}
	unwatch := context.AfterFunc(k.ctx, k.dropQueued)
	defer awaitWorkers(k.stream) // for what the reader has handed over at last
	defer k.close()
	defer func() {
		unwatch()
		k.unwatch() // nothing is to be cut any more
		k.aborted.Store(true)
		k.cancel(nil)
		k.dropQueued()
	}()
	k.startReader(k.handedOver(input.seq))
	return consume(k.stream, emit)
}

// A callersContext is derived from the caller's context, and asks that, too, whether
// it has ended: a context of somebody's own making may tell those derived from it
// later, and then inputs must not begin.
type callersContext struct {
	context.Context
	caller context.Context
}

func (c callersContext) Err() error {
	if err := c.caller.Err(); err != nil {
		return err
	}
	return c.Context.Err()
}

// handedOver is the sequence that hands over each input of seq, and yields none: so the
// reader of a stream treats what goes wrong in seq, or in the key function, as ever.
func (k *keyedStream[In, Out]) handedOver(seq iter.Seq[In]) iter.Seq[In] {
	return func(func(In) bool) {
		for in := range seq {
			if !k.handOver(in) {
				return
			}
		}
	}
}

// handOver waits for room, and hands over an input. It returns false when no more are
// wanted.
func (k *keyedStream[In, Out]) handOver(in In) bool {
	if k.credit == 0 {
		k.waitForRoom()
	}
	if k.stopped.Load() {
		return false
	}
	k.credit--
	e := k.newInput(in)
	accepted := false
	defer func() { // also if the key function panics
		if !accepted {
			k.withdraw(e)
		}
	}()
	var err error
	if k.faults != nil {
		err = k.faults.take(e.batch.first)
	}
	if err == nil {
		var seq uint64
		if seq, err = k.core.send(k.ctx, item[In, Out]{in, &e.env}, true); err == nil {
			accepted = true
			k.accepted(e, seq)
			return true
		}
	}
	switch {
	case k.ctx.Err() != nil:
		k.cut(k.core.ref.endOf(k.ctx))
	case errors.Is(err, ErrPoolClosed) || !k.core.AcceptBatch(&e.batch.Batch, 1):
		k.cut(ErrPoolClosed)
	default:
		accepted = true
		k.refused(e, err)
	}
	return accepted
}

// newInput takes an input that was read. The loop waits for it from now on: it must
// not end while the input may still be accepted.
func (k *keyedStream[In, Out]) newInput(in In) *keyedInput[In, Out] {
	e := &keyedInput[In, Out]{stream: k}
	e.run.ref, e.run.parent, e.run.mode = &k.core.ref, k.runs, byEither
	e.env.run, e.env.sink = &e.run, e
	e.batch.BeginOne()
	e.batch.outcomes = e.out[:]
	k.mu.Lock()
	k.unread.queue.Push(in) // so that it counts
	ins, first := k.unread.pop(e.in[:0], 1)
	k.fillLocked(&e.batch, ins, first)
	k.linkLocked(&e.batch, nil)
	k.mu.Unlock()
	return e
}

// withdraw takes back the newest input, which was not accepted.
func (k *keyedStream[In, Out]) withdraw(e *keyedInput[In, Out]) {
	k.mu.Lock()
	var before *batch[In, Out]
	for b := k.streamOutcomes.first; b != &e.batch; b = b.next {
		before = b
	}
	k.unlinkLocked(&e.batch, before)
	wake := k.disarmConsumerLocked()
	k.mu.Unlock()
	if wake {
		k.wakeConsumer()
	}
}

// accepted notes that e is in the queue, or was.
func (k *keyedStream[In, Out]) accepted(e *keyedInput[In, Out], seq uint64) {
	k.mu.Lock()
	isQueued := !e.settled
	if isQueued {
		k.pending.PushFront(e, &e.links)
		e.seq, e.isLinked = seq, true
		k.working++
	}
	k.mu.Unlock()
	if isQueued && k.ctx.Err() != nil { // dropQueued may have passed it
		_ = k.core.giveUp(seq, e, k.core.ref.endOf(k.ctx))
	}
}

// refused notes that e is not to run, because of err.
func (k *keyedStream[In, Out]) refused(e *keyedInput[In, Out], err error) {
	e.batch.Next()
	e.out[0].err = err
	e.batch.Count(dispatch.Dropped)
	e.batch.Next()
	k.core.FinishBatch(&e.batch.Batch)
	k.handOn(&e.batch)
}

// settle is called when an input has its outcome.
func (e *keyedInput[In, Out]) settle(out Out, err error, _ bool) {
	k := e.stream
	e.out[0] = outcome[Out]{out, err}
	e.batch.Next()
	k.handOn(&e.batch)
	k.mu.Lock()
	e.settled = true
	if e.isLinked {
		k.pending.Remove(&e.links)
		e.isLinked = false
		k.working--
	}
	freed := k.working == 0 && k.lastWorker.Disarm()
	k.mu.Unlock()
	if freed {
		k.lastWorker.Wake()
	}
}

// dropQueued takes the inputs that have not begun out of the queue, when the context of
// the runs has ended.
func (k *keyedStream[In, Out]) dropQueued() {
	var queued []*keyedInput[In, Out]
	k.mu.Lock()
	for e := k.pending.First(); e != nil; e = k.pending.Next(&e.links) {
		queued = append(queued, e)
	}
	k.mu.Unlock()
	for _, e := range queued {
		_ = k.core.giveUp(e.seq, e, k.core.ref.endOf(k.ctx))
	}
}
