package remuda

import (
	"io"

	"github.com/remuda-go/remuda/internal/dispatch"
)

// work is the goroutine of a worker. What goes wrong around a run ends neither the
// worker nor the pool: a panic of a middleware or a builder is the outcome of the
// run, and runtime.Goexit costs the goroutine, not the worker. Catching both here,
// rather than around each run, costs a run nothing.
func (c *core[In, Out]) work(w *worker[In, Out]) {
	unlabel()
	returned := false
	defer func() {
		if !returned {
			c.breakRun(&w.State, ErrGoexit, true)
			go c.work(w) // this goroutine is lost
		}
	}()
	w.State.info.id = w.ID
	for {
		broke := c.workUntilPanic(w)
		if broke == nil {
			break
		}
		c.breakRun(&w.State, broke, false)
	}
	returned = true
	unlabel()
	if c.private {
		c.crew.all.Done()
		return
	}
	c.closeJob(&w.State, c.workerGone)
}

// workUntilPanic runs inputs until the worker is to end, and returns nil, or until
// something around a run panics, and returns that.
func (c *core[In, Out]) workUntilPanic(w *worker[In, Out]) (broke *PanicError) {
	returned := false
	defer func() {
		if !returned { // if this is runtime.Goexit, nobody gets what is set here
			broke = newPanicError(recover())
		}
	}()
	for {
		if v := w.State.visiting; v != nil {
			v.visit(&w.State)
		} else if c.private {
			if !c.crew.rest(w) {
				break
			}
		} else if w.Last, w.State.last = w.State.last, dispatch.None; c.Fetch(w) {
			c.runItem(w)
		} else {
			break
		}
	}
	returned = true
	return nil
}

// runItem runs what w has fetched.
func (c *core[In, Out]) runItem(w *worker[In, Out]) {
	s := &w.State
	in, env := w.Item.in, w.Item.env
	w.Item = item[In, Out]{}
	if env == nil {
		r := c.sharedContext(s)
		if c.ref.cancelled.Load() {
			c.dropItem(s, r, in, c.life.closedFault(c.cfg), c)
			return
		}
		unlabel()
		c.runJob(s, r, in, w.Stamp, c)
		return
	}
	if env.visitor != nil {
		s.visiting = env.visitor
		return
	}
	s.env = env
	r := env.run
	if r == nil {
		r = c.sharedContext(s)
		unlabel()
	} else {
		label(r)
	}
	if err := c.refusedRun(r); err != nil {
		c.dropItem(s, r, in, err, c)
		return
	}
	c.runJob(s, r, in, w.Stamp, c)
}

// refusedRun returns why a run must not begin any more: its caller's context has
// ended, or all runs are cancelled.
func (c *core[In, Out]) refusedRun(r *runContext) error {
	if r.callerErr() != nil {
		return c.neverBegan(c.ref.endOf(r.parent))
	}
	if c.ref.cancelled.Load() {
		return c.life.closedFault(c.cfg)
	}
	return nil
}

var _ = (*core[Void, Void]).record // is a recorder

// record counts the outcome of an input from the queue, and hands it to the caller
// that waits for it, in this order: by then the numbers include it.
func (c *core[In, Out]) record(s *runnerState[In, Out], out Out, err error, o dispatch.Outcome) {
	env := s.env
	if env == nil {
		if o != dispatch.Dropped {
			s.last = o // as recordSent does
			return
		}
		c.recordSent(s, err, o)
		return
	}
	s.env, env.run = nil, nil
	if env.sink == nil {
		c.recordSent(s, err, o)
		return
	}
	c.Count(o)
	env.sink.settle(out, err, s.exited)
}

// recordSent counts the outcome of an input that nobody waits for: the worker tells
// with its next Fetch, which takes the lock anyway.
func (c *core[In, Out]) recordSent(s *runnerState[In, Out], err error, o dispatch.Outcome) {
	if o != dispatch.Dropped {
		s.last = o
		return
	}
	c.drops.begin()
	defer c.drops.end()
	c.Count(o) // at once: OnDrop may look
	c.drops.tellRefused(s.in, err, c.life.note)
}

// workerGone notes that a worker is gone, and what closing its job returned.
func (c *core[In, Out]) workerGone(closing error) {
	c.life.note(closing)
	c.Gone()
}

// unusedWorker ends a worker that has no goroutine.
func (c *core[In, Out]) unusedWorker(w *worker[In, Out]) {
	if _, ok := w.State.job.(io.Closer); ok && c.built {
		go func() { // it may take its time
			unlabel()
			c.closeJob(&w.State, c.workerGone)
		}()
	} else {
		c.workerGone(nil)
	}
}
