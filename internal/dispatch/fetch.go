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
	for {
		if d.attention.Load() && d.retire(w) {
			return false
		}
		switch d.fetch(w) {
		case item:
			return true
		case retired:
			return false
		}
		d.Idle()
		<-w.wake
		w.searching = true
		if w.leave {
			return false
		}
	}
}

func (d *Dispatcher[T, S]) fetch(w *Worker[T, S]) fetched {
	d.outMu.Lock()
	d.finished.Count(w.Last)
	w.Last = None
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

func (w *Worker[T, S]) take(it entry[T], isGuest bool) {
	w.Item, w.Stamp, w.Guest = it.item, it.stamp, isGuest
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

// fetchKeyed is fetchSlowly where inputs have keys: the worker frees the lane of the
// run before, and takes the oldest input whose lane is free.
func fetchKeyed[T, S any](d *Dispatcher[T, S], w *Worker[T, S]) (f fetched) {
	var e effects[T, S]
	d.inMu.Lock()
	w.freeLane(d.keyed)
	switch sender := d.keyed.nextHandOff(); {
	case d.keyed.inputs.Ready() > 0:
		var it entry[T]
		it, w.lane = d.keyed.pop()
		w.take(it, false)
	case sender != nil:
		d.accepted++
		w.lane = sender.lane
		w.take(entry[T]{sender.item, d.stamper.Stamp(d.Clock)}, false)
		d.keyed.handOff(sender)
		e.admit(sender)
	default:
		f = d.restLocked(w, &e)
	}
	if f == item {
		d.admitLocked(&e, 0)
		d.endSearchLocked(w, &e)
	}
	d.inMu.Unlock()
	d.outMu.Unlock()
	d.apply(&e)
	return f
}

// freeLane frees the lane of the run that has ended, if there is one.
func (w *Worker[T, S]) freeLane(q *keyedQueue[T]) {
	if l := w.lane; l != nil {
		w.lane = nil
		q.free(l)
	}
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
	waiter := d.firstWaiterLocked()
	if waiter == nil {
		return false
	}
	d.removeWaiterLocked(waiter)
	if waiter.guest {
		w.take(entry[T]{item: waiter.item}, true)
	} else {
		d.accepted++
		w.take(entry[T]{waiter.item, d.stamper.Stamp(d.Clock)}, false)
		e.admit(waiter)
	}
	return true
}

// endSearchLocked notes that a worker has found something, and wakes the next one
// if there is more, or notes that none is free. An item that came while this worker
// counted as searching woke nobody, and must be seen here even if it has changed
// sides since. It needs both locks.
func (d *state[T, S]) endSearchLocked(w *Worker[T, S], e *effects[T, S]) {
	d.roster.arrived(w)
	switch {
	case !d.hasWorkLocked():
		d.roster.unserved = false
	case d.roster.searching == 0:
		if next := d.roster.acquireSearcher(); next != nil {
			e.launch(next)
		}
	}
}

// restLocked ends the search of a worker that found nothing, and puts it on the
// idle list or, if it is surplus, takes it out.
func (d *state[T, S]) restLocked(w *Worker[T, S], e *effects[T, S]) fetched {
	d.roster.unserved = false
	d.roster.arrived(w)
	d.noteResolvedLocked(e)
	if d.phase < draining && !d.roster.surplus() {
		d.parkLocked(w)
		return parked
	}
	d.roster.leave()
	d.rebalanceLocked(e)
	if d.phase >= draining { // nothing is queued, and nothing comes any more
		d.stopIdleLocked(e)
	}
	return retired
}

func (d *state[T, S]) parkLocked(w *Worker[T, S]) {
	d.roster.park(w)
	d.noteIdleLocked()
}

// retire ends a surplus worker, and has another one take what waits, if one is
// free. It returns false if the worker is not surplus after all.
func (d *Dispatcher[T, S]) retire(w *Worker[T, S]) bool {
	var e effects[T, S]
	d.outMu.Lock()
	d.inMu.Lock()
	d.finished.Count(w.Last)
	w.Last = None
	surplus := d.roster.surplus()
	if surplus {
		w.freeLane(d.keyed)
		d.roster.arrived(w)
		d.roster.leave()
		d.roster.unserved = d.roster.unserved || d.out.Len() > 0
		d.rebalanceLocked(&e)
		d.noteResolvedLocked(&e)
	}
	d.inMu.Unlock()
	d.outMu.Unlock()
	d.apply(&e)
	return surplus
}
