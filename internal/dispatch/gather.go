package dispatch

import (
	"time"

	"github.com/remuda-go/remuda/internal/queuetime"
)

// Gathering says that workers take many items at a time, with Gather instead of
// Fetch. The zero value says that they don't.
//
// Items wait in the queue until the worker that gathers them begins, so that Remove,
// TakeAll and Stats find them there, and Bound must be at least Size. A worker takes
// its items at one go: there is nothing to be won by a second side of the queue, and
// all of them stay on the in side.
type Gathering struct {
	Size int           // most items that a worker takes
	Wait time.Duration // how long an item waits for others, if a worker is free
}

// gather is what a dispatcher that gathers has beside. Dispatcher.inMu guards it.
type gather[T, S any] struct {
	// gatherer is the worker that waits until there are more items, or until the first
	// has waited for long enough. It counts as searching, so that nobody else is woken
	// for what it will take. Whoever makes it nil owes it a launch.
	gatherer *Worker[T, S]
	hurried  uint64 // what comes before this sequence number waits for no others
}

// Gather waits for the next items, up to Size, and appends them to items. Stamp of w
// is when the first was accepted. It returns false when the worker is to end.
func (d *Dispatcher[T, S]) Gather(w *Worker[T, S], items []T) ([]T, bool) {
	for {
		if d.attention.Load() && d.retire(w) {
			return items, false
		}
		var f fetched
		var left time.Duration
		switch items, f, left = d.gatherOnce(w, items); f {
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
			d.awaitMore(w, left)
		}
	}
}

// gatherOnce is one look at the queue. If w is the gatherer now, it returns how long
// it may wait.
func (d *Dispatcher[T, S]) gatherOnce(w *Worker[T, S], items []T) (taken []T, f fetched, left time.Duration) {
	var e effects[T, S]
	d.inMu.Lock()
	n := d.in.Len()
	if n > 0 && n < d.Gathering.Size {
		left = d.leftToWaitLocked()
	}
	switch {
	case n > 0 && left <= 0:
		items = d.takeLocked(w, items, min(n, d.Gathering.Size))
		d.admitLocked(&e, 0)
		d.endSearchLocked(w, &e)
	case n == 0 || d.gather.gatherer != nil || d.roster.surplus():
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

// takeLocked takes the first n items for w.
func (d *state[T, S]) takeLocked(w *Worker[T, S], items []T, n int) []T {
	first, _ := d.in.First()
	w.Stamp = first.stamp
	for range n {
		it, _ := d.in.Pop()
		items = append(items, it.item)
	}
	return items
}

// leftToWaitLocked returns how long the first item is to wait for others. There must
// be one.
func (d *state[T, S]) leftToWaitLocked() time.Duration {
	first, seq := d.in.First()
	if d.Gathering.Wait <= 0 || d.phase >= draining || seq < d.gather.hurried {
		return 0
	}
	return d.Gathering.Wait - time.Duration(d.Clock.Now()-int64(first.stamp))
}

// awaitMore blocks the gatherer until it is launched, or for so long.
func (d *Dispatcher[T, S]) awaitMore(w *Worker[T, S], left time.Duration) {
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
		d.gather.gatherer = nil
	}
	d.inMu.Unlock()
	if !timely { // somebody was faster
		<-w.wake
	}
}

// wakeGathererLocked is wakeLocked where items are gathered: the gatherer is woken
// once it can have as many as it may take, and another worker if there are more.
func (d *state[T, S]) wakeGathererLocked() *Worker[T, S] {
	n := d.in.Len()
	switch {
	case d.gather.gatherer != nil && n >= d.Gathering.Size:
		w := d.gather.gatherer
		d.gather.gatherer = nil
		return w
	case d.gather.gatherer == nil && d.workersFor(n) > d.roster.searching:
		return d.roster.acquireSearcher()
	default:
		return nil
	}
}

// endGatheringLocked makes the gatherer look at once.
func (d *state[T, S]) endGatheringLocked(e *effects[T, S]) {
	if w := d.gather.gatherer; w != nil {
		d.gather.gatherer = nil
		e.launch(w)
	}
}

// Hurry lets all that is queued now wait for a worker alone, and not for others that
// may come.
func (d *Dispatcher[T, S]) Hurry() {
	if d.Gathering.Size == 0 {
		return
	}
	var e effects[T, S]
	d.inMu.Lock()
	d.gather.hurried = d.in.Next()
	d.endGatheringLocked(&e)
	d.inMu.Unlock()
	d.apply(&e)
}

// stamp returns when a guest comes, if anybody is to know.
func (c *Config[T, S]) stamp() queuetime.Stamp {
	if c.Gathering.Size == 0 {
		return 0
	}
	return queuetime.Stamp(c.Clock.Now())
}

// workersFor returns how many workers take so many items.
func (c *Config[T, S]) workersFor(items int) int {
	if items == 0 || c.Gathering.Size == 0 {
		return items
	}
	return (items-1)/c.Gathering.Size + 1
}
