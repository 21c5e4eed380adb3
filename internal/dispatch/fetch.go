package dispatch

// fetched is what a worker found when it looked at the queue.
type fetched uint8

const (
	item      fetched = iota
	parked            // nothing: the worker is on the idle list
	retired           // nothing: the worker is to end
	gathering         // too little: the worker waits for more
)

// Fetch waits for the next item and puts it into w. It returns false when the
// worker is to end. It counts the outcome of the run before, too: the lock is
// taken anyway.
func (d *Dispatcher[T, S]) Fetch(w *Worker[T, S]) bool {
	for !d.takeAssigned(w) {
		switch d.fetch(w) {
		case item:
			return true
		case retired:
			return false
		}
		d.Idle()
		<-w.wake
		w.searching = !w.assigned
		if w.leave {
			return false
		}
	}
	return true
}

func (d *Dispatcher[T, S]) fetch(w *Worker[T, S]) fetched {
	if w.direct {
		w.direct = false
		if w.Last == None && d.restAtOnce(w) {
			return parked
		}
	}
	d.outMu.Lock()
	d.finished.Count(w.Last)
	w.Last = None
	if d.attention.Load() && d.retire(w) { // asked with outMu: once Resize has returned, a surplus worker takes nothing
		return retired
	}
	if d.out.Len() > 0 && !w.searching && d.blocked.Load() == 0 {
		w.take(d.out.Pop())
		d.outMu.Unlock()
		if w.Guest && d.awaited.Load() { // the outcome just counted may be the last that WaitAll waits for
			d.notifyWaitAll()
		}
		return item
	}
	return d.fetchSlowly(w)
}

// fetchSlowly is fetch where there is something to be done on the senders' side:
// the sides are swapped, blocked senders admitted, the next worker woken. That
// comes before the run, so that a slow run holds up nobody. It is called with
// outMu, and releases it.
func (d *Dispatcher[T, S]) fetchSlowly(w *Worker[T, S]) (f fetched) {
	if d.keyed != nil {
		return fetchKeyed(d, w)
	}
	var e effects[T, S]
	d.inMu.Lock()
	switch {
	case d.takeHandOffLocked(w, &e):
	case d.out.Len() > 0 || d.swapLocked():
		w.take(d.out.Pop())
	default:
		f = d.restLocked(w, &e)
	}
	if f == item {
		d.ahead = d.out.Places()
		d.admitLocked(&e, 0)
		d.endSearchLocked(w, &e)
		if w.Guest { // as in fetch
			d.noteResolvedLocked(&e)
		}
	}
	d.inMu.Unlock()
	d.outMu.Unlock()
	d.apply(&e)
	return f
}

// swapLocked moves the in side to the out side, which is used up. It reports
// whether there is anything now. It needs both locks.
func (d *state[T, S]) swapLocked() bool {
	if d.in.Len() == 0 {
		return false
	}
	d.out.Take(&d.in)
	return true
}

// takeHandOffLocked takes the item of a blocked sender straight from it, if the
// queue has no places. What such a queue holds all the same, guests and what was
// requeued, was there first. It needs both locks.
func (d *state[T, S]) takeHandOffLocked(w *Worker[T, S], e *effects[T, S]) bool {
	if d.Bound > 0 || d.out.Len()+d.in.Len() > 0 {
		return false
	}
	waiter := d.waiters.firstWaiting()
	if waiter == nil {
		return false
	}
	d.unblockLocked(waiter)
	if waiter.guest {
		w.take(entry[T]{item: waiter.item}, true)
	} else {
		d.accepted++
		w.take(entry[T]{waiter.item, d.stamper.Stamp(d.Clock)}, false)
		e.admit(waiter)
	}
	return true
}

// retire ends a worker if it is surplus. It is called with outMu, and releases it if it
// returns true.
func (d *Dispatcher[T, S]) retire(w *Worker[T, S]) bool {
	var e effects[T, S]
	d.inMu.Lock()
	retires := retireLocked(&d.state, w, &e)
	d.inMu.Unlock()
	if retires {
		d.outMu.Unlock()
		d.apply(&e)
	}
	return retires
}

// retireLocked ends a surplus worker, and has another one take what waits, if one is
// free. It returns false if the worker is not surplus after all. It needs both locks,
// but where items are gathered: nothing is ever on the out side there.
func retireLocked[T, S any](d *state[T, S], w *Worker[T, S], e *effects[T, S]) bool {
	if !d.roster.surplus() {
		return false
	}
	w.freeLane(d.keyed)
	d.roster.arrived(w)
	d.roster.leave()
	d.roster.unserved = d.roster.unserved || d.out.Len() > 0
	d.rebalanceLocked(e)
	d.noteResolvedLocked(e)
	return true
}
