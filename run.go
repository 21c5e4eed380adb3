package remuda

import "context"

// perform runs what w has taken from the queue.
func (p *Pool[In, Out]) perform(w *worker[In, Out]) {
	if w.stream != nil {
		w.stream.work(w)
		return
	}
	ctx := &w.ctx
	if w.origin != nil {
		ctx = &w.origin.ticket.run
		if err := ctx.abandoned(); err != nil {
			p.discard(w, err)
			return
		}
		if ctx.parent == nil {
			ctx.parent = p.home.base
		}
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
	if w.job == nil {
		if w.job = p.builder.New(); w.job == nil {
			return ErrNilJob
		}
	}
	w.ctx.home = &p.home
	if w.ctx.parent == nil {
		w.ctx.parent = p.home.base
	}
	w.bind(w.job, p.mws)
	w.seat.input = func() any { return w.in } // last, since it stands for all of this
	return nil
}

// conclude ends w's run: its outcome is err.
func (p *Pool[In, Out]) conclude(w *worker[In, Out], err error) {
	if w.stream != nil {
		w.stream.conclude(w, err)
		return
	}
	w.last = outcomeOf(err)
	if err != nil && p.cfg.StopOnErrors {
		p.shut(err)
	}
	if w.origin != nil {
		p.resolve(w, w.take(), err)
	} else {
		w.clear()
	}
}

// discard ends what w has taken without a run.
func (p *Pool[In, Out]) discard(w *worker[In, Out], err error) {
	w.last = dropped
	p.resolve(w, w.take(), err)
}

// resolve hands the outcome to the ticket. The run is counted first, so that
// the numbers are right for whoever waited.
func (p *Pool[In, Out]) resolve(w *worker[In, Out], out Out, err error) {
	t := &w.origin.ticket
	w.origin = nil
	t.run.end()
	if t.kind == sent {
		return
	}
	p.head.Lock()
	p.finished.count(w.last)
	p.head.Unlock()
	w.last = none
	t.exited = w.exited
	t.settle(out, err)
}

// runInline runs an input on the goroutine of Do, on a worker that is free.
func (p *Pool[In, Out]) runInline(ctx context.Context, w *worker[In, Out], in In) (out Out, err error) {
	r := &w.ctx
	if !isEmpty(ctx) {
		r = &runContext{home: &p.home, parent: ctx, tie: untied}
	}
	returned := false
	defer func() {
		if !returned { // outside of the job itself, whose panics are caught already
			if v := recover(); v != nil {
				err = newPanicError(v)
			} else {
				err = ErrGoexit // for the count: this goroutine ends here
			}
			w.clear()
		}
		p.release(w, r, err)
	}()
	if w.seat.input == nil {
		if err = p.equip(w); err != nil {
			returned = true
			return out, err
		}
	}
	w.in = in
	r.begin(&w.seat, 0)
	err = w.do(r)
	out = w.take()
	returned = true
	return out, err
}

// release gives back a worker after a run on the goroutine of Do.
func (p *Pool[In, Out]) release(w *worker[In, Out], r *runContext, err error) {
	r.end()
	if err != nil && p.cfg.StopOnErrors {
		p.shut(err)
	}
	var c chores[In, Out]
	ended := false
	p.mu.Lock()
	p.counted.count(outcomeOf(err))
	switch {
	case p.crew.surplus():
		ended = true
		p.crew.leave()
		c = p.adjust()
	case p.closing || p.crew.starved || len(p.queue.in) > 0 || p.queue.first != nil:
		p.crew.starved = false
		p.crew.searching++
		c.start = w // its own goroutine sees to what is queued
	default:
		p.crew.rest(w)
	}
	p.mu.Unlock()
	if ended {
		p.dismiss(w)
	}
	p.do(c)
}
