package remuda

import "runtime"

// await returns the next finished batch, or nil after the last.
func (s *stream[In, Out]) await() *batch[In, Out] {
	s.mu.Lock()
	for s.first == nil || !s.first.done {
		if s.first == nil && s.working == 0 && (s.stopped.Load() || s.exhausted && s.inputs.len() == 0) && s.loose == nil {
			s.mu.Unlock()
			return nil
		}
		s.park(&s.consumer)
	}
	b := s.first
	s.first, b.next = b.next, nil
	s.mu.Unlock()
	return b
}

// park blocks the loop at a spot, and lends the place of its run meanwhile. It
// is called with mu, which it releases while it waits.
func (s *stream[In, Out]) park(at *spot) {
	at.enter()
	s.mu.Unlock()
	if s.caller != nil {
		s.pool.lend(s.caller)
		at.wait()
		s.pool.reclaim(s.caller)
	} else {
		at.wait()
	}
	s.mu.Lock()
}

// recycle takes back a batch that was consumed. The reader is let on when half
// of the window is free, so that it reads by the batch, too.
func (s *stream[In, Out]) recycle(b *batch[In, Out]) {
	n := len(b.in)
	b.reset()
	s.mu.Lock()
	s.consumed += n
	b.next, s.spare = s.spare, b
	wake := s.inputs.pushed()-s.consumed <= s.window/2 && s.reader.leave()
	s.mu.Unlock()
	if wake {
		s.reader.signal()
	}
}

// leave ends the loop: it stops what is left, and waits until nothing of the
// stream runs any more. If seq has thrown, even in answer to being stopped, that
// goes on here, unless the loop itself is on its way out with a panic.
func (s *stream[In, Out]) leave() {
	s.unwatch()
	s.untie()
	s.over.Store(true)
	s.cancel(nil)
	s.mu.Lock()
	s.stopped.Store(true)
	s.dropLoose(s.ctx.Err())
	wake := s.reader.leave()
	s.mu.Unlock()
	if wake {
		s.reader.signal()
	}
	s.mu.Lock()
	for s.working > 0 {
		s.park(&s.leaver)
	}
	s.mu.Unlock()
	if s.caller != nil {
		s.pool.lend(s.caller)
		defer s.pool.reclaim(s.caller)
	}
	<-s.returned
	s.pool.part(s)
	if s.left {
		s.rethrow()
	}
}

// rethrow ends the loop as seq has ended its reader.
func (s *stream[In, Out]) rethrow() {
	switch s.thrown {
	case nil:
	case ErrGoexit:
		runtime.Goexit()
	default:
		panic(s.thrown)
	}
}

// ending returns the error that cut the stream short.
func (s *stream[In, Out]) ending() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == ErrPoolClosed {
		return s.pool.cfg.fault(s.err)
	}
	return s.err
}
