package remuda

import "fmt"

// More adds a worker. It never blocks. It returns [ErrMaxReached] at Config.Max,
// [ErrNotStarted] before Start, and [ErrPoolClosed] once the pool is closing.
func (p *Pool[In, Out]) More() error {
	return p.resize("More", func(size int) int { return size + 1 }, true)
}

// Less removes a worker. It never blocks: Current drops immediately, and a worker
// that is in the middle of a run ends after it. Once Less has returned, such a worker
// takes nothing more from the queue; one that runs inputs of Map or Stream may take one
// more batch of them. Nothing that is queued is lost: with no workers left it waits for
// More, Resize or Close.
//
// The run of a retired worker goes on to its end, also in a pool that is fed by a
// [Source]. Only the run of a loop ([NewLoop]), which has no end of its own, is
// cancelled. Less returns [ErrMinReached] at Config.Min, and otherwise the
// errors of More.
func (p *Pool[In, Out]) Less() error {
	return p.resize("Less", func(size int) int { return size - 1 }, false)
}

// Resize sets the number of workers to n. What More and Less say of a worker holds
// for each that it adds or removes. It never blocks. It does not clamp: if n is out
// of bounds it changes nothing and returns [ErrMinReached] or [ErrMaxReached], and
// otherwise the errors of More. Set Config.Max if n comes from outside, since
// without it any n is taken.
func (p *Pool[In, Out]) Resize(n int) error {
	return p.resize("Resize", func(int) int { return n }, false)
}

// Current returns the number of workers that the pool should have now: what
// Start, More, Less and Resize made of it. It is 0 before Start and after Close.
func (p *Pool[In, Out]) Current() int { return p.core.current() }

func (c *core[In, Out]) current() int {
	switch phase := c.life.now(); {
	case phase == created || phase >= draining:
		return 0
	case c.source != nil:
		return c.sourced.size()
	default:
		return c.Target()
	}
}

// resize changes the number of workers. A number that comes out smaller where it
// was to grow is larger than there are numbers.
func (p *Pool[In, Out]) resize(call string, to func(size int) int, grow bool) error {
	c := &p.core
	c.sizing.Lock()
	before, n, err := c.resizeLocked(to)
	c.sizing.Unlock()
	if grow && n < before && err == ErrMinReached {
		err = ErrMaxReached
	}
	if err != nil {
		return c.cfg.resizeFault(err, c.life.closedFault(c.cfg), call, n)
	}
	if n > before {
		c.streams.grow()
	}
	return nil
}

// resizeFault is the error of a call that was to make n the number of workers; closed
// is that of a pool that is closing.
func (c Config) resizeFault(err, closed error, call string, n int) error {
	if call == "Resize" {
		call = fmt.Sprintf("Resize(%d)", n)
	}
	switch {
	case err == ErrPoolClosed:
		return closed
	case err == ErrMinReached:
		return c.limit(err, "%s: fewer than Min %d", call, c.Min)
	case err == ErrMaxReached && c.Max > 0:
		return c.limit(err, "%s: more than Max %d", call, c.Max)
	case err == ErrMaxReached:
		return c.limit(err, "%s: more than there are numbers", call)
	default:
		return c.fault(err)
	}
}

// resizeLocked needs sizing, so that nobody changes the number of workers between
// when it is read and when it is set.
func (c *core[In, Out]) resizeLocked(to func(size int) int) (before, n int, err error) {
	switch phase := c.life.now(); {
	case phase >= draining:
		return 0, 0, ErrPoolClosed
	case phase == created:
		return 0, 0, ErrNotStarted
	}
	before = c.current()
	n = to(before)
	switch {
	case n < c.cfg.Min:
		return before, n, ErrMinReached
	case c.cfg.Max > 0 && n > c.cfg.Max:
		return before, n, ErrMaxReached
	case c.source != nil:
		c.sourced.resize(n)
	default:
		c.Dispatcher.Resize(n)
	}
	return before, n, nil
}
