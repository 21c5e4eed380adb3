package remuda

import (
	"context"
	"slices"
)

// What a Herd needs of its pool beyond the exported methods.

// requeue accepts an input that a run has in hand for one more run. It never
// blocks and is never refused, neither by the bound of the queue nor by closing:
// the input was accepted before and has not lost its place. It goes behind those
// that wait already, blocked senders included: one of those is let in first, so
// that a few inputs that are retried for ever cannot keep all others out, unless
// limit inputs or more wait already, or the worker is to end. ctx is the context
// of the run, whose caller's values the next run gets.
func (p *Pool[In, Out]) requeue(ctx context.Context, in In, limit int) {
	it := item[In, Out]{in: in}
	if r := p.home.nested(ctx); r != nil && r.tie == detached {
		it.origin = p.newOrigin(r.parent, detached)
	}
	var admitted *blocked[item[In, Out]]
	p.head.Lock()
	p.mu.Lock()
	p.queue.recount()
	if !p.crew.surplus() && p.queue.len() < limit {
		admitted = p.admit(1)
	}
	if q := &p.queue; len(q.in) == cap(q.in) { // it grows by little beyond its bound
		q.in = slices.Grow(q.in, len(q.in)+16)
	}
	p.accept(it)
	if p.closing && p.crew.size == 0 { // as in shut: somebody must see to it
		p.crew.size = 1
		p.attention.Store(p.crew.surplus())
	}
	w := p.call()
	p.mu.Unlock()
	p.head.Unlock()
	answer(admitted, nil)
	if w != nil {
		p.launch(w)
	}
}

// closeIntake makes the pool refuse new inputs, those of blocked senders too,
// with ErrPoolClosed. Unlike a pool that is closing, it can still be resized,
// and does not end when it has run what it has accepted.
func (p *Pool[In, Out]) closeIntake() {
	p.mu.Lock()
	p.open = false
	refused := p.queue.unlinkAll()
	p.mu.Unlock()
	answer(refused, ErrPoolClosed)
}

// beginClose begins to close the pool, as Close does, and does not wait. A Close
// that comes later is the first.
func (p *Pool[In, Out]) beginClose() { p.shut(nil) }
