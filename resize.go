package remuda

import (
	"maps"
	"slices"
)

// More adds a worker. It never blocks. It returns [ErrMaxReached] at Config.Max,
// [ErrNotStarted] before Start, and [ErrPoolClosed] once the pool is closing.
func (p *Pool[In, Out]) More() error { return p.resize(func(size int) int { return size + 1 }, true) }

// Less takes a worker out. It never blocks: Current drops at once, and a worker
// that is in the middle of a run ends after it. Nothing that is queued is lost:
// with no workers left it waits for More, Resize or Close.
//
// The run of a retired worker is left alone in a pool that is fed by its queue,
// since it belongs to the caller; in one that is fed by a [Source] its context
// is cancelled. Less returns [ErrMinReached] at Config.Min, and otherwise the
// errors of More.
func (p *Pool[In, Out]) Less() error { return p.resize(func(size int) int { return size - 1 }, false) }

// Resize makes the number of workers n, as More and Less do, and does not block.
// It does not clamp: if n is out of bounds it changes nothing and returns
// [ErrMinReached] or [ErrMaxReached], and otherwise the errors of More. Set
// Config.Max if n comes from outside, since without it any n is taken.
func (p *Pool[In, Out]) Resize(n int) error { return p.resize(func(int) int { return n }, false) }

// Current returns the number of workers that the pool should have now: what
// Start, More, Less and Resize made of it. It is 0 before Start and after Close.
func (p *Pool[In, Out]) Current() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.current()
}

func (p *Pool[In, Out]) current() int {
	if p.closing {
		return 0
	}
	return p.crew.size
}

// resize changes the number of workers. A number that comes out smaller where it
// was to grow is larger than there are numbers.
func (p *Pool[In, Out]) resize(to func(size int) int, grow bool) error {
	p.mu.Lock()
	n := to(p.crew.size)
	err := p.checkSize(n)
	if grow && n < p.crew.size && err == ErrMinReached {
		err = ErrMaxReached
	}
	var c chores[In, Out]
	var retired []*worker[In, Out]
	var helped []*stream[In, Out]
	if err == nil {
		if n > p.crew.size {
			helped = slices.Collect(maps.Keys(p.streams))
		}
		p.crew.size = n
		c = p.adjust()
		retired = p.feedAll()
	}
	p.mu.Unlock()
	p.do(c)
	for _, s := range helped {
		s.grow()
	}
	for _, w := range retired {
		w.feed.stop()
		w.feed.cancel()
	}
	return p.cfg.fault(err)
}

func (p *Pool[In, Out]) checkSize(n int) error {
	switch {
	case p.closing:
		return ErrPoolClosed
	case !p.started:
		return ErrNotStarted
	case n < p.cfg.Min:
		return ErrMinReached
	case p.cfg.Max > 0 && n > p.cfg.Max:
		return ErrMaxReached
	}
	return nil
}
