package scenario

import "time"

// A Spin is the number of rounds of a busy loop that take a microsecond.
type Spin int

// Calibrate measures the busy loop. It takes the fastest of several tries, since
// whatever else the machine does can only slow one down.
func Calibrate() Spin {
	const rounds, tries = 200_000, 10
	best := time.Hour
	for range tries {
		start := time.Now()
		//lint:ignore SA4017 only the time it takes counts
		spinFor(rounds)
		best = min(best, time.Since(start))
	}
	return Spin(rounds * int64(time.Microsecond) / max(int64(best), 1))
}

// For busies the processor for that many microseconds.
func (s Spin) For(micros int) {
	//lint:ignore SA4017 only the time it takes counts
	spinFor(int(s) * micros)
}

// spinFor is a chain of operations of which each needs the one before, so that
// neither the compiler nor the processor can shorten it.
//
//go:noinline
func spinFor(rounds int) uint64 {
	x := uint64(88172645463325252)
	for range rounds {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	return x
}
