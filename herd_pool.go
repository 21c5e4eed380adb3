package remuda

import "context"

// What a Herd needs of its pool beyond the exported methods.

// requeue accepts an input that a run has in hand for one more run. It never blocks
// and is never refused, neither by the bound of the queue nor by closing: the input
// was accepted before and has not lost its place. It goes behind those that wait
// already, blocked senders included: one of those gets a place first, so that a few
// inputs that are retried forever cannot keep all others out, unless limit inputs or
// more wait already, or the worker is to end. ctx is the context of the run, whose
// caller's values the next run gets.
func (p *Pool[In, Out]) requeue(ctx context.Context, in In, limit int) {
	c := &p.core
	it := item[In, Out]{in: in}
	if r := c.ref.runOf(ctx); r != nil && r.mode == valuesOnly {
		it.env = newSentEnvelope[In, Out](r.parent, &c.ref)
	}
	c.Requeue(it, limit)
}

// closeIntake makes the pool refuse new inputs, those of blocked senders too,
// with ErrPoolClosed. Unlike a pool that is closing, it can still be resized,
// and does not end when it has run what it has accepted.
func (p *Pool[In, Out]) closeIntake() {
	p.core.life.seal()
	p.core.Seal(ErrPoolClosed)
}

// beginClose begins to close the pool, as Close does, and does not wait. A Close
// that comes later is the first.
func (p *Pool[In, Out]) beginClose() { p.core.beginClose(nil) }
