package dispatch

import "time"

// An idleClock ends workers that nobody needs. It counts on the hot path and reads
// no clock there: once per IdleTimeout as many workers end as were idle at each
// moment since the last time. Dispatcher.inMu guards it.
type idleClock struct {
	timer *time.Timer // nil while no worker is idle
	tick  func()      // Dispatcher.endIdle
}

// stop is called when the dispatcher drains.
func (c *idleClock) stop() {
	if c.timer != nil {
		c.timer.Stop()
	}
}

// parkLocked puts a busy worker on the idle list.
func (d *state[T, S]) parkLocked(w *Worker[T, S]) {
	d.roster.park(w)
	if d.IdleTimeout > 0 && d.idle.timer == nil && d.phase < draining {
		d.roster.leastIdle = d.roster.idle
		d.idle.timer = time.AfterFunc(d.IdleTimeout, d.idle.tick)
	}
}

// endIdle ends the workers that stayed idle throughout.
func (d *Dispatcher[T, S]) endIdle() {
	var e effects[T, S]
	d.inMu.Lock()
	if d.phase < draining {
		d.roster.takeColdest(d.roster.leastIdle, &e)
	}
	d.roster.leastIdle = d.roster.idle
	if d.roster.idle > 0 && d.phase < draining {
		d.idle.timer.Reset(d.IdleTimeout)
	} else {
		d.idle.timer = nil
	}
	d.inMu.Unlock()
	d.apply(&e)
}

// takeColdest ends the n idle workers that have been idle for the longest.
func (r *roster[T, S]) takeColdest(n int, e *effects[T, S]) {
	at := &r.first
	for range r.idle - n {
		at = &(*at).next
	}
	e.stopped, *at = *at, nil
	r.idle -= n
	r.count -= n
	r.leaving += n
}
