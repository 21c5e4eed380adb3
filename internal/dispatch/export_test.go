package dispatch

import "fmt"

// TryFetch is a turn of Fetch's loop, and tells whether the worker has an item, or is
// on the idle list; else it is to end.
func (d *Dispatcher[T, S]) TryFetch(w *Worker[T, S]) (hasItem, isParked bool) {
	f := d.fetch(w)
	return f == item, f == parked
}

// TryGather is a turn of Gather's loop, and tells whether the worker is to end, or waits
// for more items as the gatherer.
func (d *Dispatcher[T, S]) TryGather(w *Worker[T, S]) (items []T, isRetired, isGatherer bool) {
	items, f, _ := gatherOnce(d, w, nil)
	return items, f == retired, f == gathering
}

// Woken tells whether a parked worker was woken. Wake then is the rest of Fetch's
// loop, and tells whether the worker is to go on.
func (w *Worker[T, S]) Woken() bool { return len(w.wake) > 0 }

func (w *Worker[T, S]) Wake() (goOn bool) {
	<-w.wake
	w.searching = !w.assigned
	return !w.leave
}

// IsAssigned tells whether a worker has an item that it has not begun, and TakeAssigned
// begins that. It comes before a turn of Fetch's loop.
func (w *Worker[T, S]) IsAssigned() bool { return w.assigned }

func (d *Dispatcher[T, S]) TakeAssigned(w *Worker[T, S]) bool { return d.takeAssigned(w) }

// MostAssigned is how many workers may have an item that they have not begun.
const MostAssigned = mostAssigned

func (w *Worker[T, S]) Started() bool { return w.started }

// Waits tells whether a guest is behind blocked senders, and Seq is its sequence
// number if it is not; 0 if a worker has taken it right away.
func (g Guest[T]) Waits() bool { return g.waiter != nil && g.waiter.linked }

func (g Guest[T]) Seq() uint64 {
	if g.waiter != nil {
		return g.waiter.seq
	}
	return g.seq
}

// MadeWorkers is the number of workers there ever were.
func (d *Dispatcher[T, S]) MadeWorkers() int {
	d.inMu.Lock()
	defer d.inMu.Unlock()
	return d.roster.lastID
}

// EndIdle is what the idle clock does once per IdleTimeout, and IdleClockRuns
// tells whether it would.
func (d *Dispatcher[T, S]) EndIdle() { d.endIdle() }

func (d *Dispatcher[T, S]) IdleClockRuns() bool {
	d.inMu.Lock()
	defer d.inMu.Unlock()
	return d.idle.timer != nil
}

// StopReturning is what AwaitBack does when it is cancelled.
func (d *Dispatcher[T, S]) StopReturning(s *Slot, back <-chan struct{}) { d.stopReturning(s, back) }

// JoinWaitAll and LeaveWaitAll are what WaitAll does before it blocks, and after
// its context has ended.
func (d *Dispatcher[T, S]) JoinWaitAll() chan struct{} { return d.registerWaitAll() }

func (d *Dispatcher[T, S]) LeaveWaitAll(ch chan struct{}) bool { return d.unregisterWaitAll(ch) }

