package dispatch

// A Guest says where a guest waits: in the queue, or behind the senders that were
// blocked before it came. A guest is an item that waits its turn like all others,
// but takes no place and is not counted. The zero Guest is none.
type Guest[T any] struct {
	seq    uint64
	waiter *Waiter[T]
}

// SendGuest puts a guest into the queue, whether there is a place or not, behind
// senders that are blocked already. It returns false if the dispatcher drains.
func (d *Dispatcher[T, S]) SendGuest(item T) (g Guest[T], ok bool) {
	var w *Worker[T, S]
	d.inMu.Lock()
	switch {
	case d.phase >= draining:
	case d.waiters.firstWaiting() != nil:
		ok = true
		g.waiter = &Waiter[T]{item: item, guest: true}
		d.blockLocked(g.waiter)
	default:
		ok = true
		g.seq = d.pushGuestLocked(item)
		w = d.wakeLocked()
	}
	d.inMu.Unlock()
	if w != nil {
		d.launch(w)
	}
	return g, ok
}

// RemoveGuest takes a guest out again, if no worker has come to it.
func (d *Dispatcher[T, S]) RemoveGuest(g Guest[T]) {
	if g.waiter != nil {
		if d.GiveUp(g.waiter) {
			return
		}
		g.seq = g.waiter.seq
	}
	d.Remove(g.seq)
}
