package dispatch

// blockLocked makes a sender wait.
func (d *state[T, S]) blockLocked(w *Waiter[T]) {
	d.waiters.push(w)
	d.blocked.Add(1)
}

// unblockLocked takes out a blocked sender.
func (d *state[T, S]) unblockLocked(w *Waiter[T]) {
	if w.lane != nil {
		d.keyed.unblock(w)
		return
	}
	d.waiters.remove(w)
	d.blocked.Add(-1)
}

// admitLocked accepts the items of blocked senders for which there is a place, and
// of at least atLeast of them. It needs both locks, and ahead up to date. No worker
// needs to be woken for them: a sender is blocked only while the queue is full, and
// a worker is on its way to what is queued, unless none is free.
func (d *state[T, S]) admitLocked(e *effects[T, S], atLeast int) {
	if d.keyed != nil {
		admitKeyedLocked(d, e)
		return
	}
	for w := d.waiters.firstWaiting(); w != nil; w = d.waiters.firstWaiting() {
		switch {
		case w.guest:
			w.seq = d.pushGuestLocked(w.item)
		case d.hasPlaceLocked() || atLeast > 0:
			w.seq = d.acceptLocked(w.item)
			atLeast--
		default:
			return
		}
		d.unblockLocked(w)
		if !w.guest {
			e.admit(w)
		}
	}
}

// refuseLocked refuses blocked senders. Guests among them go into the queue.
func (d *state[T, S]) refuseLocked(e *effects[T, S], refusal error) {
	e.refusal = refusal
	d.keyed.refuse(e.refuse)
	for w := d.waiters.First(); w != nil; w = d.waiters.First() {
		d.unblockLocked(w)
		if w.guest {
			w.seq = d.pushGuestLocked(w.item)
		} else {
			e.refuse(w)
		}
	}
}
