package middleware

import (
	"iter"
	"math"
	"math/bits"
	"time"
)

const (
	// Each power of two is divided into steps buckets of the same width, so
	// that the upper end of a bucket is at most a quarter above its lower end.
	stepBits = 2
	steps    = 1 << stepBits

	// The first bucket holds all up to 128 ns, the last all above 2.4 h: below,
	// the clock itself is what is measured; above, nobody needs a quantile.
	minBits = 7
	maxBits = 43

	buckets = (maxBits-minBits)*steps + 2
)

// A Histogram says how many durations there were in each of a fixed number of
// exponential buckets: four for each power of two, from 128 ns to 2.4 hours.
// It is a plain value of about 1.2 KB; the zero Histogram is empty.
type Histogram struct {
	Count uint64        // durations
	Sum   time.Duration // of all of them; if that is beyond 292 years, the longest Duration: see Seconds

	sum    total
	counts [buckets]uint64
}

// bucketOf returns the bucket for d: bucket i holds what is above upper(i-1)
// and at most upper(i).
func bucketOf(d time.Duration) int {
	if d <= 1<<minBits {
		return 0
	}
	v := uint64(d - 1) // the upper end belongs to the bucket
	n := bits.Len64(v) - 1
	if n >= maxBits {
		return buckets - 1
	}
	step := int(v>>(n-stepBits)) & (steps - 1)
	return (n-minBits)*steps + step + 1
}

// upper returns the highest duration that bucket i holds.
func upper(i int) time.Duration {
	switch i {
	case 0:
		return 1 << minBits
	case buckets - 1:
		return math.MaxInt64
	}
	n, step := minBits+(i-1)/steps, (i-1)%steps
	return time.Duration((steps + step + 1) << (n - stepBits))
}

// add counts d, n times.
func (h *Histogram) add(d time.Duration, n uint64) {
	h.Count += n
	h.counts[bucketOf(d)] += n
	h.include(times(d, n))
}

// include adds t to the sum.
func (h *Histogram) include(t total) {
	h.sum = h.sum.plus(t)
	h.Sum = h.sum.duration()
}

// Merge returns the histogram of the durations of both.
func (h Histogram) Merge(other Histogram) Histogram {
	h.Count += other.Count
	h.include(other.sum)
	for i, n := range other.counts {
		h.counts[i] += n
	}
	return h
}

// Mean returns the average, or 0 for an empty histogram.
func (h *Histogram) Mean() time.Duration {
	return h.sum.over(h.Count)
}

// Seconds returns the sum in seconds, without the bound of Sum.
func (h *Histogram) Seconds() float64 { return h.sum.seconds() }

// Quantile returns the duration that the fraction q of all do not exceed: the median
// for 0.5. It is interpolated inside of a bucket, and so is off by less than a
// quarter; below 128 ns and above 2.4 hours by more. It is 0 for an empty histogram
// and for a q that is not a number; one outside of 0 to 1 counts as the nearer
// bound.
func (h *Histogram) Quantile(q float64) time.Duration {
	if math.IsNaN(q) {
		return 0
	}
	rank := max(0, min(q, 1)) * float64(h.Count)
	var below uint64
	for i, n := range h.counts {
		if n == 0 || float64(below+n) < rank {
			below += n
			continue
		}
		if i == buckets-1 {
			return upper(i - 1)
		}
		var low time.Duration
		if i > 0 {
			low = upper(i - 1)
		}
		share := max(0, rank-float64(below)) / float64(n)
		return low + time.Duration(share*float64(upper(i)-low))
	}
	return 0
}

// Buckets returns the buckets in ascending order: the highest duration that each
// holds, and how many durations there are in it. The highest duration of the last
// bucket is the largest possible one.
func (h *Histogram) Buckets() iter.Seq2[time.Duration, uint64] {
	return func(yield func(time.Duration, uint64) bool) {
		for i, n := range h.counts {
			if !yield(upper(i), n) {
				return
			}
		}
	}
}
