package remuda

const (
	// A stride grows while a batch runs in less than batchShort, and shrinks
	// when it takes more than batchLong: long enough to make the hand-over
	// cheap, short enough to spread the work and to hold back no result for long.
	batchShort = 20_000 // ns
	batchLong  = 60_000
	maxStride  = 256

	// Every checkEvery inputs a batch looks at the clock, and gives back what
	// is left of it when its inputs turn out to be slow all at once.
	checkEvery = 16
)

// adapt changes the stride after a whole batch has taken so long. It needs mu.
func (s *stream[In, Out]) adapt(b *batch[In, Out], took int64) {
	if took < batchShort && len(b.in) >= s.stride {
		s.stride = min(2*s.stride, maxStride)
	} else if took > batchLong {
		s.slowDown(len(b.in), took)
	}
}

// slowDown shrinks the stride after n inputs have taken too long, to as many as
// can be run in time: to one at once, if they are as slow as that, since others
// may be idle meanwhile. It needs mu.
func (s *stream[In, Out]) slowDown(n int, took int64) {
	s.stride = max(1, min(s.stride/2, int(int64(n)*batchShort/took)))
}

// shorten gives back the rest of w's batch if it has run for long already, so
// that other workers can take it. It does not once the stream is over: the rest
// is about to be dropped, and nobody would come for it.
func (s *stream[In, Out]) shorten(b *batch[In, Out]) {
	took := s.pool.home.now() - b.began
	if took < batchLong {
		return
	}
	s.mu.Lock()
	if s.over.Load() {
		s.mu.Unlock()
		return
	}
	s.slowDown(len(b.out), took)
	s.giveBack(b, len(b.out))
	call := s.wantsWorker()
	s.mu.Unlock()
	if call {
		s.claim()
	}
}
