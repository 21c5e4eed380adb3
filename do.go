package remuda

import (
	"context"
	"runtime"

	"github.com/remuda-go/remuda/internal/dispatch"
)

// Do runs the job on a worker and returns what it returned: a [*PanicError] if
// it panicked. It waits for a place in the queue and for a worker.
//
// Do returns as soon as ctx ends, with its error. If the input had been accepted by
// then, its run is cancelled, or it is dropped if it has not begun; a job that
// ignores its context runs on, and its outcome is lost. Under [Config.Inline], and
// with a context that can never end (its Done returns nil), Do runs the job on the
// caller's goroutine if a worker is free, in that worker's slot, and returns when
// the job does.
//
// A job that ends its goroutine (runtime.Goexit) ends the goroutine of Do,
// wherever it ran, just as a direct call would have done.
//
// A job may call Do on its own pool if it passes its context on: see the package
// documentation. Do then returns once the job's run has its slot back, also when
// ctx has ended: that takes until another run ends or gives up its slot, or Close
// cancels everything. Do returns [ErrPoolClosed], [ErrNotStarted] or [ErrSourceFed]
// if the pool takes no inputs. On the caller's goroutine it costs no allocation;
// handed off, or with a context other than Background and TODO, it costs one.
func (p *Pool[In, Out]) Do(ctx context.Context, in In) (out Out, err error) {
	c := &p.core
	empty := isEmpty(ctx)
	var caller *runContext // the run of this pool that calls, if one does
	if !empty {
		mustContext(ctx)
		if err := ctx.Err(); err != nil {
			return out, err
		}
		if caller = c.ref.runOf(ctx); caller != nil {
			if c.source != nil {
				return out, c.refusal()
			}
			if err := c.ref.nestedFault(); err != nil {
				return out, err
			}
			c.yieldSlot(caller)
		}
	}
	if empty || c.cfg.Inline || ctx.Done() == nil {
		if w := c.AcquireInline(); w != nil {
			return c.doInline(ctx, empty, w, in, caller)
		}
	}
	return c.doByWorker(ctx, in, caller)
}

// doByWorker hands an input over and waits for its outcome. If it was called by a
// run, that has its slot back when doByWorker returns.
func (c *core[In, Out]) doByWorker(ctx context.Context, in In, caller *runContext) (out Out, err error) {
	e := newCallEnvelope[In, Out](ctx, &c.ref)
	t := &e.ticket
	seq, err := c.send(ctx, item[In, Out]{in, &e.envelope}, true)
	if err != nil {
		if caller != nil {
			c.reacquireSlot(caller)
		}
		return out, err
	}
	if !t.wait(ctx, caller) {
		err := c.giveUp(seq, t, ctx.Err())
		if caller != nil {
			c.reacquireSlot(caller)
		}
		return out, err
	}
	if t.exited {
		runtime.Goexit()
	}
	return t.out, t.err
}

// A result is what has become of a run on its caller's goroutine.
type result[Out any] struct {
	out     Out
	err     error
	outcome dispatch.Outcome
}

var _ = (*runnerState[Void, Void]).record // is a recorder

// record keeps the outcome of a run on its caller's goroutine, who takes it then.
func (s *runnerState[In, Out]) record(_ *runnerState[In, Out], out Out, err error, o dispatch.Outcome) {
	s.result = result[Out]{out, err, o}
}

// doInline runs an input on the goroutine of Do, on a worker that is free. If the
// caller is a run, that asks for its slot back before the worker takes up something
// else.
func (c *core[In, Out]) doInline(ctx context.Context, empty bool, w *worker[In, Out], in In, caller *runContext) (out Out, err error) {
	s := &w.State
	returned := false
	defer func() {
		if !returned { // this goroutine is ending
			c.breakRun(s, ErrGoexit, true)
		}
		res := s.result
		s.result = result[Out]{}
		var back <-chan struct{}
		if caller != nil {
			back = c.askSlotBack(caller)
		}
		c.ReleaseInline(w, res.outcome)
		if back != nil {
			c.awaitSlot(caller, back)
		}
		out, err = res.out, res.err
	}()
	s.info.id = w.ID
	var r *runContext
	if empty {
		r = c.sharedContext(s)
	} else {
		r = newRunContext(ctx, &c.ref, byEither)
	}
	if broke := c.runUntilPanic(s, r, in); broke != nil {
		c.breakRun(s, broke, false)
	}
	returned = true
	return out, err
}

// runUntilPanic runs an input, and returns what panics around the job.
func (rn *runner[In, Out]) runUntilPanic(s *runnerState[In, Out], r *runContext, in In) (broke *PanicError) {
	returned := false
	defer func() {
		if !returned {
			broke = newPanicError(recover())
		}
	}()
	rn.runJob(s, r, in, 0, s)
	returned = true
	return nil
}
