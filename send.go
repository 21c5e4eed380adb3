package remuda

import (
	"context"

	"github.com/remuda-go/remuda/internal/dispatch"
)

// Send hands an input to the pool and returns once the pool has accepted it:
// immediately while there is room in the queue, otherwise when there is, or with the
// error of ctx if that ends first. Blocked senders get their places in order of
// arrival.
//
// The job's context has the values of ctx and neither its deadline nor its
// cancellation, since the caller moves on. Nobody gets the outcome: middleware
// and Stats see it, and [Tap] around the job sees it with its types, or that of each
// attempt if the pool's middleware tries again (Tap says what to do). An input that
// was accepted and never ran goes to [Pool.OnDrop].
//
// A single input that was sent cannot be cancelled; Close with a context that has
// ended stops all of them.
//
// The input keeps ctx. If that is the context of a run, or what middleware.Timeout
// made of it, it keeps the values of the run's owner alone. But with one that the
// job or other middleware has derived from it, as for a span, inputs that send
// others in turn make a chain of contexts that grows. Jobs that do so endlessly
// should send with a context of their own, which has only the values to pass on.
//
// Send returns [ErrPoolClosed], [ErrNotStarted] or [ErrSourceFed] if the pool takes
// no inputs. If a failed run has closed the pool ([Config.StopOnErrors]), the error
// is that of the run, too, to errors.Is; the same holds for TrySend, Submit and
// TrySubmit, but not for Do and the like, whose error may be an outcome. If that run
// panicked, [Pool.Err] has the [*PanicError].
//
// Send costs no allocation if ctx is context.Background() or context.TODO(), and one
// if it is not.
func (p *Pool[In, Out]) Send(ctx context.Context, in In) error {
	it, err := newSentItem[In, Out](ctx, &p.core.ref, in)
	if err != nil {
		return err
	}
	_, err = p.core.send(ctx, it, true)
	return withReason(err)
}

// TrySend is like Send, but never blocks: it returns [ErrQueueFull] when Send would
// wait. As with Send, the job's context has the values of ctx, and a ctx that has
// ended is refused with its error.
func (p *Pool[In, Out]) TrySend(ctx context.Context, in In) error {
	it, err := newSentItem[In, Out](ctx, &p.core.ref, in)
	if err != nil {
		return err
	}
	_, err = p.core.send(ctx, it, false)
	return withReason(err)
}

// Submit hands an input to the pool, as Send does, and returns the ticket by which
// to get its outcome. The run belongs to ctx: when ctx ends, the run is cancelled,
// or, if its run has not begun, the input is dropped and leaves the queue
// immediately. The ticket does not keep ctx. Submit costs one allocation; with a
// context other than Background and TODO it costs two, and three more if that can
// end and all workers are busy.
func (p *Pool[In, Out]) Submit(ctx context.Context, in In) (*Ticket[Out], error) {
	return p.submit(ctx, in, true)
}

// TrySubmit is like Submit, but never blocks: it returns [ErrQueueFull] when Submit
// would wait.
func (p *Pool[In, Out]) TrySubmit(ctx context.Context, in In) (*Ticket[Out], error) {
	return p.submit(ctx, in, false)
}

func (p *Pool[In, Out]) submit(ctx context.Context, in In, wait bool) (*Ticket[Out], error) {
	c := &p.core
	mustContext(ctx)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	e := newTicketEnvelope[In, Out](ctx, &c.ref)
	seq, err := c.send(ctx, item[In, Out]{in, &e.envelope}, wait)
	if err != nil {
		return nil, withReason(err)
	}
	if c.Waits() && ctx.Done() != nil { // in this order: not every context has its channel ready
		c.heed(ctx, seq, &e.ticket)
	}
	return &e.ticket, nil
}

// heed makes the input of a ticket leave the queue when ctx ends. Where workers are
// on their way for all that is queued, Submit does without.
func (c *core[In, Out]) heed(ctx context.Context, seq uint64, t *Ticket[Out]) {
	stop := context.AfterFunc(ctx, func() { _ = c.giveUp(seq, t, ctx.Err()) })
	if !t.onSettle(stop) {
		stop()
	}
}

// giveUp takes an input out of the queue because of err, the end of its caller's
// context or ErrPoolClosed, and returns the error of its caller. If the input is not
// queued, that is all it does.
func (c *core[In, Out]) giveUp(seq uint64, t sink[Out], err error) error {
	it, ok := c.Remove(seq)
	if !ok {
		return c.ref.endedWhile(isRunning, err)
	}
	it.env.run.end()
	it.env.run = nil
	err = c.neverBegan(err)
	var out Out
	t.settle(out, err, false)
	return err
}

// newSentItem makes the item of an input that is sent with ctx.
func newSentItem[In, Out any](ctx context.Context, ref *poolRef, in In) (item[In, Out], error) {
	it := item[In, Out]{in: in}
	if isEmpty(ctx) {
		return it, nil
	}
	mustContext(ctx)
	if err := ctx.Err(); err != nil {
		return it, err
	}
	if values := valuesOf(ctx); !isEmpty(values) {
		it.env = newSentEnvelope[In, Out](values, ref)
	}
	return it, nil
}

// send hands an item to the dispatcher. It returns its sequence number there.
func (c *core[In, Out]) send(ctx context.Context, it item[In, Out], wait bool) (seq uint64, err error) {
	if c.keys != nil {
		return c.keys.send(ctx, c, it, wait)
	}
	seq, err = c.Dispatcher.Send(it)
	if err == nil {
		return seq, nil
	}
	var w *dispatch.Waiter[item[In, Out]]
	if err == dispatch.ErrFull {
		seq, w, err = c.SendSlowly(it, wait, ctx.Done())
	}
	switch {
	case w != nil:
		return c.awaitPlace(ctx, w)
	case err == nil:
		return seq, nil
	case err == dispatch.ErrFull:
		return 0, c.full
	}
	if err = c.refusal(); err == nil { // the pool has been started meanwhile
		return c.send(ctx, it, wait)
	}
	return 0, err
}

// awaitPlace waits until a blocked sender gets a place or ctx ends.
func (c *core[In, Out]) awaitPlace(ctx context.Context, w *dispatch.Waiter[item[In, Out]]) (seq uint64, err error) {
	if r := c.ref.runOf(ctx); r != nil {
		c.yieldSlot(r)
		defer c.reacquireSlot(r)
	}
	defer c.Release(w)
	if end := ctx.Done(); end == nil {
		err = <-w.Answer()
	} else {
		select {
		case err = <-w.Answer():
		case <-end:
			if c.GiveUp(w) {
				return 0, c.ref.endedWhile(isBlocked, ctx.Err())
			}
			err = <-w.Answer() // decided meanwhile
		}
	}
	return w.Seq(), err
}
