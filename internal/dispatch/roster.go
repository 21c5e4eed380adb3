package dispatch

import (
	"slices"

	"github.com/remuda-go/remuda/internal/queuetime"
)

// A Worker runs one input at a time. Its exported fields belong to the code that has
// it at present: its goroutine, or the caller of AcquireInline.
type Worker[T, S any] struct {
	State S               // the owner's own
	Item  T               // what Fetch has found
	Stamp queuetime.Stamp // when that was accepted
	Guest bool            // it is a guest
	ID    int             // counted from 1 and never used again
	Last  Outcome         // of the run before; counted and cleared by the next Fetch

	wake      chan struct{} // of capacity 1; parks the goroutine while the worker is idle
	started   bool          // it has a goroutine, perhaps a parked one
	leave     bool          // set before waking: end now
	searching bool          // counts in roster.searching
	assigned  bool          // it has an item that it has not begun
	direct    bool          // the item that it has, or had last, was assigned
	next      *Worker[T, S] // guarded by inMu while it is idle
	lane      *lane[T]      // of what it runs, if inputs have keys; guarded by inMu
}

// take gives the worker what it is to run.
func (w *Worker[T, S]) take(it entry[T], isGuest bool) {
	w.Item, w.Stamp, w.Guest = it.item, it.stamp, isGuest
}

// A roster is the bookkeeping of the workers. Dispatcher.inMu guards all of it.
//
// A worker is in one of four states: idle (on the idle list, its goroutine parked,
// or none started yet), busy (searching, or running), yielded (its run waits and
// has given up its slot), or leaving.
//
//	        acquire                 Yield
//	idle ------------> busy ----------------> yielded
//	  ^                 | ^                      |
//	  +-----------------+ +----------------------+
//	        park        |     AskBack, EndSlot
//	                    v
//	                 leaving, gone
//
// The code that takes a worker off the idle list owns its fields.
type roster[T, S any] struct {
	target    int           // workers that there should be
	count     int           // workers that there are: idle, busy and yielded
	first     *Worker[T, S] // idle ones, last in, first out: the last to park has the warmest caches
	idle      int           // length of that list
	leastIdle int           // the smallest that idle was since the idle clock ticked
	yielded   int
	beside    int // inputs of yielded runs, beside one of each
	leaving   int // workers that close their job before they are gone
	lastID    int

	searching int     // workers on their way to the queue that have not looked at it yet
	unserved  bool    // a worker was wanted and none was free
	returning []*Slot // runs that want their slot back, in order
}

// setYielded notes that the run of s has yielded its slot, or has it back.
func (r *roster[T, S]) setYielded(s *Slot, yielded bool) {
	s.yielded = yielded
	if yielded {
		r.yielded++
		r.beside += s.Beside
	} else {
		r.yielded--
		r.beside -= s.Beside
	}
}

// busy is the number of workers that hold a slot.
func (r *roster[T, S]) busy() int { return r.count - r.yielded - r.idle }

// surplus reports whether a worker that runs nothing should end: there are more than
// there should be, or a run wants its slot back.
func (r *roster[T, S]) surplus() bool {
	return r.count-r.yielded > r.target || len(r.returning) > 0
}

// isFree reports whether acquire returns a worker.
func (r *roster[T, S]) isFree() bool { return r.first != nil || r.count-r.yielded < r.target }

// acquire returns a worker for something that can run now: an idle one or, while
// there may be more, a new one. It returns nil if all slots are taken.
func (r *roster[T, S]) acquire() *Worker[T, S] {
	if w := r.first; w != nil {
		r.first, w.next = w.next, nil
		r.idle--
		r.leastIdle = min(r.leastIdle, r.idle)
		return w
	}
	if r.count-r.yielded < r.target {
		r.count++
		r.lastID++
		return &Worker[T, S]{ID: r.lastID}
	}
	return nil
}

// suffices reports whether enough workers are on their way to so many inputs.
func (r *roster[T, S]) suffices(waiting int) bool {
	return r.searching > 0 && waiting>>(searcherShift*(r.searching-1)) <= itemsPerSearcher
}

// Each worker that searches takes eight times as many inputs as the one before to
// justify the next, or a sender of no-ops would have all of a hundred workers on their
// way. An input that finds a worker idle does not wait for that: see assign.go.
const (
	itemsPerSearcher = 8
	searcherShift    = 3
)

// acquireSearcher acquires a worker that is to look at the queue, or notes that
// none was free.
func (r *roster[T, S]) acquireSearcher() *Worker[T, S] {
	w := r.acquire()
	if w == nil {
		r.unserved = true
		return nil
	}
	r.searching++
	return w
}

// park puts a busy worker on the idle list.
func (r *roster[T, S]) park(w *Worker[T, S]) {
	w.next, r.first = r.first, w
	r.idle++
}

// search notes that a busy worker will look at the queue again.
func (r *roster[T, S]) search(w *Worker[T, S]) {
	if !w.searching {
		w.searching = true
		r.searching++
	}
}

// arrived notes that a searching worker has looked at the queue.
func (r *roster[T, S]) arrived(w *Worker[T, S]) {
	if w.searching {
		w.searching = false
		r.searching--
	}
}

// leave takes a busy worker out: it counts as leaving until Gone.
func (r *roster[T, S]) leave() {
	r.count--
	r.leaving++
}

// handOff acquires a worker for an item that it can have at once, in no place of the
// queue. It reports whether there was one.
func (r *roster[T, S]) handOff(e *effects[T, S]) bool {
	w := r.acquire()
	if w == nil {
		return false
	}
	r.searching++
	e.launch(w)
	return true
}

// stopOne ends the idle worker that acquire would return, of which there must be one.
func (r *roster[T, S]) stopOne(e *effects[T, S]) {
	w := r.acquire()
	r.leave()
	e.stop(w)
}

// stopIdle ends all idle workers.
func (r *roster[T, S]) stopIdle(e *effects[T, S]) {
	for r.first != nil {
		r.stopOne(e)
	}
}

// returnSlots gives free slots to the runs that want theirs back. If the target is 0,
// one run at a time gets one: what has begun may finish.
func (r *roster[T, S]) returnSlots(e *effects[T, S]) {
	for len(r.returning) > 0 && r.busy() < max(r.target, 1) {
		s := r.returning[0]
		r.setYielded(s, false)
		e.returned = append(e.returned, r.forget(s))
	}
}

// forget takes a run out of those that want their slot back, and returns the channel
// that tells it to go on.
func (r *roster[T, S]) forget(s *Slot) chan struct{} {
	i := slices.Index(r.returning, s)
	r.returning = slices.Delete(r.returning, i, i+1)
	back := s.back
	s.back = nil
	return back
}
