package middleware

import "time"

const (
	// A worker is busy when its runs follow each other in less than this.
	// Timing a run costs some 60 ns, which is a hundredth of it or less.
	busyEvery = 10 * time.Microsecond

	// How many timed runs in a row must say that the worker is busy before it
	// times one in stride only. A prime, so as not to keep step with what comes
	// in batches.
	busyStreak = 64
	stride     = 31
)

// A pace decides which runs of a worker are timed: all of them, unless they
// follow each other so fast that this would cost a good part of the work. What
// counts is the time from one timed run to the next, pauses included. So where
// there are few runs none is missed, and a long one, or a pause, makes the
// worker time every run again.
type pace struct {
	skip   int           // runs to leave out before the next timed one
	runs   uint64        // since the last timed one
	streak int           // timed runs in a row that said busy
	last   time.Duration // when the last timed run ended
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

// took notes that a timed run has ended. It returns the number of runs for
// which its time stands: itself, and those left out before it.
func (p *pace) took(end time.Duration) uint64 {
	runs := p.runs
	if end-p.last < busyEvery*time.Duration(runs) {
		p.streak++
	} else {
		p.streak = 0
	}
	if p.streak >= busyStreak {
		p.skip = stride - 1
	}
	p.runs, p.last = 0, end
	return runs
}