// Check returns an error if the fields contradict each other, or the invariants
// of the package. It may be called at any time.
func (d *Dispatcher[T, S]) Check() error {
	d.outMu.Lock()
	defer d.outMu.Unlock()
	d.inMu.Lock()
	defer d.inMu.Unlock()
	r := &d.roster
	idle := 0
	for w := r.first; w != nil; w = w.next {
		idle++
	}
	batches := 0
	for b := d.batches.First(); b != nil; b = d.batches.Next(&b.links) {
		batches++
	}
	if batches != d.batches.Len() {
		return fmt.Errorf("%d of %d batches are linked", batches, d.batches.Len())
	}
	places := d.placesLocked()
	waits := d.hasWorkLocked()
	if err := d.keyed.check(); err != nil {
		return err
	}
	free := r.idle > 0 || r.count-r.yielded < r.target
	for _, c := range []struct {
		holds bool
		what  string
	}{
		{d.waiters.count() == d.waiters.Len() && d.waiters.Len() == int(d.blocked.Load()), "blocked senders are counted"},
		{idle == r.idle, "idle workers are counted"},
		{r.count >= r.idle+r.yielded && r.idle >= 0 && r.yielded >= len(r.returning) && r.leaving >= 0, "counts of workers agree"},
		{r.searching >= 0 && r.searching <= r.busy(), "a searching worker is busy"},
		{d.assigned.Load() >= 0 && int(d.assigned.Load()) <= r.busy()-r.searching, "a worker that has an item is busy"},
		{d.ahead >= d.out.Places(), "ahead is at least what is ahead"},
		{d.attention.Load() == r.surplus(), "workers are told when they are too many"},
		{r.idle == 0 || !r.surplus(), "an idle worker is not one too many"},
		{d.phase == unopened || !waits || r.searching > 0 || !free, "work that waits is seen to"},
		{d.out.Len() == 0 || r.searching > 0 || d.workWaitsLocked(), "work on the out side is known to wait"},
		{len(r.returning) == 0 || r.busy() >= max(r.target, 1), "runs that want their slot back come first"},
		{d.waiters.First() == nil || d.phase == open || d.phase == openKeyed, "nobody is blocked once the intake is closed"},
		{d.waiters.firstWaiting() == nil || places >= d.Bound, "senders are blocked only while the queue is full"},
		{int64(d.unresolvedLocked()) >= 0, "no input is resolved twice"},
		{d.IdleTimeout == 0 || r.idle == 0 || d.phase >= draining || d.idle.timer != nil, "the idle clock runs"},
		{d.awaited.Load() == (len(d.waitAll) > 0), "it is known whether somebody waits for all"},
		{d.phase < draining || d.idle.timer == nil || !d.idle.timer.Stop(), "no clock runs on while it drains"},
		{d.phase != ended || r.count+r.leaving == 0 && !waits && places == 0, "nothing is left after the end"},
	} {
		if !c.holds {
			return fmt.Errorf("not so: %s: %s", c.what, d.stringLocked())
		}
	}
	for i, s := range r.returning {
		if s.back == nil || !s.yielded || s.ended || s.waits != 0 {
			return fmt.Errorf("run %d of those that want their slot back: %+v", i, s.waits)
		}
	}
	return nil
}

func (d *Dispatcher[T, S]) stringLocked() string {
	r := &d.roster
	return fmt.Sprintf("phase %d, in %d/%d, out %d/%d of %d, ahead %d, blocked %d, target %d, count %d, idle %d, yielded %d, leaving %d, searching %d, unserved %v, returning %d",
		d.phase, d.in.Places(), d.in.Len(), d.out.Places(), d.out.Len(), d.Bound, d.ahead, d.waiters.Len(),
		r.target, r.count, r.idle, r.yielded, r.leaving, r.searching, r.unserved, len(r.returning))
}

// check does the same for the queue of inputs with keys.
func (q *keyedQueue[T]) check() error {
	if q == nil {
		return nil
	}
	last, claims := uint64(0), make(map[*lane[T]]int)
	for w := q.inLine.First(); w != nil; w = q.inLine.Next(&w.links) {
		if w.arrival <= last || w.isOver {
			return fmt.Errorf("sender %d is in line behind %d, over %v", w.arrival, last, w.isOver)
		}
		last = w.arrival
		if claims[w.lane]++; claims[w.lane] > w.lane.Claims {
			return fmt.Errorf("%d claims for more senders", w.lane.Claims)
		}
	}
	for l, over := range q.over {
		if over.count() != over.Len() || over.Len() == 0 || q.hasShare(l) || l.Claims != claims[l] {
			return fmt.Errorf("%d senders wait for a lane that has %d inputs and %d claims", over.Len(), l.Len(), l.Claims)
		}
	}
	if q.inLine.count() != q.inLine.Len() || q.bound > 0 && q.hasPlace() && q.firstInLine() != nil {
		return fmt.Errorf("%d are in line, and %d of %d places are taken", q.inLine.Len(), q.length(), q.bound)
	}
	return nil
}

func (l *waiterList[T]) count() (n int) {
	for w := l.First(); w != nil; w = l.Next(&w.links) {
		if !w.linked {
			return -1
		}
		n++
	}
	return n
}
