package middleware

import "time"

const (
	// Runs are frequent when they follow each other in less than this, on all
	// workers together. Timing a run costs some 80 ns, which is a hundredth of it.
	frequent = 10 * time.Microsecond

	// How many times in a row a worker must find that runs are frequent before
	// it times one in stride only. A prime, so as not to keep step with what
	// comes in batches.
	paceStreak = 64
	paceStride = 31
)

// A pace decides which runs of a worker are timed: all of them, unless runs are
// so frequent that this would cost a good part of the work. What counts is the
// time from one timed run to the next, pauses included. So where there are few
// runs none is missed, and when they become few, each worker times all of its
// own again as soon as it has timed one.
type pace struct {
	skip   int    // runs to leave out before the next timed one
	runs   uint64 // since the last timed one
	streak int    // timed runs in a row at which runs were frequent
}

// due reports whether the run that begins now is to be timed.
func (p *pace) due() bool {
	p.runs++
	if p.skip > 0 {
		p.skip--
		return false
	}
	return true
}

// took notes that a timed run has ended, since after the last one on any
// worker. It returns the number of runs for which its time stands: itself, and
// those that this worker left out before it.
func (p *pace) took(since time.Duration) uint64 {
	runs := p.runs
	p.runs = 0
	if since < frequent*time.Duration(runs) {
		p.streak++
	} else {
		p.streak = 0
	}
	if p.streak >= paceStreak {
		p.skip = paceStride - 1
	}
	return runs
}
