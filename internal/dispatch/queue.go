package dispatch

import "github.com/remuda-go/remuda/internal/queuetime"

// An entry is an input in the queue.
type entry[T any] struct {
	item  T
	stamp queuetime.Stamp
}

// acceptLocked takes an item over. A worker must be woken for it.
func (d *state[T, S]) acceptLocked(item T) (seq uint64) {
	d.accepted++
	return d.in.Push(entry[T]{item, d.stamper.Stamp(d.Clock)})
}

// hasPlaceLocked reports whether there is room in the queue. It is exact if ahead
// was brought up to date under outMu.
func (d *state[T, S]) hasPlaceLocked() bool { return d.in.Places()+d.ahead < d.Bound }

// swapLocked moves the in side to the out side, which is used up. It reports
// whether there is anything now.
func (d *state[T, S]) swapLocked() bool {
	if d.in.Len() == 0 {
		return false
	}
	d.out.Take(&d.in)
	return true
}

// admitLocked accepts the items of blocked senders for which there is a place, and
// of at least atLeast of them. It needs both locks, and ahead up to date. No worker
// needs to be woken for them: while they were blocked others waited in the queue,
// and those were seen to.
func (d *state[T, S]) admitLocked(e *effects[T, S], atLeast int) {
	for w := d.firstWaiterLocked(); w != nil; w = d.firstWaiterLocked() {
		switch {
		case w.guest:
			w.seq = d.in.PushGuest(entry[T]{item: w.item})
		case d.hasPlaceLocked() || atLeast > 0:
			w.seq = d.acceptLocked(w.item)
			atLeast--
		default:
			return
		}
		d.removeWaiterLocked(w)
		if !w.guest {
			e.admit(w)
		}
	}
}

// firstWaiterLocked returns the first of those who wait whose context has not ended,
// or nil if there is none.
func (d *state[T, S]) firstWaiterLocked() *Waiter[T] {
	for w := d.waiters.first; w != nil; w = w.next {
		select {
		case <-w.end: // it is about to give up, and looks to those behind it then
		default:
			return w
		}
	}
	return nil
}

func (d *state[T, S]) removeWaiterLocked(w *Waiter[T]) {
	d.waiters.remove(w)
	d.blocked.Add(-1)
}

// refuseLocked refuses blocked senders. Guests among them go into the queue.
func (d *state[T, S]) refuseLocked(e *effects[T, S], refusal error) {
	e.refusal = refusal
	for w := d.waiters.first; w != nil; w = d.waiters.first {
		d.removeWaiterLocked(w)
		if w.guest {
			w.seq = d.in.PushGuest(entry[T]{item: w.item})
		} else {
			e.refuse(w)
		}
	}
}
