package remuda

import "io"

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
	stamp     stamp            // when that was accepted
	stream    *stream[In, Out] // that it works on
	batch     *batch[In, Out]  // the part of that
	last      outcome          // how the last run ended, not counted yet
	exited    bool             // the run ended its goroutine
	searching bool             // counts in crew.searching
	feed      *feed            // not nil in a source-fed pool
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

// work is a worker's goroutine. What goes wrong around a run costs the run, not
// the worker: a panic of a middleware or a builder is its outcome, and after
// runtime.Goexit, which nothing can stop, the worker has another goroutine.
func (p *Pool[In, Out]) work(w *worker[In, Out]) {
	ended := false
	defer func() {
		if ended {
			return
		}
		w.exited, w.entered = true, true
		p.conclude(w, ErrGoexit)
		w.exited = false // nobody may have wanted to know
		go p.work(w)
	}()
	for !ended {
		if broke := p.shift(w); broke != nil {
			p.conclude(w, broke)
		} else {
			ended = true
		}
	}
	unlabel()
	p.gone(w)
}

// shift runs inputs until the worker is to end, and returns nil, or until
// something panics around a run, and returns that. Catching it here, rather than
// around each run, costs a run nothing.
func (p *Pool[In, Out]) shift(w *worker[In, Out]) (broke *PanicError) {
	returned := false
	defer func() {
		if !returned { // if this is runtime.Goexit, nobody gets what is set here
			broke = newPanicError(recover())
		}
	}()
	for w.stream != nil || p.next(w) {
		p.perform(w)
	}
	returned = true
	return nil
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
			unlabel()
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

// dismiss ends a worker that was free. It must be called without locks.
func (p *Pool[In, Out]) dismiss(w *worker[In, Out]) {
	switch {
	case w.live:
		w.leave = true
		w.wake <- struct{}{}
	case p.built && w.job != nil:
		go func() { // its Close may take its time
			unlabel()
			p.gone(w)
		}()
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
	defer func() { then(err) }()
	err = closed(c)
}
