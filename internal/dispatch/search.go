package dispatch

// A worker that searches comes to the queue, and finds something or not.

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
		e.launch(d.roster.acquireSearcher())
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
		d.roster.stopIdle(e)
	}
	return retired
}
