package remuda

import (
	"context"
	"errors"
)

// Stop ends the pool without what is queued: it takes no more inputs, drops those
// that have not begun, lets the runs under way finish, with the pauses of a Retry if
// there is one, and returns nil once all workers have ended. The outcome of a
// dropped input is [ErrPoolClosed], which OnDrop, the ticket, Do, or the loop over
// Map reports; nothing begins once Stop has dropped the queue.
//
// Otherwise it is like [Pool.Close]. When ctx ends first, it cancels the runs and
// returns a [*CloseError], whose Dropped includes those that Stop itself dropped. A
// Stop after Close drops what is left in the queue, waits, and returns
// ErrPoolClosed. Called by a job, with the job's context, it does not wait. In a
// pool that is fed by a [Source] nothing is queued, and Stop is Close.
func (p *Pool[In, Out]) Stop(ctx context.Context) error {
	mustContext(ctx)
	c := &p.core
	dropped := 0
	if c.source == nil && c.life.now() != created {
		dropped = c.dropQueue()
	}
	err := c.close(ctx)
	if gaveUp, ok := errors.AsType[*CloseError](err); ok {
		gaveUp.Dropped += dropped
	}
	return err
}

// dropQueue closes the pool and drops what has not begun. The intake is closed
// first, and the pool begins to drain when its queue is empty, or a pool that is
// paused would begin with it.
func (c *core[In, Out]) dropQueue() (dropped int) {
	c.drops.begin()
	defer c.drops.end()
	c.life.seal()
	c.Seal(c.life.closedFault(c.cfg))
	c.ref.cancelled.Store(true)
	items, dropped := c.takeQueue()
	c.streams.cut(ErrPoolClosed)
	c.beginClose(nil)
	c.dropAll(items)
	return dropped
}
