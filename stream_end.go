package remuda

import (
	"github.com/remuda-go/remuda/internal/dispatch"
)

// halted returns why inputs that have not begun must not begin, and nil if they
// may. It asks the contexts themselves: what watches them (unwatch, unlink) runs on
// a goroutine of its own, some time after they have ended.
func (s *stream[In, Out]) halted() error {
	if s.core.ref.cancelled.Load() {
		return ErrPoolClosed
	}
	if err := s.outer.Err(); err != nil {
		return err
	}
	if s.aborted.Load() {
		return s.core.ref.endOf(s.ctx)
	}
	return nil
}

// cut stops the stream because of err: inputs that no worker has taken do not run
// any more. If ctx has ended, or after Stop, those that were taken and have not begun
// do not either.
func (s *stream[In, Out]) cut(err error) {
	if s.ctx.Err() != nil || s.halted() != nil {
		s.aborted.Store(true)
	}
	s.mu.Lock()
	if !s.stopped.Load() && (!s.exhausted || s.unread.len() > 0) {
		s.err = err
	}
	s.stopped.Store(true)
	if s.aborted.Load() {
		s.dropGivenBackLocked()
	}
	reader, consumer := s.reader.Disarm(), s.disarmConsumerLocked()
	s.mu.Unlock()
	if reader {
		s.reader.Wake()
	}
	if consumer {
		s.wakeConsumer()
	}
}

// ending returns the error that cut the stream short.
func (s *stream[In, Out]) ending() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// allConsumedLocked reports whether all outcomes there will ever be are consumed.
// Workers may still have to give back batches all of whose inputs have ended.
func (s *stream[In, Out]) allConsumedLocked() bool {
	return s.first == nil && (s.stopped.Load() || s.exhausted && s.unread.len() == 0)
}

// dropGivenBackLocked ends the inputs of batches that no worker has: they never run.
func (s *stream[In, Out]) dropGivenBackLocked() {
	if s.givenBack == nil {
		return
	}
	err := s.core.neverBegan(s.halted())
	for b := s.givenBack; b != nil; b = b.nextGivenBack {
		for i, more := b.Next(); more; i, more = b.Next() {
			b.outcomes[i].err = err
			b.Count(dispatch.Dropped)
		}
		s.core.FinishBatch(&b.Batch)
		b.returned = true
		s.slow--
	}
	s.givenBack = nil
}

// handOn wakes the loop if it waits for the outcome that has just come.
func (s *stream[In, Out]) handOn(b *batch[In, Out]) {
	if a := s.awaited.Load(); a != nil && (a == b || a == &s.anyBatch) && s.awaited.CompareAndSwap(a, nil) {
		s.wakeConsumer()
	}
}

// wakeConsumer wakes the loop, for the caller of disarmConsumerLocked. If the loop
// is a run's, that asks for its slot immediately, and not only when its goroutine is
// awake: it comes before what the worker that calls this would take up.
func (s *stream[In, Out]) wakeConsumer() {
	if s.caller != nil {
		s.back = s.core.askSlotBack(s.caller)
	}
	s.consumer.Wake()
}
