package remuda

import (
	"errors"
	"io"
	"runtime"
)

const (
	// patience is how many inputs may wait for each worker that was woken and
	// has not come yet before another is woken. Waking one at a time is what
	// keeps many idle workers from costing more than few; a second one is
	// needed when the first sits behind a busy sender on the same thread.
	// Between 1 and 128 it makes no difference to throughput; without it, the
	// 99th percentile of the latency beside slow jobs grows thirtyfold.
	patience = 8

	// courtesy is up to how many blocked senders a worker, having let them in,
	// yields to before it goes on. They were put behind it on its own thread,
	// where they would wait for a whole run; more of them bring enough work
	// with them. Worth a fifth with jobs of 1 µs.
	courtesy = 8
)

// A worker runs one input at a time. Its fields belong to whoever took it off
// the free list; next and the free list itself are guarded by Pool.mu.
type worker[In, Out any] struct {
	frame[In, Out]

	seat  seat
	wake  chan struct{} // of capacity 1; parks the goroutine while the worker is free
	live  bool          // it has a goroutine, perhaps a parked one
	leave bool          // set before waking: end now
	next  *worker[In, Out]

	ctx       runContext       // for inputs whose own context is empty
	origin    *origin[In, Out] // of what it works on
	stamp     int64            // when that was accepted
	stream    *stream[In, Out] // that it works on
	batch     *batch[In, Out]  // the part of that
	last      outcome          // how the last run ended, not counted yet
	exited    bool             // the run ended its goroutine
	searching bool             // counts in crew.searching
	feed      *feed            // not nil in a source-fed pool
}

// chores is what is left to do, once the locks are released, after a change to
// the crew.
type chores[In, Out any] struct {
	start     *worker[In, Out] // to be sent to the queue
	dismissed *worker[In, Out] // free workers to end, linked by next
	resumed   []chan struct{}  // runs that have their place back
}

// adjust brings the crew in line after a change of its size, of the workers
// lent, or of the work that waits. It needs mu; the caller does the chores.
func (p *Pool[In, Out]) adjust() (c chores[In, Out]) {
	c.resumed = p.crew.resume()
	if p.crew.searching == 0 && (p.crew.starved || len(p.queue.in) > 0 || p.queue.first != nil) {
		c.start = p.crew.summon()
	}
	c.dismissed = p.crew.dismissible(false)
	p.attention.Store(p.crew.surplus())
	return c
}

// do does the chores. It must be called without locks.
func (p *Pool[In, Out]) do(c chores[In, Out]) {
	for _, ch := range c.resumed {
		close(ch)
	}
	if c.start != nil {
		p.launch(c.start)
	}
	for w := c.dismissed; w != nil; {
		next := w.next
		w.next = nil
		p.dismiss(w)
		w = next
	}
}

// launch sends a hired worker to the queue. It must be called without locks.
func (p *Pool[In, Out]) launch(w *worker[In, Out]) {
	if w.live {
		w.wake <- struct{}{}
		return
	}
	w.live, w.searching = true, true
	if w.wake == nil {
		w.wake = make(chan struct{}, 1)
	}
	go p.work(w)
}

// work is a worker's goroutine.
func (p *Pool[In, Out]) work(w *worker[In, Out]) {
	for ended := false; !ended; {
		ended = p.shift(w)
	}
	p.gone(w)
}

// shift runs inputs until the worker is to end. What goes wrong around a run
// ends the shift, not the worker: a panic of a middleware or a builder is the
// outcome of the run, and runtime.Goexit costs the goroutine, not the worker.
// Catching both here, rather than around each run, costs a run nothing.
func (p *Pool[In, Out]) shift(w *worker[In, Out]) (ended bool) {
	defer func() {
		if ended {
			return
		}
		if v := recover(); v != nil {
			p.conclude(w, newPanicError(v))
			return
		}
		w.exited = true
		p.conclude(w, ErrGoexit)
		w.exited = false // nobody may have wanted to know
		go p.work(w)     // this goroutine is lost
	}()
	for w.stream != nil || p.next(w) {
		p.perform(w)
	}
	return true
}

// next waits for the next item and puts it into w. It returns false when
// the worker is to end.
func (p *Pool[In, Out]) next(w *worker[In, Out]) bool {
	for {
		if p.attention.Load() && p.quit(w) {
			return false
		}
		switch p.look(w) {
		case found:
			return true
		case idle:
			<-w.wake
			w.searching = true
			if w.leave {
				return false
			}
		case over:
			return false
		}
	}
}

// A sight is what a worker found when it looked at the queue.
type sight uint8

const (
	found sight = iota // an item
	again              // perhaps one by now
	idle               // none: the worker is on the free list
	over               // none: the worker is to end
)

