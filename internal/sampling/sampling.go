// Package sampling decides what to take the time of, where taking it each time
// would be a good part of the work.
package sampling

import "time"

const (
	// Events are frequent when they follow each other in less than this. Timing
	// one costs up to 100 ns, which is a hundredth of it.
	frequent = 10 * time.Microsecond

	// How many times in a row events must be found to be frequent before only
	// one in Stride is timed. A prime, so as not to keep step with what comes in
	// batches; with it, what frequent events pay for the clock is lost in what
	// they cost anyway.
	streak = 64
	Stride = 127
)

// A Sampler decides which events are timed: all of them, unless they are
// frequent. What counts is the time from one timed event to the next, pauses
// included. So where there are few events none is missed, and when they become
// few, all are timed again as soon as one was. The zero Sampler is ready for
// use; it is not safe for concurrent use.
type Sampler struct {
	skip   int // events to leave out before the next timed one
	streak int // timed events in a row that were found to be frequent
}

// Due reports whether the event that comes now is to be timed.
func (s *Sampler) Due() bool {
	if s.skip > 0 {
		s.skip--
		return false
	}
	return true
}

// Took notes that an event was timed, so long after the one timed before, of
// whatever Sampler. It returns the number of events for which its time stands:
// 1, or Stride if this Sampler has left out those before it.
func (s *Sampler) Took(since time.Duration) (events uint64) {
	events = 1
	if s.streak >= streak {
		events = Stride
	}
	if since < frequent*time.Duration(events) {
		s.streak++
	} else {
		s.streak = 0
	}
	if s.streak >= streak {
		s.skip = Stride - 1
	}
	return events
}
