package remuda

import "slices"

// work runs batches of the stream on w, which has come with a claim, until there
// are none or others need the worker. It is entered again, with the batch that
// w has in hand, after a panic or runtime.Goexit outside of the job itself.
func (s *stream[In, Out]) work(w *worker[In, Out]) {
	if w.batch == nil {
		s.arrive()
	}
	for w.batch != nil || s.take(w) {
		for b := w.batch; len(b.out) < len(b.in); {
			s.perform(w)
			if n := len(b.out); n%checkEvery == 0 && n < len(b.in) {
				s.shorten(b)
			}
		}
		if s.finish(w) && s.claim() {
			w.stream = nil
			return
		}
	}
}

// arrive notes that a worker has come with a claim.
func (s *stream[In, Out]) arrive() {
	s.mu.Lock()
	s.called--
	s.mu.Unlock()
}

// perform runs the next input of w's batch.
func (s *stream[In, Out]) perform(w *worker[In, Out]) {
	b := w.batch
	i := len(b.out)
	if s.ended() {
		var out Out
		b.add(out, s.endErr(), dropped)
		return
	}
	label(s.labels)
	if w.seat.input == nil {
		if err := s.pool.equip(w); err != nil {
			s.conclude(w, err)
			return
		}
	}
	w.in = b.in[i]
	at := b.accepted(i, s.pool.home.timing.Load())
	b.run.begin(&w.seat, at)
	if at < 0 { // it stands for its batch
		b.run.state.Inputs = uint32(len(b.in))
	}
	s.conclude(w, w.do(b.run))
}

// conclude ends the run of the next input of w's batch: its outcome is err.
func (s *stream[In, Out]) conclude(w *worker[In, Out], err error) {
	o := w.outcome(err)
	if err != nil {
		if o != dropped {
			s.pool.stopOn(w.batch.run, err)
		}
		err = s.pool.explain(w.batch.run, err)
	}
	w.batch.add(w.take(), err, o)
}

// take gives w the next batch. It returns false, and the claim has ended, when
// there is none. Here an input of a stream is accepted, or never is.
func (s *stream[In, Out]) take(w *worker[In, Out]) bool {
	over := s.ended()
	s.mu.Lock()
	b := s.loose
	if b != nil {
		s.loose, b.nextLoose = b.nextLoose, nil
		s.looseInputs -= len(b.in)
		if len(b.in) > s.stride { // leave some for the others
			s.giveBack(b, s.stride)
		}
		s.pool.retakeBatch()
	} else if over || s.stopped.Load() || !s.hasInput() {
		s.mu.Unlock()
		w.stream = nil
		return false
	} else if b = s.newBatch(); b == nil {
		s.mu.Unlock()
		w.stream = nil
		s.cut(ErrPoolClosed)
		return false
	}
	s.working++
	if n := len(s.contexts); n > 0 {
		b.run, s.contexts = s.contexts[n-1], s.contexts[:n-1]
	} else {
		b.run = &runContext{home: &s.pool.home, parent: s.ctx, tie: tied}
	}
	call := s.waiting() > 0 && s.wantsWorker()
	s.mu.Unlock()
	if call {
		s.claim()
	}
	b.began = s.pool.home.now()
	b.chooseSample()
	w.batch = b
	return true
}

// hasInput reports whether there is an input to take; if not, it ends the
// claim. It needs mu.
func (s *stream[In, Out]) hasInput() bool {
	if s.inputs.len() > 0 {
		return true
	}
	s.claims--
	s.short.Store(true)
	if s.inputs.len() == 0 { // the reader will see short after its next push
		return false
	}
	s.claims++
	s.short.Store(s.claims < s.workers)
	return true
}

// newBatch makes a batch of the next inputs, of which there must be some, and
// accepts them. It returns nil if the pool is closing. It needs mu.
func (s *stream[In, Out]) newBatch() *batch[In, Out] {
	share := (s.inputs.len() + s.claims - 1) / s.claims // leave some for the others
	n := min(s.stride, share)
	if !s.pool.acceptBatch(n) {
		return nil
	}
	b := s.spare
	if b == nil {
		b = &batch[In, Out]{}
	} else {
		s.spare, b.next = b.next, nil
	}
	b.in = s.inputs.pop(b.in, n)
	if s.ordered {
		s.link(b)
	}
	return b
}

// link appends b to the results. It needs mu.
func (s *stream[In, Out]) link(b *batch[In, Out]) {
	if s.first == nil {
		s.first = b
	} else {
		s.last.next = b
	}
	s.last = b
}

// giveBack cuts b off after n inputs; the rest is for whoever comes. It needs mu.
func (s *stream[In, Out]) giveBack(b *batch[In, Out], n int) {
	r := &batch[In, Out]{in: slices.Clone(b.in[n:]), sample: unsampled}
	clear(b.in[n:])
	b.in = b.in[:n]
	if s.ordered {
		if b.next == nil {
			s.last = r
		}
		b.next, r.next = r, b.next
	}
	r.nextLoose, s.loose = s.loose, r
	s.looseInputs += len(r.in)
}

// finish hands w's batch to the loop. It reports whether the worker is needed
// elsewhere, so that the claim has to go back into the queue.
func (s *stream[In, Out]) finish(w *worker[In, Out]) (elsewhere bool) {
	b := w.batch
	w.batch = nil
	took := s.pool.home.now() - b.began
	workers, elsewhere := s.pool.countBatch(b)
	s.mu.Lock()
	s.look(workers)
	s.working--
	s.adapt(b, took)
	s.contexts, b.run = append(s.contexts, b.run), nil
	s.deliver(b)
	wake := s.first.done && s.consumer.leave()
	freed := s.working == 0 && s.leaver.leave()
	if elsewhere {
		s.called++
	}
	s.mu.Unlock()
	if wake {
		s.consumer.signal()
	}
	if freed {
		s.leaver.signal()
	}
	return elsewhere
}

// deliver makes b a result. It needs mu.
func (s *stream[In, Out]) deliver(b *batch[In, Out]) {
	b.done = true
	if !s.ordered {
		s.link(b)
	}
}
