package remuda

import "iter"

// read is the reader's goroutine. A panic of seq, or its end by
// runtime.Goexit, is kept for the loop.
func (s *stream[In, Out]) read(seq iter.Seq[In]) {
	s.thrown = ErrGoexit
	defer func() {
		// A sequence that ends with the context may be cut short: it must not
		// look complete because nobody has told the stream yet.
		var short error
		if s.thrown == nil && s.ended() {
			short = s.endErr()
		}
		s.mu.Lock()
		if s.err == nil && !s.stopped.Load() {
			s.err = short
		}
		s.exhausted = true
		wake := s.consumer.leave()
		s.mu.Unlock()
		if wake {
			s.consumer.signal()
		}
		close(s.returned)
	}()
	s.thrown = s.drain(seq)
}

// drain reads seq to its end. It returns what seq panicked with.
func (s *stream[In, Out]) drain(seq iter.Seq[In]) (thrown error) {
	returned := false
	defer func() {
		if !returned {
			thrown = newPanicError(recover())
		}
	}()
	for in := range seq {
		if !s.add(in) {
			break
		}
	}
	returned = true
	return nil
}

// add takes over an input that was read; it waits for room. It returns false
// when no more are wanted. While there is room, and as many workers are at work
// as there are, it takes no lock: that halves what an input costs the reader,
// which is what limits a stream of fast jobs.
func (s *stream[In, Out]) add(in In) bool {
	if s.credit == 0 {
		s.waitForRoom()
	}
	if s.stopped.Load() {
		return false
	}
	s.inputs.push(in)
	s.credit--
	if !s.short.Load() {
		return true
	}
	s.mu.Lock()
	call := s.wantsWorker()
	s.mu.Unlock()
	if call {
		s.claim()
	}
	return true
}

// waitForRoom gives the reader credit.
func (s *stream[In, Out]) waitForRoom() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.stopped.Load() {
		if s.credit = s.window - (s.inputs.pushed() - s.consumed); s.credit > 0 {
			s.credit = s.inputs.makeRoom(s.credit)
			return
		}
		s.reader.enter()
		s.mu.Unlock()
		s.reader.wait()
		s.mu.Lock()
	}
}
