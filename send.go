package remuda

import (
	"context"

	"github.com/remuda-go/remuda/internal/runstate"
)

// Send hands an input to the pool and returns when it was accepted: at once
// while there is room in the queue, else when there is, or with the error of
// ctx when that ends first. Blocked senders are let in in order of arrival.
//
// The job's context has the values of ctx and neither its deadline nor its
// cancellation, since the caller moves on. Nobody gets the outcome: middleware
// and Stats see it, and [Tap], outermost around the job, sees it with its types.
// An input that was accepted and never ran goes to [Pool.OnDrop].
//
// What was sent cannot be cancelled by itself; Close with a context that has
// ended stops all of it.
//
// The input keeps ctx. If that is the context of a run, it keeps the values of
// the run's owner alone; but with one that the job or a middleware derived from
// it, inputs that send others in turn make a chain of contexts that grows.
//
// Send returns [ErrPoolClosed], [ErrNotStarted] or [ErrSourceFed] if the pool
// takes no inputs. It costs no allocation if ctx is context.Background() or
// context.TODO(), and one if it is not.
func (p *Pool[In, Out]) Send(ctx context.Context, in In) error {
	it, err := p.sent(ctx, in)
	if err != nil {
		return err
	}
	return p.send(ctx, it, true)
}

// TrySend is Send that never blocks: it returns [ErrQueueFull] when Send would
// wait. As with Send, the job's context has the values of ctx, and a ctx that has
// ended is refused with its error.
func (p *Pool[In, Out]) TrySend(ctx context.Context, in In) error {
	it, err := p.sent(ctx, in)
	if err != nil {
		return err
	}
	return p.send(ctx, it, false)
}

// sent makes the item of an input that is sent with ctx.
func (p *Pool[In, Out]) sent(ctx context.Context, in In) (item[In, Out], error) {
	it := item[In, Out]{in: in}
	if isEmpty(ctx) {
		return it, nil
	}
	if err := ctx.Err(); err != nil {
		return it, err
	}
	if values := valuesOf(ctx); !isEmpty(values) {
		it.origin = p.newOrigin(values, detached)
	}
	return it, nil
}

// Submit hands an input to the pool, as Send does, and returns the ticket by
// which to get its outcome. The run belongs to ctx: when ctx ends, the run is
// cancelled, or the input leaves the queue at once, and is dropped, if its run has
// not begun. The ticket does not keep ctx. Submit costs one allocation; with a
// context that carries something it costs two, and three more if that can end
// and all workers are busy.
func (p *Pool[In, Out]) Submit(ctx context.Context, in In) (*Ticket[Out], error) {
	o, err := p.submit(ctx, in, true)
	if err != nil {
		return nil, err
	}
	p.heed(ctx, o)
	return o.ticket, nil
}

// submit hands over an input whose outcome somebody awaits; see newCall for kept.
func (p *Pool[In, Out]) submit(ctx context.Context, in In, kept bool) (*origin[In, Out], error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	o := p.newCall(ctx, kept)
	if err := p.send(ctx, item[In, Out]{in: in, origin: o}, true); err != nil {
		return nil, err
	}
	return o, nil
}

// valuesOf returns a context with the values of ctx that outlive its run. For a
// job that sends with the context of its run they are those of whoever owns that
// run; the run itself is left out, or inputs that send others in turn would make
// a chain of contexts that grows without end.
func valuesOf(ctx context.Context) context.Context {
	for {
		r, ok := ctx.(*runContext)
		switch {
		case !ok:
			return ctx
		case r.parent == r.home.base: // has no values
			return context.Background()
		}
		ctx = r.parent
	}
}

// isEmpty reports whether ctx is one of the two contexts that carry nothing.
func isEmpty(ctx context.Context) bool {
	return ctx == context.Background() || ctx == context.TODO()
}

// send hands an item to the pool; if there is no room it waits, or fails, as wait
// says. Whether an item is accepted is decided here, under mu, and in admit for
// those that blocked.
func (p *Pool[In, Out]) send(ctx context.Context, it item[In, Out], wait bool) error {
	p.mu.Lock()
	if !p.open {
		err := p.refusal()
		p.mu.Unlock()
		return err
	}
	if !p.queue.hasRoom() || p.queue.first != nil {
		p.mu.Unlock()
		return p.sendSlowly(ctx, it, wait)
	}
	p.accept(it)
	w := p.call()
	p.mu.Unlock()
	if w != nil {
		p.launch(w)
	}
	return nil
}

