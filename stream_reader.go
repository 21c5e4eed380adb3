package remuda

import "iter"

// readSlice takes over a slice of inputs. It is called before there are workers.
func readSlice[In, Out any](s *stream[In, Out], ins []In) {
	s.mu.Lock()
	s.unread.slice, s.unread.fixed, s.borrowed = ins, true, true
	s.exhausted = true
	invite := len(ins) > 0 && s.wantsWorkerLocked(s.unread.len())
	s.mu.Unlock()
	if s.core.private {
		s.core.crew.dismiss()
	}
	// One worker after the other is woken by the one before. Where they are new
	// goroutines, and the caller is about to sleep, the second processor would come too
	// late: ten jobs of 10 µs took a tenth longer.
	if invite && s.invite() && (s.perInput || s.core.private) {
		inviteAll(s)
	}
}

func (s *stream[In, Out]) startReader(seq iter.Seq[In]) {
	s.returned = make(chan struct{})
	go s.read(seq)
}

// read is the reader's goroutine. A panic of seq, or its end by
// runtime.Goexit, is kept for the loop.
func (s *stream[In, Out]) read(seq iter.Seq[In]) {
	s.thrown = ErrGoexit
	defer readerEnded(s)
	s.thrown = readAll(seq, s.add)
}

// readAll reads seq to its end, or until add returns false. It returns what seq
// panicked with.
func readAll[In any](seq iter.Seq[In], add func(In) bool) (thrown error) {
	returned := false
	defer func() {
		if !returned {
			thrown = newPanicError(recover())
		}
	}()
	for in := range seq {
		if !add(in) {
			break
		}
	}
	returned = true
	return nil
}

// readerEnded notes that the sequence has ended. If a context has, too, that may be
// why: the loop must not seem to be complete.
func readerEnded[In, Out any](s *stream[In, Out]) {
	err := s.halted()
	s.mu.Lock()
	if err != nil && !s.stopped.Load() {
		s.err = err
		s.stopped.Store(true)
	}
	s.exhausted = true
	wake := s.disarmConsumerLocked()
	s.mu.Unlock()
	if wake {
		s.wakeConsumer()
	}
	if s.perInput {
		inviteAll(s)
	}
	if s.core.private {
		s.core.crew.dismiss()
	}
	close(s.returned)
}

// add takes over an input that was read; it waits for room. It returns false
// when no more are wanted. While there is room, and as many workers are at work
// as there may be, it takes no lock: that halves what an input costs the reader,
// which is what limits a stream of fast jobs.
func (s *stream[In, Out]) add(in In) bool {
	if s.credit == 0 {
		s.waitForRoom()
	}
	if s.stopped.Load() {
		return false
	}
	s.unread.queue.Push(in)
	s.credit--
	if !s.short.Load() {
		return true
	}
	s.mu.Lock()
	invite := s.wantsWorkerLocked(s.unread.len())
	s.mu.Unlock()
	if invite {
		s.invite()
	}
	return true
}

// waitForRoom gives the reader credit.
func (s *stream[In, Out]) waitForRoom() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.stopped.Load() {
		if s.credit = s.window - (s.unread.queue.Pushed() - s.consumed); s.credit > 0 {
			return
		}
		s.reader.Arm()
		s.mu.Unlock()
		s.reader.Park()
		s.mu.Lock()
	}
}
