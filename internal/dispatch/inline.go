package dispatch

// AcquireInline returns a free worker for an input that is to run on the caller's
// goroutine, unless something that was there before would be overtaken, or items are
// gathered. The input is accepted with that, and the caller owes a ReleaseInline.
func (d *state[T, S]) AcquireInline() *Worker[T, S] {
	d.inMu.Lock()
	defer d.inMu.Unlock()
	if d.phase != open {
		return nil
	}
	return d.acceptForLocked(1)
}

// ReleaseInline takes back the worker, and counts the outcome of its input.
func (d *Dispatcher[T, S]) ReleaseInline(w *Worker[T, S], o Outcome) {
	d.inMu.Lock()
	d.inline.Count(o)
	if d.nothingToDoLocked() {
		d.parkLocked(w) // by far the most frequent case: there is nothing to apply
		d.inMu.Unlock()
		return
	}
	var e effects[T, S]
	switch r := &d.roster; {
	case r.surplus():
		r.leave()
		e.stop(w)
		d.rebalanceLocked(&e)
	case d.phase == draining || d.workWaitsLocked():
		r.searching++
		e.launch(w) // on its own goroutine it fetches what waits
	default:
		d.parkLocked(w)
	}
	d.noteResolvedLocked(&e)
	d.inMu.Unlock()
	d.apply(&e)
}
