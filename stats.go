package remuda

import "github.com/remuda-go/remuda/internal/dispatch"

// Stats is what a pool has done and is doing, at one moment: at any time
//
//	Accepted == Queued + Running + Yielded + Succeeded + Failed + Dropped
//
// A run counts as finished before its Ticket or Do returns, so the numbers are exact
// for a caller that waited for it. An input that was only sent counts as running
// until its worker has come back for the next one.
//
// In a pool of [StartBatches] each input of a batch counts as a run: while one call of
// the function is under way with 500 inputs, Running is 500, and Busy is 1. A worker that waits
// for its batch to become larger is not busy.
type Stats struct {
	Workers int // as Current returns
	Busy    int // those of Workers that have something to run
	Running int // inputs that workers have: runs that begin or have begun, and not finished, without those in Yielded
	Yielded int // runs that have given up their slot while they wait for their own pool
	Queued  int // inputs accepted and not begun
	Retired int // workers taken out by Less that still finish a run

	Accepted  uint64 // inputs taken over by the pool
	Succeeded uint64 // runs that returned no error
	Failed    uint64 // runs that returned an error, panicked or ended their goroutine
	Panicked  uint64 // those of Failed that panicked
	Dropped   uint64 // inputs whose job never ran: their context ended first, a middleware refused them, or Close gave up waiting
}

// addTally adds what has ended.
func (s *Stats) addTally(t *dispatch.Tally) {
	s.Succeeded += t[dispatch.Succeeded]
	s.Failed += t[dispatch.Failed] + t[dispatch.Panicked]
	s.Panicked += t[dispatch.Panicked]
	s.Dropped += t[dispatch.Dropped]
}

func (c *core[In, Out]) stats() Stats {
	if c.source != nil {
		t, running, retired := c.sourced.stats()
		s := Stats{Workers: c.current(), Busy: max(0, running-retired), Running: running, Retired: retired}
		s.addTally(&t)
		s.Accepted = s.Succeeded + s.Failed + s.Dropped + uint64(running)
		return s
	}
	d := c.Dispatcher.Stats()
	s := Stats{
		Workers:  d.Target,
		Busy:     d.Busy,
		Yielded:  d.Yielded,
		Queued:   d.Queued,
		Retired:  d.Retired,
		Accepted: d.Accepted,
	}
	if c.life.now() >= draining {
		s.Workers, s.Busy = 0, 0
	}
	s.addTally(&d.Tally)
	s.Running = int(s.Accepted-s.Succeeded-s.Failed-s.Dropped) - s.Queued - s.Yielded
	return s
}
