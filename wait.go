package remuda

import (
	"context"
	"errors"
)

// ErrNestedWait is returned by Wait when a job of the same pool calls it, which
// would wait for itself.
var ErrNestedWait = errors.New("remuda: Wait called by a job of the pool")

// Wait returns nil as soon as no accepted input is without an outcome: each has run,
// or was dropped, and OnDrop has returned. What jobs send to their own pool counts
// from when it was accepted, so that a crawl is over when Wait returns, never
// before. The pool stays open.
//
//	pool.Send(ctx, "/")    // the job sends what it finds, with its own ctx
//	err := pool.Wait(ctx)  // until nothing is left to visit
//
// In a pool of [StartBatches] it begins the batches of what is queued when it is called.
//
// Others may send meanwhile: Wait waits for that too, and returns nil if there was
// an instant at which nothing was left. Inputs of Map, Stream and DoAll count from
// when a worker takes them out of their sequence. While the pool is paused and has
// work, Wait blocks.
//
// It returns the error of ctx if that ends first, ErrNestedWait when a job of the
// pool calls it with its context, ErrSourceFed in a pool that is fed by a [Source]
// (use Done there), and ErrNotStarted before Start. On a pool that is closed it
// waits for the runs under way. While nobody waits, it costs a run nothing.
func (p *Pool[In, Out]) Wait(ctx context.Context) error {
	mustContext(ctx)
	c := &p.core
	switch {
	case c.life.now() == created:
		return c.cfg.fault(ErrNotStarted)
	case c.source != nil:
		return c.cfg.fault(ErrSourceFed)
	case c.ref.runOf(ctx) != nil:
		return c.cfg.fault(ErrNestedWait)
	}
	c.Hurry()
	if err := p.waitAll(ctx); err != nil {
		return c.ref.endedWhile("waiting for all inputs of", err)
	}
	return nil
}

// waitAll waits until no input is unresolved and nobody is being told of a dropped
// one. An input counts as dropped before OnDrop is told of it.
func (p *Pool[In, Out]) waitAll(ctx context.Context) error {
	c := &p.core
	for {
		before, _ := c.drops.busy()
		if err := c.WaitAll(ctx); err != nil {
			return err
		}
		told, quiet := c.drops.busy()
		switch {
		case quiet != nil:
			select {
			case <-quiet:
			case <-ctx.Done():
				return ctx.Err()
			}
		case told == before: // else OnDrop may have sent something since
			return nil
		}
	}
}
