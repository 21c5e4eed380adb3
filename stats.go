package remuda

// Stats is what a pool has done and is doing, at one moment: at any time
//
//	Accepted == Queued + Running + Waiting + Succeeded + Failed + Dropped
//
// A run counts as finished before its Ticket or Do returns, so the numbers are
// exact for whoever waited for them. An input that was only sent counts as
// running until its worker has come back for the next one.
type Stats struct {
	Workers int // as Current returns
	Running int // runs that have begun and not finished, without those in Waiting
	Waiting int // runs that have lent their place while they wait for their own pool
	Queued  int // inputs accepted and not begun
	Retired int // workers taken out by Less that still finish a run

	Accepted  uint64 // inputs taken over by the pool
	Succeeded uint64 // runs that returned no error
	Failed    uint64 // runs that returned an error, panicked or ended their goroutine
	Panicked  uint64 // those of Failed that panicked
	Dropped   uint64 // inputs whose job never ran: their context ended first, a middleware refused them, or Close gave up waiting
}

// A tally counts finished inputs by outcome.
type tally [outcomes]uint64

type outcome uint8

const (
	none outcome = iota // nothing to count
	succeeded
	failed
	panicked
	dropped
	outcomes
)

// count adds one. Counting what is none keeps a branch off the hot path.
func (t *tally) count(o outcome) { t[o]++ }

// addTo adds the tally to the totals in s.
func (t *tally) addTo(s *Stats) {
	s.Succeeded += t[succeeded]
	s.Failed += t[failed] + t[panicked]
	s.Panicked += t[panicked]
	s.Dropped += t[dropped]
}

// statsLocked needs both locks of the pool.
func (p *Pool[In, Out]) statsLocked() Stats {
	c := &p.crew
	s := Stats{
		Workers:  p.current(),
		Waiting:  c.lent,
		Queued:   p.queue.taken() + p.batched,
		Retired:  max(0, c.busy()-c.size),
		Accepted: p.accepted,
	}
	p.finished.addTo(&s)
	p.counted.addTo(&s)
	var t tally
	for o := range p.resolved {
		t[o] = p.resolved[o].Load()
	}
	t.addTo(&s)
	if p.source != nil {
		p.addFed(&s)
		return s
	}
	s.Running = int(s.Accepted-s.Succeeded-s.Failed-s.Dropped) - s.Queued - s.Waiting
	return s
}

// addFed adds what the workers of a source-fed pool have done and are doing. It
// needs both locks of the pool.
func (p *Pool[In, Out]) addFed(s *Stats) {
	var t tally
	for w := range p.feeding.alive {
		if w.feed.addTo(&t) {
			s.Running++
		}
	}
	t.addTo(s)
	s.Retired = len(p.feeding.alive) - len(p.feeding.wanted)
	s.Accepted = s.Succeeded + s.Failed + s.Dropped + uint64(s.Running)
}
