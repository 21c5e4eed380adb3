package dispatch

import "time"

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

// workersFor returns how many workers take so many items.
func (g Gathering) workersFor(items int) int {
	if items == 0 || g.Size == 0 {
		return items
	}
	return (items-1)/g.Size + 1
}

// gather is what a dispatcher that gathers has beside. Dispatcher.inMu guards it.
type gather[T, S any] struct {
	// gatherer is the worker that waits until there are more items, or until the first
	// has waited for long enough. It counts as searching, so that nobody else is woken
	// for what it will take. Whoever makes it nil owes it a launch.
	gatherer *Worker[T, S]
	hurried  uint64 // what comes before this sequence number waits for no others
}

// end makes the gatherer, if there is one, a worker that is to be launched: it looks at
// the queue at once.
func (g *gather[T, S]) end() *Worker[T, S] {
	w := g.gatherer
	g.gatherer = nil
	return w
}

// leftToWaitLocked returns how long the first item is to wait for others. There must
// be one.
func leftToWaitLocked[T, S any](d *state[T, S]) time.Duration {
	first, seq := d.in.First()
	if d.Gathering.Wait <= 0 || d.phase >= draining || seq < d.gather.hurried {
		return 0
	}
	return d.Gathering.Wait - time.Duration(d.Clock.Now()-int64(first.stamp))
}

// wakeGathererLocked is wakeLocked where items are gathered: the gatherer is woken
// once it can have as many as it may take, and another worker if there are more.
func wakeGathererLocked[T, S any](d *state[T, S]) *Worker[T, S] {
	n := d.in.Len()
	switch {
	case d.gather.gatherer != nil && n >= d.Gathering.Size:
		return d.gather.end()
	case d.gather.gatherer == nil && d.Gathering.workersFor(n) > d.roster.searching:
		return d.roster.acquireSearcher()
	default:
		return nil
	}
}
