package remuda

import "slices"

// A crew is the bookkeeping of a pool's workers: how many there should be, how
// many there are, and which of them are free. Pool.mu guards all of it.
//
// A worker is in one of four states: free (on the free list, its goroutine
// parked, or none started yet), busy (on its way to the queue, or running),
// lent (its run waits for its own pool and does not count against size), or
// ending. The one who takes a worker off the free list owns its fields.
type crew[In, Out any] struct {
	size  int              // workers that there should be
	total int              // workers that there are: free, busy and lent
	free  *worker[In, Out] // last in, first out: the warmest first
	idle  int              // length of free
	lent  int

	searching int  // workers on their way to the queue, which have not looked yet
	starved   bool // a search ended with work left and no worker free

	resuming []*runContext // runs that wait to have their place back, in order
	ending   int           // workers that close their job before they are gone
	lastID   int
}

// busy is the number of workers that count against size now.
func (c *crew[In, Out]) busy() int { return c.total - c.lent - c.idle }

// surplus reports whether a worker that has nothing in hand should end: there
// are more than there should be, or its place is wanted by a run that lent its
// own.
func (c *crew[In, Out]) surplus() bool {
	return c.total-c.lent > c.size || len(c.resuming) > 0
}

// hire returns a worker for something that can run now: a free one or, while
// there may be more, a new one. It returns nil if all places are taken.
func (c *crew[In, Out]) hire() *worker[In, Out] {
	if w := c.free; w != nil {
		c.free, w.next = w.next, nil
		c.idle--
		return w
	}
	if c.total-c.lent < c.size {
		c.total++
		c.lastID++
		return &worker[In, Out]{seat: seat{worker: c.lastID}}
	}
	return nil
}

// summon hires a worker to look at the queue, or notes that nobody was free.
func (c *crew[In, Out]) summon() *worker[In, Out] {
	w := c.hire()
	if w == nil {
		c.starved = true
		return nil
	}
	c.searching++
	return w
}

// rest puts a worker on the free list.
func (c *crew[In, Out]) rest(w *worker[In, Out]) {
	w.next, c.free = c.free, w
	c.idle++
}

// dismissible takes the free workers that are one too many off the list, all of
// them if the pool is closing. They count as ending from here on.
func (c *crew[In, Out]) dismissible(closing bool) (list *worker[In, Out]) {
	for c.free != nil && (closing || c.surplus()) {
		w := c.hire()
		c.total--
		c.ending++
		w.next, list = list, w
	}
	return list
}

// resume gives places back to runs that wait for them, as far as there are any;
// with none at all, to one at a time, since a run that has begun may finish. It
// returns the channels that tell them.
func (c *crew[In, Out]) resume() (granted []chan struct{}) {
	for len(c.resuming) > 0 && c.busy() < max(c.size, 1) {
		c.lent--
		granted = append(granted, c.unqueue(0))
	}
	return granted
}

// unqueue takes the run at i out of those that wait to have their place back,
// and returns the channel that tells it to go on.
func (c *crew[In, Out]) unqueue(i int) chan struct{} {
	r := c.resuming[i]
	c.resuming = slices.Delete(c.resuming, i, i+1)
	ch := r.resumed
	r.resumed = nil
	return ch
}

// arrived notes that a worker that was on its way has looked at the queue.
func (c *crew[In, Out]) arrived(w *worker[In, Out]) {
	if w.searching {
		w.searching = false
		c.searching--
	}
}

// leave takes a busy worker out; it is ending from here on.
func (c *crew[In, Out]) leave() {
	c.total--
	c.ending++
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
