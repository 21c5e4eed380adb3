package remuda

import (
	"context"
	"fmt"

	"github.com/remuda-go/remuda/internal/safeerr"
)

// perform runs what w has taken from the queue.
func (p *Pool[In, Out]) perform(w *worker[In, Out]) {
	if w.stream != nil {
		w.stream.work(w)
		return
	}
	ctx := &w.ctx
	if w.origin != nil && w.origin.run != nil {
		ctx = w.origin.run
		if err := ctx.abandoned(); err != nil {
			p.discard(w, err)
			return
		}
		label(ctx)
	} else {
		unlabel()
	}
	if w.seat.input == nil {
		if err := p.equip(w); err != nil {
			p.conclude(w, err)
			return
		}
	}
	ctx.begin(&w.seat, w.stamp)
	p.conclude(w, w.do(ctx))
}

// equip gives a worker its job, inside its middleware. What the builder or a
// middleware panics with is left to whoever runs the worker.
func (p *Pool[In, Out]) equip(w *worker[In, Out]) error {
	w.ctx.home = &p.home
	if w.ctx.parent == nil {
		w.ctx.parent = p.home.base
	}
	if w.job == nil {
		job := p.builder.New()
		if err := faultOf(job, "job of the builder"); err != nil {
			return p.cfg.fault(err)
		}
		w.job = job
	}
	if w.bind(w.job, p.mws); w.run != nil {
		w.seat.entered = &w.entered
	}
	w.seat.input = func() any { return w.in } // last, since it stands for all of this
	return nil
}

// conclude ends w's run: its outcome is err.
func (p *Pool[In, Out]) conclude(w *worker[In, Out], err error) {
	if w.stream != nil {
		w.stream.conclude(w, err)
		return
	}
	w.last = w.outcome(err)
	if err != nil {
		r := &w.ctx
		if w.origin != nil && w.origin.run != nil {
			r = w.origin.run
		}
		if w.last != dropped {
			p.stopOn(r, err)
		}
		err = p.explain(r, err)
	}
	if w.last == dropped && (w.origin == nil || !w.origin.awaited()) {
		p.refuse(w, err)
		return
	}
	if w.origin != nil {
		p.resolve(w, w.take(), err)
	} else {
		w.clear()
	}
}

// stopOn closes the pool after a run that failed, under Config.StopOnErrors. That
// a run was cancelled by whoever owns it says nothing of the job, whatever error
// the job made of it. It reports whether it has closed the pool.
func (p *Pool[In, Out]) stopOn(r *runContext, err error) bool {
	if !p.cfg.StopOnErrors || r.Err() != nil && outcomeOf(err) != panicked {
		return false
	}
	p.shut(err)
	return true
}

// explain adds ErrPoolClosed to the error of a run that Close has cancelled,
// since its caller, who has cancelled nothing, gets to see it.
func (p *Pool[In, Out]) explain(r *runContext, err error) error {
	if p.home.base.Err() == nil || !safeerr.Is(err, context.Canceled) || safeerr.Is(err, ErrPoolClosed) || context.Cause(r) != ErrPoolClosed {
		return err
	}
	return fmt.Errorf("%w: %w", p.cfg.fault(ErrPoolClosed), err)
}

// refuse ends an input that was sent, and that a middleware did not let through
// to the job. It is counted first, so that the numbers are right for OnDrop.
func (p *Pool[In, Out]) refuse(w *worker[In, Out], err error) {
	p.head.Lock()
	p.finished.count(dropped)
	p.head.Unlock()
	w.last, w.origin = none, nil
	in := w.in
	w.clear()
	p.refused(in, err)
}

// discard ends what w has taken without a run.
func (p *Pool[In, Out]) discard(w *worker[In, Out], err error) {
	w.last = dropped
	p.resolve(w, w.take(), err)
}

// resolve hands the outcome to the ticket. The run is counted first, so that
// the numbers are right for whoever waited.
func (p *Pool[In, Out]) resolve(w *worker[In, Out], out Out, err error) {
	o := w.origin
	w.origin = nil
	if o.run != nil {
		o.run.end()
	}
	if !o.awaited() {
		return
	}
	p.resolved[w.last].Add(1)
	w.last = none
	o.ticket.exited = w.exited
	o.ticket.settle(out, err)
}

// outcomeOf says how to count a run that returned err. It is inlined, unlike
// what it does with an error.
func outcomeOf(err error) outcome {
	if err == nil {
		return succeeded
	}
	return failureOf(err)
}

func failureOf(err error) outcome {
	switch err.(type) {
	case *PanicError:
		return panicked
	case interface{ Unwrap() error }, interface{ Unwrap() []error }:
		if _, ok := safeerr.AsType[*PanicError](err); ok { // it needs a defer, hence the switch
			return panicked
		}
	}
	return failed
}
