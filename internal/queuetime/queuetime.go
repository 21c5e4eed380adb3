// Package queuetime takes the times that inputs wait, as far as somebody wants to
// know them: reading the clock twice costs more than the queue does.
package queuetime

import (
	"time"

	"github.com/remuda-go/remuda/internal/runstate"
	"github.com/remuda-go/remuda/internal/sampling"
)

// A Clock counts nanoseconds since a pool started, and knows which inputs are to
// be timed.
type Clock struct {
	Timing runstate.Timing
	epoch  time.Time
}

// Start starts the clock. It is called before any other method.
func (c *Clock) Start() { c.epoch = time.Now() }

// Now returns the nanoseconds since the start; never 0.
func (c *Clock) Now() int64 { return int64(time.Since(c.epoch)) + 1 }

// A Stamp is when an input was accepted, by Clock.Now. It is 0 if that was not
// taken, and negative if it stands for others, too.
type Stamp int64

// Waited returns how long an input has waited by now, and how many inputs that
// stands for.
func (s Stamp) Waited(c *Clock) (d time.Duration, inputs uint32) {
	if s < 0 {
		return time.Duration(c.Now() + int64(s)), sampling.Stride
	}
	return time.Duration(c.Now() - int64(s)), 1
}

// A Stamper makes the stamps of a pool. The zero Stamper is ready. It is not safe
// for concurrent use.
type Stamper struct {
	sampler sampling.Sampler
	last    int64 // when it took the time last
}

// Stamp returns the stamp of an input that is accepted now.
func (s *Stamper) Stamp(c *Clock) Stamp {
	switch c.Timing.Load() {
	case runstate.Untimed:
		return 0
	case runstate.Timed:
		return Stamp(c.Now())
	}
	if !s.sampler.Due() {
		return 0
	}
	now := c.Now()
	since := time.Duration(now - s.last)
	s.last = now
	if s.sampler.Took(since) > 1 {
		return Stamp(-now)
	}
	return Stamp(now)
}
