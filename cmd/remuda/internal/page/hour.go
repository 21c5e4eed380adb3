package page

import (
	"math"
	"time"
)

// minutesKept is how far back the page goes.
const minutesKept = 60

// A minute is what happened to the tasks of a kind in one.
type minute struct {
	done, failed, dead uint32 // failed are attempts, the last ones of the dead among them
	waiting, running   int    // the most that a sample saw
	known              bool   // there was a sample
	took               durations
}

// An hour is a ring of minutes. The zero hour is empty.
type hour struct {
	ring   [minutesKept]minute
	newest int64 // minutes since 1970
}

func minuteOf(t time.Time) int64 { return t.Unix() / 60 }

// at returns the minute of now, and clears those that have left the hour. A clock
// that goes back stays in the newest minute.
func (h *hour) at(now time.Time) *minute {
	m := minuteOf(now)
	if m-h.newest > minutesKept {
		h.newest = m - minutesKept
	}
	for h.newest < m {
		h.newest++
		h.ring[h.newest%minutesKept] = minute{}
	}
	return &h.ring[h.newest%minutesKept]
}

func (h *hour) sampled(now time.Time, waiting, running int) {
	m := h.at(now)
	m.waiting, m.running, m.known = max(m.waiting, waiting), max(m.running, running), true
}

// each calls f for the minutes of the last hour, the oldest first.
func (h *hour) each(now time.Time, f func(i int, m *minute)) {
	h.at(now)
	for i := range minutesKept {
		f(i, &h.ring[(h.newest+1+int64(i))%minutesKept])
	}
}

// counts are counts by the minute, for an hour.
type counts struct {
	ring   [minutesKept]uint32
	newest int64
}

func (c *counts) advance(now time.Time) {
	m := minuteOf(now)
	if m-c.newest > minutesKept {
		c.newest = m - minutesKept
	}
	for c.newest < m {
		c.newest++
		c.ring[c.newest%minutesKept] = 0
	}
}

func (c *counts) add(now time.Time) {
	c.advance(now)
	c.ring[c.newest%minutesKept]++
}

func (c *counts) sum(now time.Time) (n int) {
	c.advance(now)
	for _, one := range c.ring {
		n += int(one)
	}
	return n
}

const (
	shortestTook = float64(time.Millisecond)
	perDoubling  = 4 // so that a quantile is at most 19 % too large
	tookBuckets  = 25 * perDoubling
)

// durations count how long runs took, from a millisecond to some nine hours.
type durations [tookBuckets]uint32

func (d *durations) add(took time.Duration) {
	i := int(math.Ceil(perDoubling * math.Log2(float64(max(took, 1))/shortestTook)))
	d[min(max(i, 0), tookBuckets-1)]++
}

func (d *durations) merge(other *durations) {
	for i, n := range other {
		d[i] += n
	}
}

func (d *durations) total() (n uint64) {
	for _, one := range d {
		n += uint64(one)
	}
	return n
}

// quantile returns a time that the share q of the runs did not exceed; 0 if there
// were none.
func (d *durations) quantile(q float64) time.Duration {
	want := uint64(math.Ceil(q * float64(d.total())))
	if want == 0 {
		return 0
	}
	for i, n := range d {
		if uint64(n) >= want {
			return time.Duration(shortestTook * math.Exp2(float64(i)/perDoubling))
		}
		want -= uint64(n)
	}
	return 0
}
