package dispatch

// Resize makes n the number of workers. It returns false once the dispatcher
// drains.
func (d *Dispatcher[T, S]) Resize(n int) bool {
	var e effects[T, S]
	d.outMu.Lock()
	d.inMu.Lock()
	ok := d.phase < draining
	if ok {
		d.roster.target = n
		d.rebalanceLocked(&e)
		d.startForQueuedLocked(&e)
	}
	d.inMu.Unlock()
	d.outMu.Unlock()
	d.apply(&e)
	return ok
}

// Target returns the number of workers that there should be.
func (d *state[T, S]) Target() int {
	d.inMu.Lock()
	defer d.inMu.Unlock()
	return d.roster.target
}
