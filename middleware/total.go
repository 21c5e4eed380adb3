package middleware

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// A total is a sum of durations, in nanoseconds, of 128 bits: 64 are no more than
// 11 days of 10,000 busy workers.
type total struct{ high, low uint64 }

// times returns d, which is not negative, n times.
func times(d time.Duration, n uint64) total {
	high, low := bits.Mul64(uint64(max(d, 0)), n)
	return total{high, low}
}

func (t total) plus(other total) total {
	low, carry := bits.Add64(t.low, other.low, 0)
	high, _ := bits.Add64(t.high, other.high, carry)
	return total{high, low}
}

// duration returns t, and the longest duration that there is if it is longer.
func (t total) duration() time.Duration {
	if t.high > 0 || t.low > math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(t.low)
}

// seconds returns t in seconds.
func (t total) seconds() float64 {
	if t.high == 0 && t.low <= math.MaxInt64 {
		return time.Duration(t.low).Seconds()
	}
	return (float64(t.high)*(1<<64) + float64(t.low)) / float64(time.Second)
}

// over returns t divided by n, and 0 if that is 0.
func (t total) over(n uint64) time.Duration {
	switch {
	case n == 0:
		return 0
	case t.high >= n: // more than can be, but a snapshot may catch a sum before its count
		return math.MaxInt64
	}
	mean, _ := bits.Div64(t.high, t.low, n)
	return time.Duration(min(mean, math.MaxInt64))
}

// An atomicTotal is a total that several goroutines may add to.
type atomicTotal struct{ high, low atomic.Uint64 }

func (a *atomicTotal) add(t total) {
	if a.low.Add(t.low) < t.low {
		t.high++ // what low has lost, once in 584 years of work
	}
	if t.high > 0 {
		a.high.Add(t.high)
	}
}

// load returns what was added. If low overflows just now, that may be missing in
// it for this once.
func (a *atomicTotal) load() total {
	for {
		high := a.high.Load()
		low := a.low.Load()
		if a.high.Load() == high {
			return total{high, low}
		}
	}
}
