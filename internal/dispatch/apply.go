package dispatch

// apply does what was decided under the locks. It must be called without them.
func (d *Dispatcher[T, S]) apply(e *effects[T, S]) {
	for _, ch := range e.returned {
		close(ch)
	}
	for w := e.launched; w != nil; {
		next := w.next
		w.next = nil
		d.launch(w)
		w = next
	}
	for w := e.stopped; w != nil; {
		next := w.next
		w.next = nil
		d.stop(w)
		w = next
	}
	e.admitted.answer(nil)
	e.refused.answer(e.refusal)
	if e.checkAll {
		d.notifyWaitAll()
	}
	if e.ended {
		d.Ended()
	}
}

// launch wakes an acquired worker, or starts its goroutine: it goes to the queue. It
// must be called without locks.
func (c *Config[T, S]) launch(w *Worker[T, S]) {
	if w.started {
		w.wake <- struct{}{}
		return
	}
	w.started, w.searching = true, !w.assigned
	if w.wake == nil {
		w.wake = make(chan struct{}, 1)
	}
	go c.Run(w)
}

// stop ends a worker that the roster counts as leaving and that is not running.
func (c *Config[T, S]) stop(w *Worker[T, S]) {
	if w.started {
		w.leave = true
		w.wake <- struct{}{}
		return
	}
	c.Unused(w)
}
