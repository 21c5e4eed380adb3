package remuda

import (
	"context"
	"fmt"
	"time"
)

// Close ends the pool: it takes no more inputs, runs those that it has accepted
// (with one worker if there are none), and returns nil once all workers have
// ended, those that Less retired included. Senders that are blocked get
// [ErrPoolClosed].
//
// When ctx ends first, Close cancels the context of every run with the cause
// ErrPoolClosed (a run that then returns context.Canceled fails with both), drops
// what is still queued (the outcome of each is ErrPoolClosed) and returns a
// [*CloseError] immediately, even if a job ignores its context. It unwraps to the
// error of ctx. Done tells when the last job has returned.
//
// In a pool that is fed by a [Source], Close stops taking inputs immediately, and
// runs under way go on to their end as everywhere. The runs of a loop ([NewLoop])
// have no end of their own: Close cancels them immediately.
//
// A second Close waits like the first, within its own ctx, and returns
// ErrPoolClosed. A pool that was closed before it was started cannot be started
// any more.
//
// Called by a job, with the job's context, Close does not wait, since it would
// wait for its caller: it returns nil as soon as the pool is closing.
func (p *Pool[In, Out]) Close(ctx context.Context) error { return p.core.close(ctx) }

// CloseWithTimeout is like Close with a context that ends after d: its error is
// [context.DeadlineExceeded] to errors.Is if it had to cancel jobs. A job that wants
// to close its own pool calls Close: CloseWithTimeout would wait for the job, for
// all of d, and then cancel it.
func (p *Pool[In, Out]) CloseWithTimeout(d time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return p.core.close(ctx)
}

func (c *core[In, Out]) close(ctx context.Context) (err error) {
	mustContext(ctx)
	c.beginClose(nil)
	again, started := c.life.close()
	if again {
		err = c.cfg.fault(ErrPoolClosed)
	}
	if c.ref.runOf(ctx) != nil {
		return err
	}
	done := c.life.doneChan()
	select {
	case <-done:
		return err
	default:
	}
	select {
	case <-done:
		return err
	case <-ctx.Done():
	}
	gaveUp := ctx.Err()
	if started { // else another Close is about to end a pool that was never started
		gaveUp = c.abandon(gaveUp)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", err, gaveUp)
	}
	return gaveUp
}

// abandon drops what is queued and cancels every run, in this order: a worker
// whose run ends with that finds nothing more to begin.
func (c *core[In, Out]) abandon(why error) error {
	c.drops.begin()
	defer c.drops.end()
	items, dropped := c.takeQueue()
	s := c.stats()
	c.ref.cancelAll()
	c.dropAll(items)
	return &CloseError{Running: s.Running + s.Yielded, Dropped: dropped, pool: c.cfg.Name, err: why}
}

// takeQueue empties the queue, and returns how many inputs were in it.
func (c *core[In, Out]) takeQueue() (items []item[In, Out], inputs int) {
	if c.source != nil {
		return nil, 0
	}
	c.TakeAll(func(it item[In, Out]) {
		items = append(items, it)
		if it.env == nil || it.env.visitor == nil {
			inputs++
		}
	})
	return items, inputs
}

// dropAll tells the owners of accepted items that these will never run. The user's
// function comes last, since it may panic: nobody must wait forever then.
func (c *core[In, Out]) dropAll(items []item[In, Out]) {
	err := c.life.closedFault(c.cfg)
	var sent []In // nobody waits for their outcome
	for _, it := range items {
		env := it.env
		if env != nil && env.visitor != nil {
			env.visitor.dismissed()
			continue
		}
		if env != nil && env.run != nil {
			env.run.end()
			env.run = nil
		}
		if env != nil && env.sink != nil {
			var out Out
			env.sink.settle(out, err, false)
		} else {
			sent = append(sent, it.in)
		}
	}
	c.drops.tell(sent, err, c.life.note)
}
