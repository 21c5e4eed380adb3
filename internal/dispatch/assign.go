package dispatch

// An input that finds a worker idle, and nothing that waits, is assigned to it: it does
// not pass through the queue. The worker then needs no lock to begin, and one that has
// just ended a run finds nothing, and goes to sleep beside it: the caller whom it has
// told of the outcome comes next on its thread. With all inputs in the queue, in an HTTP
// server that calls Do, the 99th percentile was ten times what it takes by hand. For one,
// the worker took the next caller's input, and telling that one pushed the first to the
// end of the thread's run queue. For another, a goroutine that finds a sync.Mutex locked
// goes there, too, if others are runnable.
//
// An input that was assigned waits for its worker, even if that is held up while
// another becomes free. Others don't wait for it.

// assignLocked takes an item over for a worker that is free. It returns nil if there is
// none, something else was there before, or enough of those that have an item are on
// their way.
func (d *state[T, S]) assignLocked(item T) *Worker[T, S] {
	w := d.acceptForLocked(mostAssigned)
	if w == nil {
		return nil
	}
	d.assigned.Add(1)
	w.take(entry[T]{item, d.stamper.Stamp(d.Clock)}, false)
	w.assigned, w.direct = true, true
	return w
}

// acceptForLocked accepts an input for a worker that is free, which it returns. It returns
// nil if there is none, if that many have an item that they have not begun, or if items
// are gathered. Nothing that waits is passed over: while something does, a worker is
// searching, or none is free.
func (d *state[T, S]) acceptForLocked(assigned int32) *Worker[T, S] {
	if d.roster.searching > 0 || d.assigned.Load() >= assigned || d.Gathering.Size > 0 {
		return nil
	}
	w := d.roster.acquire()
	if w != nil {
		d.accepted++
	}
	return w
}

// takeAssigned reports whether a worker has an item without having come to the queue.
func (d *Dispatcher[T, S]) takeAssigned(w *Worker[T, S]) bool {
	if !w.assigned {
		return false
	}
	w.assigned = false
	d.assigned.Add(-1)
	return true
}

// restAtOnce puts a worker on the idle list if there is nothing else to do.
func (d *Dispatcher[T, S]) restAtOnce(w *Worker[T, S]) bool {
	d.inMu.Lock()
	defer d.inMu.Unlock()
	if d.roster.searching > 0 || !d.nothingToDoLocked() {
		return false
	}
	d.parkLocked(w)
	return true
}

// nothingToDoLocked reports whether a worker that is not searching is to rest, and
// nobody else needs to know.
func (d *state[T, S]) nothingToDoLocked() bool {
	return d.phase == open && len(d.waitAll) == 0 && !d.roster.surplus() && !d.workWaitsLocked()
}

// mostAssigned is how many workers may be on their way with an item: with 2, the 99th
// percentile above is a quarter more. A sender of no-ops would have all of a hundred
// workers on their way.
const mostAssigned = 8
