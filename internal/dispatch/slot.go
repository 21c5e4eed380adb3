package dispatch

import "sync/atomic"

// A Slot is a run's permission to run. A run that waits for its own pool yields it
// meanwhile, or a pool full of such runs would wait forever. The zero Slot is
// that of a run which has begun.
//
//	held --Yield--> yielded --AskBack--> returning --> held
//	                   ^                     |
//	                   +------- Yield -------+
//
// EndSlot ends all of this with the run.
type Slot struct {
	Beside int // inputs of the run, beside one; set before the run begins

	used atomic.Bool // there was a Yield; written under inMu

	// Guarded by Dispatcher.inMu.
	waits   int           // calls of the run that wait
	yielded bool          // counts in roster.yielded
	ended   bool          // so has the run
	back    chan struct{} // closed when the run has its slot back; nil unless it wants that
}

// Used reports whether the slot was ever yielded. It needs no lock: a run that
// ends must call EndSlot if so.
func (s *Slot) Used() bool { return s.used.Load() }

// Yield gives the slot to another run until AskBack. Several goroutines of the
// run may wait at a time: the slot is yielded while any of them does, since the
// others may be waiting for that one.
func (d *Dispatcher[T, S]) Yield(s *Slot) {
	var e effects[T, S]
	d.inMu.Lock()
	s.used.Store(true)
	s.waits++
	switch {
	case s.ended:
	case s.back != nil: // another call wants it back: that goes on without, for this one
		e.returned = append(e.returned, d.roster.forget(s))
		d.rebalanceLocked(&e)
	case !s.yielded:
		d.roster.setYielded(s, true)
		d.rebalanceLocked(&e)
	}
	d.inMu.Unlock()
	d.apply(&e)
}

// AskBack asks for the slot back, and does not block: AwaitBack does that. It
// returns nil if there is nothing to wait for. The code that ends what a run waits
// for asks in its name, before it takes up something new.
func (d *Dispatcher[T, S]) AskBack(s *Slot) <-chan struct{} {
	var e effects[T, S]
	var back chan struct{}
	d.inMu.Lock()
	if s.waits--; s.waits == 0 && s.yielded {
		back = make(chan struct{})
		s.back = back
		d.roster.returning = append(d.roster.returning, s)
		d.rebalanceLocked(&e)
	}
	d.inMu.Unlock()
	d.apply(&e)
	return back
}

// AwaitBack blocks until the slot is back, or cancelled is closed: then the run
// goes on without, and counts as yielded until it ends.
func (d *Dispatcher[T, S]) AwaitBack(s *Slot, back, cancelled <-chan struct{}) {
	if back == nil {
		return
	}
	select {
	case <-back:
	case <-cancelled:
		d.stopReturning(s, back)
	}
}

// stopReturning takes back what AskBack has done, if back is still waited for. The
// slot may have been given back meanwhile, or yielded and asked for again by
// another call of the run.
func (d *Dispatcher[T, S]) stopReturning(s *Slot, back <-chan struct{}) {
	var e effects[T, S]
	d.inMu.Lock()
	if s.back == back {
		d.roster.forget(s)
		d.rebalanceLocked(&e)
	}
	d.inMu.Unlock()
	d.apply(&e)
}

// EndSlot ends what calls of a run still want with its slot once the run has ended.
// Its worker holds the slot again, and is surplus if another has got it meanwhile.
func (d *Dispatcher[T, S]) EndSlot(s *Slot) {
	var e effects[T, S]
	d.inMu.Lock()
	s.ended = true
	if s.back != nil {
		e.returned = append(e.returned, d.roster.forget(s))
	}
	if s.yielded {
		d.roster.setYielded(s, false)
	}
	d.rebalanceLocked(&e)
	d.inMu.Unlock()
	d.apply(&e)
}
