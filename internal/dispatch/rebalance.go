package dispatch

import "slices"

// rebalanceLocked is called after a change of the target, of yielded slots, or of
// the work that waits. It gives slots back, stops surplus idle workers, wakes a
// worker if work waits, and calls for attention if busy ones are surplus.
func (d *state[T, S]) rebalanceLocked(e *effects[T, S]) {
	r := &d.roster
	d.returnSlotsLocked(e)
	for r.first != nil && r.surplus() {
		d.stopOneLocked(e)
	}
	waits := d.workWaitsLocked()
	if d.keyed != nil {
		waits = d.keyed.hasWork()
	}
	if r.searching == 0 && waits {
		if w := r.acquireSearcher(); w != nil {
			e.launch(w)
		}
	}
	surplus := r.surplus()
	d.attention.Store(surplus)
	if surplus {
		d.endGatheringLocked(e)
	}
}

// startForQueuedLocked launches a worker for each input that waits, as far as there
// may be more. With each worker launching the next, as in endSearchLocked, it takes
// four times as long to get from one worker to 10,000. It needs both locks.
func (d *state[T, S]) startForQueuedLocked(e *effects[T, S]) {
	r := &d.roster
	n := d.workersFor(d.in.Len() + d.out.Len() + d.waiters.len)
	if d.keyed != nil {
		n = d.keyed.inputs.Ready() // senders that are handed off come one after the other
	}
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
	n := d.roster.searching
	switch {
	case n == 0:
	case d.Gathering.Size > 0:
		return d.wakeGathererLocked()
	case d.in.Len() <= n, n >= eagerSearchers && d.in.Len()>>(searcherShift*(n-eagerSearchers)) <= itemsPerSearcher:
		return nil
	}
	return d.roster.acquireSearcher()
}

// handOffLocked acquires a worker to take an item that has no place in the queue.
func (d *state[T, S]) handOffLocked(e *effects[T, S]) bool {
	w := d.roster.acquire()
	if w == nil {
		return false
	}
	d.roster.searching++
	e.launch(w)
	return true
}

// workWaitsLocked reports whether something waits for a worker. It does without
// outMu: if no worker was free for what is on the out side, unserved is set. It does
// not know of inputs with keys.
func (d *state[T, S]) workWaitsLocked() bool {
	return d.roster.unserved || d.in.Len() > 0 || d.firstWaiterLocked() != nil
}

// hasWorkLocked is workWaitsLocked for those who have both locks.
func (d *state[T, S]) hasWorkLocked() bool {
	if d.keyed != nil {
		return d.keyed.hasWork()
	}
	return d.out.Len()+d.in.Len() > 0 || d.firstWaiterLocked() != nil
}

// stopIdleLocked ends all idle workers.
func (d *state[T, S]) stopIdleLocked(e *effects[T, S]) {
	for d.roster.first != nil {
		d.stopOneLocked(e)
	}
}

func (d *state[T, S]) stopOneLocked(e *effects[T, S]) {
	w := d.roster.acquire()
	d.roster.leave()
	w.next, e.stopped = e.stopped, w
}

// returnSlotsLocked gives free slots to the runs that want theirs back. If the
// target is 0, one run at a time gets one: what has begun may finish.
func (d *state[T, S]) returnSlotsLocked(e *effects[T, S]) {
	r := &d.roster
	for len(r.returning) > 0 && r.busy() < max(r.target, 1) {
		s := r.returning[0]
		r.setYielded(s, false)
		e.returned = append(e.returned, d.forgetLocked(s))
	}
}

// checkEndLocked notes once that the last worker of a draining dispatcher has gone.
func (d *state[T, S]) checkEndLocked(e *effects[T, S]) {
	if d.phase == draining && d.roster.count+d.roster.leaving == 0 {
		d.phase = ended
		e.ended = true
	}
	d.noteResolvedLocked(e)
}

// noteResolvedLocked notes that an input has ended, maybe the last that WaitAll
// waits for.
func (d *state[T, S]) noteResolvedLocked(e *effects[T, S]) {
	e.checkAll = len(d.waitAll) > 0
}

// Up to eagerSearchers, a worker is woken for each input that waits. A worker that was
// woken can be held up, behind whoever has its thread: with a single one on its way,
// all inputs behind it were held up, too, while other workers were idle. In an HTTP
// server that calls Do the 99th percentile was 15 times what it takes by hand, and beside
// busy goroutines 88 times; it is 3 and 1. A sender of no-ops pays for it: 40 % more with
// a hundred workers, nothing with as many as processors.
//
// Beyond that each further worker takes eight times as many inputs, or such a sender
// would have all of a hundred workers on their way.
const (
	eagerSearchers   = 8
	itemsPerSearcher = 8
	searcherShift    = 3
)

// forgetLocked takes a run out of those that want their slot back, and returns the
// channel that tells it to go on.
func (d *state[T, S]) forgetLocked(s *Slot) chan struct{} {
	r := &d.roster
	i := slices.Index(r.returning, s)
	r.returning = slices.Delete(r.returning, i, i+1)
	back := s.back
	s.back = nil
	return back
}
