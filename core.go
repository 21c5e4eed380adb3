package remuda

import (
	"context"
	"io"
	"sync"

	"github.com/remuda-go/remuda/internal/dispatch"
)

// A core is the inside of a Pool: the dispatcher that brings inputs and workers
// together, the runner that runs them, and what belongs to neither.
type core[In, Out any] struct {
	runner[In, Out]
	dispatch.Dispatcher[item[In, Out], runnerState[In, Out]]

	life    lifecycle
	source  Source[In]             // nil for a pool that is fed by its own queue
	keys    sender[In, Out]        // of its inputs; nil if they have none
	sourced sourceWorkers[In, Out] // of a pool that is fed by a source
	drops   dropHook[In]           // the user's OnDrop
	streams streamSet              // loops over Map and Stream
	sizing  sync.Mutex             // held while the number of workers is changed
	full    error                  // what TrySend returns; made once, since it is cheap then
	private bool                   // it is of one call: see crew
	crew    crew[In, Out]          // of a private pool

	// gather has another feeder take the inputs from the queue; nil in most pools. It is
	// a function, so that a program without StartBatches does not link that feeder.
	gather func(*dispatch.Config[item[In, Out], runnerState[In, Out]])
}

// start opens the pool.
func (c *core[In, Out]) start(b JobBuilder[In, Out], built bool) error {
	if err := faultOfAll(c.mws, ""); err != nil {
		return c.cfg.fault(err)
	}
	timing := timingFor(c.mws) // it asks middleware, which may ask the pool
	err := c.life.open(func() {
		c.builder, c.built = b, built
		c.stop = c.beginClose
		c.endSlot = c.Dispatcher.EndSlot
		c.ref.name, c.ref.slots = c.cfg.Name, c
		if c.private { // its runs belong to its loop alone
			c.ref.base, c.ref.cancel = context.Background(), func(error) {}
		} else {
			c.ref.base, c.ref.cancel = context.WithCancelCause(context.Background())
			c.full = c.cfg.full(c.keys != nil)
		}
		c.ref.keyed = c.keys != nil
		c.ref.clock.Start()
		c.ref.clock.Timing.Store(timing)
		if c.source == nil {
			c.open()
		}
	})
	if err != nil {
		return c.cfg.fault(err)
	}
	if c.source != nil {
		c.sourced.runner, c.sourced.source, c.sourced.drops = &c.runner, c.source, &c.drops
		c.sourced.close, c.sourced.note, c.sourced.last = c.beginClose, c.life.note, c.workersEnded
		c.sourced.open(c.cfg.initial())
	}
	return nil
}

func (c *core[In, Out]) open() {
	if c.private { // the dispatcher counts its batches and has no workers
		c.Open(dispatch.Config[item[In, Out], runnerState[In, Out]]{Target: c.cfg.initial(), Bound: c.cfg.bound(), Clock: &c.ref.clock})
		return
	}
	cfg := dispatch.Config[item[In, Out], runnerState[In, Out]]{
		Target:      c.cfg.initial(),
		Bound:       c.cfg.bound(),
		IdleTimeout: c.cfg.IdleTimeout,
		Clock:       &c.ref.clock,
		Keyed:       c.keys != nil,
		Run:         c.work,
		Idle:        unlabel,
		Unused:      c.unusedWorker,
		Ended:       c.workersEnded,
	}
	if c.gather != nil {
		c.gather(&cfg)
	}
	c.Open(cfg)
}

// beginClose makes the pool draining, because of err if that is not nil. It does
// not block.
func (c *core[In, Out]) beginClose(err error) {
	first, started := c.life.drain(err)
	switch {
	case !first:
	case !started:
		c.life.end()
	case c.source != nil:
		c.sourced.drain()
	default:
		c.Drain(c.life.closedFault(c.cfg))
	}
}

// workersEnded is called when the last worker of a draining pool has gone: the
// source is closed, and the pool is done.
func (c *core[In, Out]) workersEnded() {
	c.life.finish()
	if closer, ok := c.source.(io.Closer); ok {
		closeSafely(closer, c.end)
	} else {
		c.end(nil)
	}
}

// end is the last that happens in a pool. It notes what closing the source
// returned.
func (c *core[In, Out]) end(closing error) {
	c.ref.cancelAll()
	c.life.note(closing)
	c.life.end()
}

// refusal says why the pool takes no inputs, and nil if it does.
func (c *core[In, Out]) refusal() error {
	switch phase := c.life.now(); {
	case phase == created:
		return c.cfg.fault(ErrNotStarted)
	case phase > opened:
		return c.life.closedFault(c.cfg)
	case c.source != nil:
		return c.cfg.fault(ErrSourceFed)
	default:
		return nil
	}
}

// yieldSlot gives r's slot to another run while r waits for its own pool.
//
// Inputs with an empty context share the context of their worker. If a job leaves a
// goroutine behind, a call that this makes with the context can't be told from one
// of the run that follows. So once a run on a shared context has waited for its own
// pool, each run gets a context of its own.
func (c *core[In, Out]) yieldSlot(r *runContext) {
	if r.mode == byPool && !c.ref.nested.Load() {
		c.ref.nested.Store(true)
	}
	c.Yield(&r.slot)
}

// askSlotBack asks for the slot of r, without blocking; see awaitSlot.
func (c *core[In, Out]) askSlotBack(r *runContext) <-chan struct{} { return c.AskBack(&r.slot) }

// awaitSlot blocks until r has its slot back, or all runs are cancelled.
func (c *core[In, Out]) awaitSlot(r *runContext, back <-chan struct{}) {
	c.AwaitBack(&r.slot, back, c.ref.base.Done())
}

func (c *core[In, Out]) reacquireSlot(r *runContext) { c.awaitSlot(r, c.askSlotBack(r)) }
