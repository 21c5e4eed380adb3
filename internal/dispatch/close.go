package dispatch

import "github.com/remuda-go/remuda/internal/fifo"

// Seal makes it refuse inputs, those of blocked senders, too. Unlike a dispatcher
// that drains, it can still be resized, and does not end.
func (d *Dispatcher[T, S]) Seal(refusal error) {
	var e effects[T, S]
	d.inMu.Lock()
	if d.phase < sealed {
		d.phase = sealed
	}
	d.refuseLocked(&e, refusal)
	d.inMu.Unlock()
	d.apply(&e)
}

// Drain makes it refuse inputs and end once what it has accepted has run, with
// one worker if there are none. It returns false if it has been called before.
func (d *Dispatcher[T, S]) Drain(refusal error) bool {
	var e effects[T, S]
	d.outMu.Lock()
	d.inMu.Lock()
	if d.phase >= draining {
		d.inMu.Unlock()
		d.outMu.Unlock()
		return false
	}
	d.phase = draining
	d.idle.stop()
	d.refuseLocked(&e, refusal)
	if d.in.Len()+d.out.Len()+d.keyed.length() > 0 {
		d.roster.target = max(d.roster.target, 1)
		d.rebalanceLocked(&e)
	} else {
		d.roster.stopIdle(&e)
	}
	e.launch(d.gather.end())
	d.checkEndLocked(&e)
	d.inMu.Unlock()
	d.outMu.Unlock()
	d.apply(&e)
	return true
}

// TakeAll empties the queue, counts its inputs as dropped, and calls drop for each
// of them and for the guests, without locks. Senders that were blocked get a place.
func (d *Dispatcher[T, S]) TakeAll(drop func(T)) {
	var all, rest fifo.Queue[entry[T]]
	var now, after effects[T, S]
	d.outMu.Lock()
	d.inMu.Lock()
	all.Take(&d.out)
	rest.Take(&d.in)
	d.keyed.clear(&rest)
	d.finished[Dropped] += uint64(all.Places() + rest.Places())
	d.ahead = 0
	d.admitLocked(&now, 0)
	d.checkEndLocked(&after)
	d.inMu.Unlock()
	d.outMu.Unlock()
	d.apply(&now)
	for _, q := range []*fifo.Queue[entry[T]]{&all, &rest} {
		for q.Len() > 0 {
			it, _ := q.Pop()
			drop(it.item)
		}
	}
	d.apply(&after)
}

// Gone notes that a worker that was leaving is gone. With the last one, a dispatcher
// that drains ends.
func (d *Dispatcher[T, S]) Gone() {
	var e effects[T, S]
	d.inMu.Lock()
	d.roster.leaving--
	d.checkEndLocked(&e)
	d.inMu.Unlock()
	d.apply(&e)
}

// checkEndLocked notes once that the last worker of a draining dispatcher has gone.
func (d *state[T, S]) checkEndLocked(e *effects[T, S]) {
	if d.phase == draining && d.roster.count+d.roster.leaving == 0 {
		d.phase = ended
		e.ended = true
	}
	d.noteResolvedLocked(e)
}
