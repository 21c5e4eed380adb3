package dispatch

// Stats is what a dispatcher has done and is doing, at one moment.
type Stats struct {
	Target   int
	Yielded  int // inputs of runs that have given up their slot
	Queued   int // inputs accepted and not begun
	Busy     int // workers that have something to run, those in Retired apart; a gatherer has not
	Retired  int // busy workers beyond the target
	Accepted uint64
	Tally    Tally
}

// Stats returns a consistent snapshot. It costs two locks, whatever the number of
// workers, and one load for each batch under way.
func (d *state[T, S]) Stats() Stats {
	d.outMu.Lock()
	defer d.outMu.Unlock()
	d.inMu.Lock()
	defer d.inMu.Unlock()
	busy := d.roster.busy()
	if d.gather.gatherer != nil { // it waits for a larger batch, and is free for what comes
		busy--
	}
	s := Stats{
		Target:   d.roster.target,
		Yielded:  d.roster.yielded + d.roster.beside,
		Queued:   d.placesLocked(),
		Busy:     min(busy, d.roster.target),
		Retired:  max(0, d.roster.busy()-d.roster.target),
		Accepted: d.accepted,
		Tally:    d.finished,
	}
	s.Tally.Add(&d.inline)
	for b := d.batches.First(); b != nil; b = d.batches.Next(&b.links) {
		t, queued := b.tally()
		s.Tally.Add(&t)
		s.Queued += queued
	}
	for o := range d.delivered {
		s.Tally[o] += d.delivered[o].Load()
	}
	s.Tally[None] = 0 // see Tally.Count
	return s
}