// look takes the next item, if there is one. It counts the last run, too: the
// lock is taken anyway.
func (p *Pool[In, Out]) look(w *worker[In, Out]) sight {
	p.head.Lock()
	p.finished.count(w.last)
	w.last = none
	var admitted *blocked[item[In, Out]]
	var start *worker[In, Out]
	if p.queue.left() == 0 {
		p.mu.Lock()
		p.queue.recount()
		if len(p.queue.in) == 0 {
			admitted = p.admit(1) // a hand-off: this worker is the place
		}
		if !p.queue.turn() {
			s, c := p.rest(w)
			p.mu.Unlock()
			p.head.Unlock()
			p.do(c)
			return s
		}
		if admitted == nil {
			admitted = p.admit(0)
		}
		if admitted == nil && w.searching {
			start = p.endSearch(w, p.queue.left()-1)
		}
		p.mu.Unlock()
		if admitted != nil {
			p.head.Unlock()
			welcome(admitted)
			return again
		}
	}
	it := p.queue.front()
	w.in, w.origin, w.stamp = it.in, it.origin, it.stamp
	p.queue.drop()
	if w.origin != nil && w.origin.stream != nil {
		w.stream, w.origin = w.origin.stream, nil
		p.queue.guestsOut--
	}
	if low := p.queue.low(); low || w.searching {
		p.mu.Lock()
		if low {
			p.queue.recount()
			admitted = p.admit(0)
		}
		if w.searching {
			start = p.endSearch(w, p.queue.left())
		}
		p.mu.Unlock()
	}
	p.head.Unlock()
	if start != nil {
		p.launch(start)
	}
	if admitted != nil {
		welcome(admitted)
	}
	return found
}

// admit accepts the items of blocked senders for which there is room, and of at
// least atLeast of them. It needs both locks, and a recount before.
func (p *Pool[In, Out]) admit(atLeast int) (list *blocked[item[In, Out]]) {
	q := &p.queue
	var last *blocked[item[In, Out]]
	for b := q.first; b != nil && (q.hasRoom() || atLeast > 0); b = q.first {
		q.unlink(b)
		p.accept(b.item)
		if last == nil {
			list = b
		} else {
			last.next = b
		}
		last = b
		atLeast--
	}
	return list
}

// welcome tells senders that they were let in.
func welcome[T any](admitted *blocked[T]) {
	if n := answer(admitted, nil); n > 0 && n <= courtesy {
		runtime.Gosched()
	}
}

// rest ends the search of a worker that found nothing, and puts it on the free
// list or, if it is one too many, takes it out of the crew. It needs both locks.
func (p *Pool[In, Out]) rest(w *worker[In, Out]) (sight, chores[In, Out]) {
	p.crew.starved = false
	p.crew.arrived(w)
	if !p.closing && !p.crew.surplus() {
		p.crew.rest(w)
		return idle, chores[In, Out]{}
	}
	p.crew.leave()
	c := p.adjust()
	if p.closing { // nothing is queued, and nothing comes any more
		c.dismissed = p.crew.dismissible(true)
	}
	return over, c
}

// endSearch notes that a worker has found something, and hires the next one to
// launch if there is more: so many items that other workers may take, or senders
// that wait. That comes before the run, so that a slow run holds up nobody. It
// needs both locks: an item that came while this worker counted as searching
// called nobody, and must be seen here even if it has changed sides since.
func (p *Pool[In, Out]) endSearch(w *worker[In, Out], left int) *worker[In, Out] {
	p.crew.arrived(w)
	if p.crew.searching > 0 || left == 0 && len(p.queue.in) == 0 && p.queue.first == nil {
		return nil
	}
	return p.crew.summon()
}

// quit takes a worker that is one too many out of the crew, and hands on what
// it would have taken. It reports false if the worker is needed after all.
func (p *Pool[In, Out]) quit(w *worker[In, Out]) bool {
	p.head.Lock()
	p.finished.count(w.last)
	w.last = none
	p.mu.Lock()
	surplus := p.crew.surplus()
	var c chores[In, Out]
	if surplus {
		p.crew.arrived(w)
		p.crew.leave()
		p.crew.starved = p.crew.starved || p.queue.left() > 0
		c = p.adjust()
	}
	p.mu.Unlock()
	p.head.Unlock()
	p.do(c)
	return surplus
}

// dismiss ends a worker that was free. It must be called without locks.
func (p *Pool[In, Out]) dismiss(w *worker[In, Out]) {
	switch {
	case w.live:
		w.leave = true
		w.wake <- struct{}{}
	case p.built && w.job != nil:
		go p.gone(w) // its Close may take its time
	default:
		p.gone(w)
	}
}

// gone ends a worker that has left the crew: it closes its job.
func (p *Pool[In, Out]) gone(w *worker[In, Out]) {
	if c, ok := w.job.(io.Closer); ok && p.built {
		closeSafely(c, p.left)
	} else {
		p.left(nil)
	}
}

// left notes that a worker is gone, and what closing its job returned. With the
// last one a closed pool ends.
func (p *Pool[In, Out]) left(closing error) {
	p.mu.Lock()
	p.noteClosing(closing)
	p.crew.ending--
	last := p.finishLocked()
	p.mu.Unlock()
	if last {
		p.finish()
	}
}

// noteClosing keeps the first error from closing something of the user's. It
// needs mu.
func (p *Pool[In, Out]) noteClosing(err error) {
	if p.closingErr == nil {
		p.closingErr = err
	}
}

// closeSafely closes c, and calls then with the outcome. It does so, too, if c
// panics, or ends the goroutine, which nothing can stop.
func closeSafely(c io.Closer, then func(error)) {
	err := ErrGoexit
	defer func() {
		if v := recover(); v != nil {
			err = newPanicError(v)
		}
		then(err)
	}()
	err = c.Close()
}

// outcomeOf says how to count a run that returned err.
func outcomeOf(err error) outcome {
	switch err.(type) {
	case nil:
		return succeeded
	case *PanicError:
		return panicked
	case interface{ Unwrap() error }, interface{ Unwrap() []error }:
		var p *PanicError // allocated by errors.As, hence the switch
		if errors.As(err, &p) {
			return panicked
		}
	}
	return failed
}
