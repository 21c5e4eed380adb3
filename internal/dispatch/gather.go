package dispatch

import "time"

// Gather waits for the next items, up to Gathering.Size, and appends them to items.
// Stamp of w is when the first was accepted. It returns false when the worker is to end.
func Gather[T, S any](d *Dispatcher[T, S], w *Worker[T, S], items []T) ([]T, bool) {
	for {
		var f fetched
		var left time.Duration
		switch items, f, left = gatherOnce(d, w, items); f {
		case item:
			return items, true
		case retired:
			return items, false
		case parked:
			d.Idle()
			<-w.wake
			w.searching = true
			if w.leave {
				return items, false
			}
		case gathering:
			d.Idle()
			awaitMore(d, w, left)
		}
	}
}

// gatherOnce is one look at the queue. If w is the gatherer now, it returns how long
// it may wait.
func gatherOnce[T, S any](d *Dispatcher[T, S], w *Worker[T, S], items []T) (taken []T, f fetched, left time.Duration) {
	var e effects[T, S]
	d.inMu.Lock()
	n := d.in.Len()
	if n > 0 && n < d.Gathering.Size {
		left = leftToWaitLocked(&d.state)
	}
	switch {
	case retireLocked(&d.state, w, &e):
		f = retired
	case n > 0 && left <= 0:
		items = takeFirstLocked(&d.state, w, items, min(n, d.Gathering.Size))
		d.admitLocked(&e, 0)
		d.endSearchLocked(w, &e)
	case n == 0 || d.gather.gatherer != nil:
		f = d.restLocked(w, &e)
	default:
		f = gathering
		d.gather.gatherer = w
		d.roster.search(w)
	}
	d.inMu.Unlock()
	d.apply(&e)
	return items, f, left
}

// takeFirstLocked takes the first n items for w.
func takeFirstLocked[T, S any](d *state[T, S], w *Worker[T, S], items []T, n int) []T {
	first, _ := d.in.First()
	w.Stamp = first.stamp
	for range n {
		it, _ := d.in.Pop()
		items = append(items, it.item)
	}
	return items
}

// awaitMore blocks the gatherer until it is launched, or for so long.
func awaitMore[T, S any](d *Dispatcher[T, S], w *Worker[T, S], left time.Duration) {
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-w.wake:
		return
	case <-timer.C:
	}
	d.inMu.Lock()
	timely := d.gather.gatherer == w
	if timely {
		d.gather.end()
	}
	d.inMu.Unlock()
	if !timely { // somebody was faster
		<-w.wake
	}
}

// Hurry lets all that is queued now wait for a worker alone, and not for others that
// may come. Where items are not gathered it does nothing.
func (d *Dispatcher[T, S]) Hurry() {
	if d.Gathering.Size == 0 {
		return
	}
	var e effects[T, S]
	d.inMu.Lock()
	d.gather.hurried = d.in.Next()
	e.launch(d.gather.end())
	d.inMu.Unlock()
	d.apply(&e)
}
