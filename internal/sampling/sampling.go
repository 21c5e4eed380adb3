// Package sampling decides what to take the time of, where taking it each time
// would be a good part of the work.
package sampling

import "time"

const (
	// In the long run one event is timed in each price. Timing one costs up to
	// 150 ns, so that this takes less than a hundredth of a processor.
	price = 20 * time.Microsecond

	// Burst is how many events are timed in a row, however fast they come. What
	// comes in bursts must not lose the last of each: they wait longest.
	Burst = 512

	// Stride tells that one in so many is timed when there are more. A prime, so as
	// not to keep step with what comes in batches; and not a large one, since
	// that many may pass before it is seen that they are few again.
	Stride = 31
)

// A Sampler decides which events are timed: all of them, unless there have been
// more than Burst at more than one in each price, pauses included. The zero
// Sampler is ready for use; it is not safe for concurrent use.
type Sampler struct {
	spent  time.Duration // of what may be spent on a burst
	skip   int           // events to leave out before the next timed one
	sparse bool          // events were left out before it
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
	if s.sparse {
		events = Stride
	}
	const most = Burst * price
	s.spent = min(max(0, s.spent-since), most) + price
	if s.sparse = s.spent > most; s.sparse {
		s.skip = Stride - 1
	}
	return events
}
