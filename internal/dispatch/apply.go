package dispatch

// apply does what is left to do. It must be called without locks.
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
	answer(e.admitted.first, nil)
	answer(e.refused.first, e.refusal)
	if e.checkAll {
		d.notifyWaitAll()
	}
	if e.ended {
		d.Ended()
	}
}

// launch sends an acquired worker to the queue. It must be called without locks.
func (c *Config[T, S]) launch(w *Worker[T, S]) {
	if w.started {
		w.wake <- struct{}{}
		return
	}
	w.started, w.searching = true, true
	if w.wake == nil {
		w.wake = make(chan struct{}, 1)
	}
	go c.Run(w)
}

// stop ends a worker that is neither idle nor busy any more.
func (c *Config[T, S]) stop(w *Worker[T, S]) {
	if w.started {
		w.leave = true
		w.wake <- struct{}{}
		return
	}
	c.Unused(w)
}