// call hires a worker for an item that was just accepted, unless enough are on
// their way already. It needs mu.
func (p *Pool[In, Out]) call() *worker[In, Out] {
	if n := p.crew.searching; n > 0 && len(p.queue.in) <= n*patience {
		return nil
	}
	return p.crew.summon()
}

// refusal says why the pool takes no inputs. It needs mu.
func (p *Pool[In, Out]) refusal() error {
	switch {
	case p.closing:
		return p.cfg.fault(ErrPoolClosed)
	case !p.started:
		return p.cfg.fault(ErrNotStarted)
	case p.source != nil:
		return p.cfg.fault(ErrSourceFed)
	default: // see closeIntake
		return p.cfg.fault(ErrPoolClosed)
	}
}

// accept takes an item over. It needs mu; a worker must be summoned for it.
func (p *Pool[In, Out]) accept(it item[In, Out]) {
	p.accepted++
	if t := p.home.timing.Load(); t != runstate.Untimed {
		it.stamp = p.stamper.stamp(&p.home, t)
	}
	if it.origin != nil {
		it.origin.at = len(p.queue.in)
	}
	p.queue.push(it)
}

// sendSlowly is send when there seems to be no room: it looks at how far the
// workers have come, and blocks if there is none indeed.
func (p *Pool[In, Out]) sendSlowly(ctx context.Context, it item[In, Out], wait bool) error {
	end := ctx.Done()
	p.head.Lock()
	p.mu.Lock()
	p.queue.recount()
	w, err := p.place(it)
	var b *blocked[item[In, Out]]
	if err == ErrQueueFull && wait {
		b = p.newBlocked(it)
		b.end = end
		p.queue.link(b)
	}
	p.mu.Unlock()
	p.head.Unlock()
	if w != nil {
		p.launch(w)
	}
	switch {
	case b != nil:
		return p.await(ctx, b)
	case err == ErrQueueFull:
		return p.cfg.fault(err)
	default:
		return err
	}
}

// place accepts an item if there is room and nobody waits for it already, or,
// in a pool without a queue, if there is a worker free to take it. It needs
// both locks, and a recount before.
func (p *Pool[In, Out]) place(it item[In, Out]) (*worker[In, Out], error) {
	switch {
	case !p.open:
		return nil, p.refusal()
	case p.queue.first != nil:
		return nil, ErrQueueFull
	case p.queue.hasRoom():
		p.accept(it)
		return p.call(), nil
	case p.queue.bound == 0:
		if w := p.crew.hire(); w != nil {
			p.crew.searching++
			p.accept(it)
			return w, nil
		}
	}
	return nil, ErrQueueFull
}

func (p *Pool[In, Out]) newBlocked(it item[In, Out]) *blocked[item[In, Out]] {
	b, _ := p.blocked.Get().(*blocked[item[In, Out]])
	if b == nil {
		b = &blocked[item[In, Out]]{ch: make(chan error, 1)}
	}
	b.item = it
	return b
}

// await waits until b is answered or ctx ends.
func (p *Pool[In, Out]) await(ctx context.Context, b *blocked[item[In, Out]]) error {
	if r := p.home.nested(ctx); r != nil {
		p.lend(r)
		defer p.reclaim(r)
	}
	var err error
	if b.end == nil {
		err = <-b.ch
	} else {
		select {
		case err = <-b.ch:
		case <-b.end:
			if p.quitBlocked(b) {
				err = ctx.Err()
			} else {
				err = <-b.ch // decided meanwhile
			}
		}
	}
	b.item, b.end = item[In, Out]{}, nil
	p.blocked.Put(b)
	return err
}

// quitBlocked takes a sender whose context has ended out of those that wait, and
// reports whether it was still there. Those that came after it may have found it in
// their way, so they are looked at again.
func (p *Pool[In, Out]) quitBlocked(b *blocked[item[In, Out]]) bool {
	p.head.Lock()
	p.mu.Lock()
	left := p.queue.unlink(b)
	var admitted *blocked[item[In, Out]]
	var c chores[In, Out]
	if left {
		p.queue.recount()
		admitted = p.admit(0)
		c = p.adjust()
	}
	p.mu.Unlock()
	p.head.Unlock()
	answer(admitted, nil)
	p.do(c)
	return left
}
