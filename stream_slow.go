package remuda

import "time"

// takeOverLocked takes over half of what has not begun of a slow batch.
func (s *stream[In, Out]) takeOverLocked() *batch[In, Out] {
	for {
		if s.slow == 0 {
			return nil
		}
		from := s.mostLeftLocked()
		if from == nil {
			return nil
		}
		if b := s.splitLocked(from, false); b != nil { // else its worker was faster
			return b
		}
	}
}

// mostLeftLocked returns the slow batch of which most has not begun, or nil if there
// is none.
func (s *streamOutcomes[In, Out]) mostLeftLocked() (from *batch[In, Out]) {
	most := 0
	for b := s.first; b != nil; b = b.next {
		if left := b.Left(); b.slow.Load() && !b.returned && left > most {
			from, most = b, left
		}
	}
	return from
}

// splitLocked makes a batch of what has not begun of b, of all or of half of it. It
// returns nil if that is nothing.
func (s *stream[In, Out]) splitLocked(b *batch[In, Out], all bool) *batch[In, Out] {
	rest := s.newBatchLocked()
	at, n := s.core.SplitBatch(&b.Batch, &rest.Batch, all)
	if n == 0 {
		s.recycleLocked(rest)
		return nil
	}
	in := b.in[at : at+n : at+n]
	if !s.unread.fixed {
		in = append(rest.in[:0], in...)
		clear(b.in[at : at+n])
	}
	s.fillLocked(rest, in, b.first+at)
	s.markSlowLocked(rest)
	rest.sample = unsampled
	s.linkLocked(rest, b)
	return rest
}

// giveBack gives back what has not begun of b, a slow batch, if its worker is needed
// elsewhere: a worker runs inputs of the stream and of the queue by turns.
func (s *stream[In, Out]) giveBack(b *batch[In, Out]) {
	if b.Left() == 0 || !s.core.NeededElsewhere() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.aborted.Load() { // what has not begun is dropped, and nobody would come for it
		return
	}
	if rest := s.splitLocked(b, true); rest != nil {
		rest.nextGivenBack, s.givenBack = s.givenBack, rest
	}
}

// watchEvery is how long a batch may hold what it has not begun, if it turns out to
// be slow: then idle workers take that over.
const watchEvery = 100 * time.Microsecond

// watchLocked starts the watch if b may hold something up: its own inputs that have
// not begun or, if the stream may have fewer workers than the pool, all others.
func (s *stream[In, Out]) watchLocked(b *batch[In, Out]) {
	if s.watching || len(b.in) == 1 && s.limitLocked() == s.workers {
		return
	}
	s.watching = true
	if s.watch == nil {
		s.watch = time.AfterFunc(watchEvery, s.watchBatches)
	} else {
		s.watch.Reset(watchEvery)
	}
}

// watchBatches looks for batches that take long, and invites workers to take over
// what has not begun. A timer does it, since nobody else may be awake: the worker is
// in a run, the loop waits for that, and the reader for the loop. It rests while no
// batch holds anything up.
func (s *stream[In, Out]) watchBatches() {
	now := s.core.ref.clock.Now()
	s.mu.Lock()
	slow := false
	for b := s.first; b != nil; b = b.next {
		if !b.returned && !b.slow.Load() && now-b.began >= batchLong {
			s.markSlowLocked(b)
			slow = true
		}
	}
	if slow { // what comes next may be as slow: one input for each worker
		s.batchSize = 1
		s.noteShortLocked()
	}
	s.watching = s.heldUpLocked(s.limitLocked() < s.workers)
	if s.watching {
		s.watch.Reset(watchEvery)
	}
	invite := slow && s.wantsWorkerLocked(s.unread.len())
	s.mu.Unlock()
	if invite {
		s.invite()
	}
}

// heldUpLocked reports whether a batch is under way that may hold something up: its
// own inputs that have not begun or, if few workers may come, all others.
func (s *streamOutcomes[In, Out]) heldUpLocked(few bool) bool {
	for b := s.first; b != nil; b = b.next {
		if !b.returned && !b.slow.Load() && (few || b.Left() > 0) {
			return true
		}
	}
	return false
}
