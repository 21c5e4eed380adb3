package remuda

import (
	"context"
	"slices"
)

// An input whose caller has given up leaves the queue at once: its place is free
// for the next, and nothing of it is kept until a worker would have come to it.

// giveUp takes an input out of the queue because of err, the end of its caller's
// context. It does nothing if the input is not queued.
func (p *Pool[In, Out]) giveUp(o *origin[In, Out], err error) {
	gone := item[In, Out]{origin: &p.vacated}
	p.head.Lock()
	p.mu.Lock()
	left := p.queue.forget(o.at, gone, func(it item[In, Out]) bool { return it.origin == o })
	var admitted *blocked[item[In, Out]]
	if left {
		p.finished.count(dropped)
		admitted = p.admit(0)
		p.compact()
	}
	p.mu.Unlock()
	p.head.Unlock()
	answer(admitted, nil)
	if left {
		o.run.end()
		var out Out
		o.ticket.settle(out, err)
	}
}

// compact takes what was given up out of the queue's in side, when that is more
// than half of it: where no worker comes it would pile up. It needs both locks.
func (p *Pool[In, Out]) compact() {
	if q := &p.queue; q.guests > 16 && q.guests > len(q.in)/2 {
		q.evict(p.isGone)
		p.reindex()
	}
}

func (p *Pool[In, Out]) isGone(it item[In, Out]) bool { return it.origin == &p.vacated }

// reindex notes where the items of the queue are, after they were moved. It needs
// both locks.
func (p *Pool[In, Out]) reindex() {
	for _, buf := range [][]item[In, Out]{p.queue.in, p.queue.out} {
		for i := range buf {
			if o := buf[i].origin; o != nil {
				o.at = i
			}
		}
	}
}

// skipGone forgets what was given up at the front of the queue. It needs head.
func (p *Pool[In, Out]) skipGone() {
	for p.queue.left() > 0 && p.isGone(*p.queue.front()) {
		p.queue.drop()
		p.queue.guestsOut--
	}
}

// heed makes the input of a ticket leave the queue when ctx ends. It does without
// that where workers are on their way for all that is queued.
func (p *Pool[In, Out]) heed(ctx context.Context, o *origin[In, Out]) {
	p.mu.Lock()
	waits := len(p.queue.in)+p.queue.ahead > p.crew.searching
	p.mu.Unlock()
	if !waits || ctx.Done() == nil {
		return
	}
	stop := context.AfterFunc(ctx, func() { p.giveUp(o, ctx.Err()) })
	if !o.ticket.onSettle(stop) {
		stop()
	}
}

// withoutGone returns items without those that were given up.
func (p *Pool[In, Out]) withoutGone(items []item[In, Out]) []item[In, Out] {
	return slices.DeleteFunc(items, p.isGone)
}
