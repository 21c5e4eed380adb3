package remuda

// A stream is a visitor. Called only through that interface, its methods seem unused
// to staticcheck.
var (
	_ = (*stream[Void, Void]).visit
	_ = (*stream[Void, Void]).lend
	_ = (*stream[Void, Void]).takeBack
	_ = (*stream[Void, Void]).dismissed
)

// visit runs batches of the stream on w, which was invited, until there are none or
// others need the worker. After a panic or runtime.Goexit around a run it is called
// again, with the batch that w has in hand.
func (s *stream[In, Out]) visit(w *runnerState[In, Out]) {
	if w.batch == nil {
		s.arrive()
	}
	for w.batch != nil || s.take(w) {
		b := w.batch
		for i, more := b.Next(); more; i, more = b.Next() {
			if i > 0 {
				s.handOn(b)
			}
			b.current = i
			s.runNext(w, b)
			if b.slow.Load() {
				s.giveBack(b)
			}
		}
		s.handOn(b)
		if s.finish(w) && s.invite() { // else the pool is closing: what was given back is left to this worker
			w.visiting = nil
			return
		}
	}
	w.visiting = nil
}

// runNext runs the current input of b.
func (s *stream[In, Out]) runNext(w *runnerState[In, Out], b *batch[In, Out]) {
	c := s.core
	if b.run == nil || c.ref.nested.Load() || b.run.ended() {
		b.run = newRunContext(s.ctx, &c.ref, byPool)
	}
	var err error
	if s.faults != nil {
		err = s.faults.take(b.first + b.current)
	}
	if end := s.halted(); end != nil {
		err = c.neverBegan(end)
	}
	if err != nil {
		c.dropItem(w, b.run, b.in[b.current], err, b)
		return
	}
	at := b.accepted(b.current, c.ref.clock.Timing.Load())
	if at < 0 { // it stands for its batch
		b.run.standsFor = uint32(len(b.in))
	}
	label(s.labels)
	c.runJob(w, b.run, b.in[b.current], at, b)
}

// take gives w the next batch. It returns false, and the visit has ended, when
// there is none. Here an input of a stream is accepted, or never is.
func (s *stream[In, Out]) take(w *runnerState[In, Out]) bool {
	if s.halted() != nil { // cut is about to be called, but this worker was faster
		s.aborted.Store(true)
	}
	s.mu.Lock()
	b, refused := s.nextBatchLocked()
	if b == nil {
		s.engaged--
		s.noteShortLocked()
		// The reader may have pushed an input before it could see short, and then
		// has invited nobody for it.
		again := !refused && !s.stopped.Load() && !s.aborted.Load() && s.unread.len() > 0
		if again {
			s.engaged++
		}
		s.mu.Unlock()
		switch {
		case refused:
			s.cut(ErrPoolClosed)
		case again:
			return s.take(w)
		}
		return false
	}
	s.working++
	if n := len(s.contexts); n > 0 && b.run == nil {
		b.run, s.contexts = s.contexts[n-1], s.contexts[:n-1]
	}
	b.began = s.core.ref.clock.Now()
	b.chooseSample()
	s.watchLocked(b)
	invite := (s.unread.len() > 0 || s.slow > 0 && s.mostLeftLocked() != nil) && s.wantsWorkerLocked(s.unread.len())
	s.mu.Unlock()
	if invite {
		s.invite()
	}
	w.batch = b
	return true
}

// nextBatchLocked makes a batch of the next inputs or, if there are none, of what
// has not begun of a slow one. It returns nil if there is neither, and whether that
// is since the pool takes no more inputs.
func (s *stream[In, Out]) nextBatchLocked() (b *batch[In, Out], refused bool) {
	if b = s.givenBack; b != nil {
		s.givenBack, b.nextGivenBack = b.nextGivenBack, nil
		return b, false
	}
	unread := s.unread.len()
	if s.aborted.Load() {
		return nil, false
	}
	if unread == 0 || s.stopped.Load() {
		return s.takeOverLocked(), false
	}
	share := (unread + s.engaged - 1) / max(s.engaged, 1) // leave some for the others
	n := min(s.batchSize, share)
	b = s.newBatchLocked()
	if !s.core.AcceptBatch(&b.Batch, n) {
		return nil, true
	}
	s.popLocked(b, n)
	s.linkLocked(b, nil)
	return b, false
}

// popLocked gives b the next n inputs.
func (s *stream[In, Out]) popLocked(b *batch[In, Out], n int) {
	in, first := s.unread.pop(b.in[:0], n)
	s.fillLocked(b, in, first)
}

// finish ends w's batch. It reports whether the worker is needed elsewhere: the
// caller then owes a call of invite.
func (s *stream[In, Out]) finish(w *runnerState[In, Out]) (elsewhere bool) {
	b := w.batch
	w.batch = nil
	elsewhere = s.core.FinishBatch(&b.Batch) && !s.core.private // else what waits are invitations of this stream
	_, n := b.Progress()
	took := s.core.ref.clock.Now() - b.began
	s.mu.Lock()
	s.working--
	if b.slow.Load() {
		s.slow--
		s.noteShortLocked()
	} else {
		s.adaptLocked(n, took)
	}
	if b.run != nil && !b.run.ended() {
		s.contexts = append(s.contexts, b.run)
	}
	b.run = nil
	b.returned = true
	if b.drained {
		s.recycleLocked(b)
	}
	freed := s.working == 0 && s.lastWorker.Disarm()
	wake := s.allConsumedLocked() && s.disarmConsumerLocked()
	if elsewhere {
		s.inviting++
	}
	s.mu.Unlock()
	if wake {
		s.wakeConsumer()
	}
	if freed {
		s.lastWorker.Wake()
	}
	return elsewhere
}
