package dispatch

// Send accepts an item and returns its sequence number, by which it can be
// removed. It does not block: it returns ErrFull if there seems to be no place,
// and then SendSlowly knows for sure; or ErrClosed.
func (d *Dispatcher[T, S]) Send(item T) (seq uint64, err error) {
	d.inMu.Lock()
	if d.phase != open {
		d.inMu.Unlock()
		return 0, ErrClosed
	}
	if d.roster.isFree() {
		if w := d.assignLocked(item); w != nil {
			d.inMu.Unlock()
			d.launch(w)
			return 0, nil
		}
	}
	if d.in.Places()+d.ahead >= d.Bound || d.waiters.First() != nil {
		d.inMu.Unlock()
		return 0, ErrFull
	}
	seq = d.acceptLocked(item)
	w := d.wakeLocked()
	d.inMu.Unlock()
	if w != nil {
		d.launch(w)
	}
	return seq, nil
}

// SendSlowly is Send when there seems to be no place: it looks at how far the
// workers have come. If there is none indeed, it returns a Waiter, or ErrFull if
// wait is false.
//
// A sender that waits is passed over once end is closed: it is about to give up.
func (d *Dispatcher[T, S]) SendSlowly(item T, wait bool, end <-chan struct{}) (seq uint64, waiter *Waiter[T], err error) {
	var e effects[T, S]
	d.outMu.Lock()
	d.inMu.Lock()
	d.ahead = d.out.Places()
	switch {
	case d.phase != open:
		err = ErrClosed
	case d.waiters.firstWaiting() == nil && d.hasPlaceLocked():
		seq = d.acceptLocked(item)
		e.launch(d.wakeLocked())
	case d.Bound == 0 && d.waiters.firstWaiting() == nil && d.roster.handOff(&e):
		seq = d.acceptLocked(item)
	case wait:
		waiter = d.spareWaiters.get(item, end)
		d.blockLocked(waiter)
	default:
		err = ErrFull
	}
	d.inMu.Unlock()
	d.outMu.Unlock()
	d.apply(&e)
	return seq, waiter, err
}

// Requeue accepts an item that a run has in hand for one more run. It is never
// refused, neither by the bound of the queue nor by draining, since the item was
// accepted before. It goes behind those that wait already, the first blocked sender
// included, so that a few items that come back forever can't keep all others out,
// unless limit items or more are queued, or the worker is to end.
func (d *Dispatcher[T, S]) Requeue(item T, limit int) {
	var e effects[T, S]
	d.outMu.Lock()
	d.inMu.Lock()
	d.ahead = d.out.Places()
	if !d.roster.surplus() && d.in.Len()+d.out.Len() < limit {
		d.admitLocked(&e, 1)
	}
	d.acceptLocked(item)
	if d.phase == draining && d.roster.target == 0 { // as in Drain: a worker must run it
		d.roster.target = 1
		d.attention.Store(d.roster.surplus())
	}
	e.launch(d.wakeLocked())
	d.inMu.Unlock()
	d.outMu.Unlock()
	d.apply(&e)
}

// Waits reports whether inputs wait for which no worker is on its way, or which are
// gathered.
func (d *state[T, S]) Waits() bool {
	d.inMu.Lock()
	defer d.inMu.Unlock()
	searching := d.roster.searching
	return d.in.Len()+d.ahead > searching || d.keyed.length() > min(d.keyed.ready(), searching) || d.Gathering.Size > 0
}

// Remove takes an item out of the queue, if it is still there. An item that is no
// guest counts as dropped, and its place is free immediately.
func (d *Dispatcher[T, S]) Remove(seq uint64) (item T, ok bool) {
	var e effects[T, S]
	d.outMu.Lock()
	d.inMu.Lock()
	places := d.placesLocked()
	it, ok := d.removeLocked(seq)
	if d.placesLocked() < places {
		d.finished.Count(Dropped)
	}
	d.ahead = d.out.Places()
	d.admitLocked(&e, 0)
	d.noteResolvedLocked(&e)
	d.inMu.Unlock()
	d.outMu.Unlock()
	d.apply(&e)
	return it.item, ok
}

// Release gives back a waiter whose sender has its answer, or has given up. Using
// it again saves a blocked sender two allocations.
func (d *Dispatcher[T, S]) Release(w *Waiter[T]) { d.spareWaiters.put(w) }

// GiveUp takes a blocked sender out. It returns false if the sender was admitted or
// refused meanwhile: then its answer is there, or about to come.
func (d *Dispatcher[T, S]) GiveUp(w *Waiter[T]) bool {
	var e effects[T, S]
	d.outMu.Lock()
	d.inMu.Lock()
	gaveUp := w.linked
	if gaveUp {
		d.unblockLocked(w)
		d.ahead = d.out.Places()
		d.admitLocked(&e, 0) // those behind it may have waited for it alone
		d.rebalanceLocked(&e)
	}
	d.inMu.Unlock()
	d.outMu.Unlock()
	d.apply(&e)
	return gaveUp
}
