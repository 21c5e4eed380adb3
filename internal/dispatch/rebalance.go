package dispatch

// rebalanceLocked is called after a change of the target, of yielded slots, or of
// the work that waits. It gives slots back, stops surplus idle workers, wakes a
// worker if work waits, and calls for attention if busy ones are surplus.
func (d *state[T, S]) rebalanceLocked(e *effects[T, S]) {
	r := &d.roster
	r.returnSlots(e)
	for r.first != nil && r.surplus() {
		r.stopOne(e)
	}
	if r.searching == 0 && d.workWaitsLocked() {
		e.launch(r.acquireSearcher())
	}
	surplus := r.surplus()
	d.attention.Store(surplus)
	if surplus {
		e.launch(d.gather.end())
	}
}

// startForQueuedLocked launches a worker for each input that waits, as far as there
// may be more. With each worker launching the next, as in endSearchLocked, it takes
// four times as long to get from one worker to 10,000. It needs both locks.
func (d *state[T, S]) startForQueuedLocked(e *effects[T, S]) {
	r := &d.roster
	n := d.Gathering.workersFor(d.in.Len() + d.out.Len() + d.waiters.Len())
	n += d.keyed.ready() // with keys, senders that are handed off come one after the other
	for r.searching < n {
		w := r.acquire()
		if w == nil {
			return
		}
		r.searching++
		e.launch(w)
	}
}

// wakeLocked acquires a worker for an input that was just accepted, unless enough
// are on their way already.
func (d *state[T, S]) wakeLocked() *Worker[T, S] {
	switch {
	case d.roster.searching > 0 && d.Gathering.Size > 0:
		return wakeGathererLocked(d)
	case d.roster.suffices(d.in.Len()):
		return nil
	}
	return d.roster.acquireSearcher()
}
