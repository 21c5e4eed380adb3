package remuda

// await returns a batch with outcomes that the loop has not consumed, from and to
// which; or nil after the last. The loop has consumed what await returned before.
func (s *stream[In, Out]) await() (b *batch[In, Out], from, to int) {
	yielded := false
	s.mu.Lock()
	s.consumed += s.emitted
	s.emitted = 0
	for {
		if b, to = s.readyLocked(); b != nil || s.allConsumedLocked() {
			break
		}
		if s.caller != nil && !yielded { // before others can see that the loop waits
			yielded = true
			s.mu.Unlock()
			s.core.yieldSlot(s.caller)
			s.mu.Lock()
		} else if s.armLocked() {
			s.parkLocked()
			yielded = false // wakeConsumer has asked for the slot
		}
	}
	wake := false
	if b == nil {
		s.allConsumed = true
	} else {
		from, s.emitted = b.consumed, to-b.consumed
		wake = s.window-(s.unread.queue.Pushed()-s.consumed) > s.window/8 && s.reader.Disarm()
	}
	s.mu.Unlock()
	if wake {
		s.reader.Wake()
	}
	if yielded {
		s.core.reacquireSlot(s.caller)
	}
	return b, from, to
}

// parkLocked blocks the loop until somebody calls wakeConsumer. It releases mu
// meanwhile.
func (s *stream[In, Out]) parkLocked() {
	wake := s.reader.Disarm() // there may be room: nothing must wait for the loop now
	s.mu.Unlock()
	if wake {
		s.reader.Wake()
	}
	s.consumer.Park()
	if s.caller != nil {
		s.core.awaitSlot(s.caller, s.back)
	}
	s.mu.Lock()
}
