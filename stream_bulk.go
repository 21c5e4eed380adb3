package remuda

import (
	"context"

	"github.com/remuda-go/remuda/internal/dispatch"
)

// In a pool whose workers gather inputs, a stream has an invitation in the queue for
// each input that it has read, as far as there may be, so that the queue knows how
// many inputs wait. A worker that gathers n of them borrows n inputs of the stream.

// A loan is a batch that a stream has lent to a bulk: all of its inputs begin
// together. Those with an error among the outcomes must not run.
type loan[In, Out any] struct {
	batch *batch[In, Out] // nil for none
	ctx   context.Context // whose end is the end of the inputs' caller
}

// lend lends the next n inputs to the worker that has come for as many invitations.
// There may be fewer.
func (s *stream[In, Out]) lend(n int) loan[In, Out] {
	var b *batch[In, Out]
	refused := false
	if s.halted() != nil { // as in take
		s.aborted.Store(true)
	}
	s.mu.Lock()
	s.invited = s.invited[min(n, len(s.invited)):]
	s.engaged -= n
	n = min(n, s.unread.len(), dispatch.MaxBatch)
	if n > 0 && !s.aborted.Load() && !s.stopped.Load() {
		b = s.newBatchLocked()
		if refused = !s.core.AcceptAtOnce(&b.Batch, n); refused {
			b = nil
		} else {
			s.popLocked(b, n)
			b.kinds = make([]dispatch.Outcome, n)
			s.linkLocked(b, nil)
			s.working++
		}
	}
	s.mu.Unlock()
	if refused {
		s.cut(ErrPoolClosed)
	}
	if b != nil && s.faults != nil {
		for i := range b.in {
			if err := s.faults.take(b.first + i); err != nil {
				b.settle(i, result[Out]{err: err, outcome: dispatch.Dropped})
			}
		}
	}
	inviteAll(s)
	return loan[In, Out]{b, s.ctx}
}

// takeBack ends a batch that was lent to the worker of w. All outcomes are in it.
func (s *stream[In, Out]) takeBack(b *batch[In, Out], w *runnerState[In, Out]) {
	for i, more := b.Next(); more; i, more = b.Next() {
		b.Count(b.kinds[i])
	}
	b.kinds = nil
	s.handOn(b)
	w.batch = b
	s.finish(w)
}
