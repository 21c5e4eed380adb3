package remuda

import (
	"context"
	"runtime"
)

// Do runs the job on a worker and returns what it returned: a [*PanicError] if
// it panicked. It waits for a place in the queue and for a worker.
//
// Do returns as soon as ctx ends, with its error. If the input had been
// accepted by then, its run is cancelled, or it is dropped if it has not begun;
// a job that ignores its context runs on, and its outcome is lost. Under
// [Config.Inline], and with a context that can never end, a free worker's place
// lets Do run the job on the caller's goroutine, and it returns when the job
// does.
//
// A job that ends its goroutine (runtime.Goexit) ends the goroutine of Do,
// wherever it ran, just as a direct call would have done.
//
// A job may call Do on its own pool if it passes its context on: see the
// package documentation. Do then returns once the job's run has its place back,
// also when ctx has ended: that takes until another run ends or waits in its turn. Do returns [ErrPoolClosed], [ErrNotStarted] or
// [ErrSourceFed] if the pool takes no inputs. On the caller's goroutine it costs
// no allocation; handed off, or with a context that carries something, it costs
// one.
func (p *Pool[In, Out]) Do(ctx context.Context, in In) (Out, error) {
	empty := isEmpty(ctx)
	var caller *runContext // the run of this pool that calls, if one does
	if !empty {
		if err := ctx.Err(); err != nil {
			var out Out
			return out, err
		}
		if caller = p.home.nested(ctx); caller != nil && p.source == nil {
			p.lend(caller)
		} else {
			caller = nil
		}
	}
	if empty || p.cfg.Inline || ctx.Done() == nil {
		if w := p.hireInline(); w != nil {
			return p.runInline(ctx, empty, w, in, caller)
		}
	}
	o, err := p.submit(ctx, in, false)
	if err != nil {
		if caller != nil {
			p.reclaim(caller)
		}
		var out Out
		return out, err
	}
	out, left, err := o.ticket.wait(ctx, caller)
	if left {
		p.giveUp(o, err)
		if caller != nil {
			p.reclaim(caller)
		}
		return out, err
	}
	if err == ErrGoexit && o.ticket.exited { // and not just returned by the job
		runtime.Goexit()
	}
	return out, err
}

// hireInline takes a free worker for a run on the caller's goroutine, unless
// something that was queued before would be overtaken.
func (p *Pool[In, Out]) hireInline() *worker[In, Out] {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.open || p.crew.searching > 0 || p.crew.starved || len(p.queue.in) > 0 || p.queue.first != nil {
		return nil
	}
	w := p.crew.hire()
	if w != nil {
		p.accepted++
	}
	return w
}

// runInline runs an input on the goroutine of Do, on a worker that is free.
func (p *Pool[In, Out]) runInline(ctx context.Context, empty bool, w *worker[In, Out], in In, caller *runContext) (out Out, err error) {
	r := &w.ctx
	if !empty {
		r = &runContext{home: &p.home, parent: ctx, tie: untied}
	}
	returned := false
	defer func() {
		if !returned { // runtime.Goexit: for the count, since this goroutine ends here
			err, w.entered = ErrGoexit, true
			w.clear()
		}
		if back := p.release(w, r, err, caller); back != nil {
			<-back
		}
	}()
	w.in = in
	err = p.performInline(w, r)
	out = w.take()
	returned = true
	if err != nil {
		err = p.explain(r, err)
	}
	return out, err
}

// performInline runs w's input with the context r. It returns what the job
// returned, or what a middleware, a builder or the job panicked with.
func (p *Pool[In, Out]) performInline(w *worker[In, Out], r *runContext) (err error) {
	returned := false
	defer func() {
		if !returned {
			err = newPanicError(recover())
		}
	}()
	if w.seat.input == nil {
		err = p.equip(w)
	}
	if err == nil {
		r.begin(&w.seat, 0)
		err = w.do(r)
	}
	returned = true
	return err
}

// release gives back a worker after a run on the goroutine of Do. If that was
// called by a run, that asks for its own place back at the same time; see askBack.
func (p *Pool[In, Out]) release(w *worker[In, Out], r *runContext, err error, caller *runContext) (back <-chan struct{}) {
	o := w.outcome(err)
	if err != nil && o != dropped {
		p.stopOn(r, err)
	}
	r.end()
	var c chores[In, Out]
	ended := false
	p.mu.Lock()
	p.counted.count(o)
	if caller != nil {
		back = p.askBackLocked(caller)
	}
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
	return back
}
