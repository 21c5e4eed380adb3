package remuda

import (
	"sync/atomic"

	"github.com/remuda-go/remuda/internal/parker"
)

// streamOutcomes is the batches of a stream that its loop has not done with, and
// what the loop waits for. The stream's mu guards it, but for awaited.
type streamOutcomes[In, Out any] struct {
	ordered  bool
	borrowed bool // inputs lie in a slice of the user's

	first, last *batch[In, Out] // in order, as taken
	spare       *batch[In, Out] // linked by next
	spares      int
	slab        []outcome[Out] // memory for the outcomes of small batches

	// awaited is the batch whose next outcome the loop waits for; anyBatch if that
	// of any batch will do; nil if it does not wait. The one that makes it nil owes
	// the loop a wake-up.
	awaited  atomic.Pointer[batch[In, Out]]
	anyBatch batch[In, Out]
	consumer parker.Parker // of the loop, until there is an outcome
}

// newBatchLocked returns an empty batch.
func (s *streamOutcomes[In, Out]) newBatchLocked() *batch[In, Out] {
	if s.spare == nil {
		more := new([batchesAtATime]batch[In, Out])
		for i := range more {
			more[i].next, s.spare = s.spare, &more[i]
			s.spares++
		}
	}
	b := s.spare
	s.spare, b.next = b.next, nil
	s.spares--
	return b
}

// Small batches are made several at a time, and so is the memory for their inputs and
// outcomes. It saves a stream of ten inputs a quarter of its allocations.
const (
	batchesAtATime = 6
	slabLen        = 12
)

// fillLocked gives b its inputs, of which the first has that index.
func (s *streamOutcomes[In, Out]) fillLocked(b *batch[In, Out], in []In, first int) {
	b.in, b.first = in, first
	n := len(in)
	if n > cap(b.outcomes) {
		b.outcomes = fromSlab(&s.slab, n)
	}
	b.outcomes = b.outcomes[:n]
}

// fromSlab returns memory for n values, from the slab if they are few.
func fromSlab[T any](slab *[]T, n int) (memory []T) {
	if n > slabLen/2 {
		return make([]T, n)
	}
	if n > len(*slab) {
		*slab = make([]T, slabLen)
	}
	memory, *slab = (*slab)[:n:n], (*slab)[n:]
	return memory
}

// recycleLocked takes back a batch that neither the loop nor a worker needs, and
// lets go of its values. Of those that a slow loop has left behind it keeps few.
func (s *streamOutcomes[In, Out]) recycleLocked(b *batch[In, Out]) {
	if s.spares == maxSpareBatches {
		return
	}
	s.spares++
	clear(b.outcomes)
	in := b.in[:0]
	if s.borrowed { // the slice is the user's
		in = nil
	} else {
		clear(b.in)
	}
	b.in, b.outcomes = in, b.outcomes[:0]
	b.consumed, b.sample, b.returned, b.drained = 0, 0, false, false
	b.slow.Store(false)
	b.next, s.spare = s.spare, b
}

// linkLocked puts b behind the batch before, or at the end if that is nil.
func (s *streamOutcomes[In, Out]) linkLocked(b, before *batch[In, Out]) {
	switch {
	case before != nil:
		b.next, before.next = before.next, b
		if s.last == before {
			s.last = b
		}
	case s.first == nil:
		s.first, s.last = b, b
	default:
		s.last.next, s.last = b, b
	}
	if s.consumer.Disarm() { // the loop waits for the first batch: now it waits for b
		s.awaited.Store(b)
	}
}

// readyLocked returns a batch with outcomes that were not consumed, and how many
// have come: the first, if they are to be in order. It lets go of batches that are
// used up.
func (s *streamOutcomes[In, Out]) readyLocked() (*batch[In, Out], int) {
	var before *batch[In, Out]
	for b := s.first; b != nil; {
		ended, size := b.Progress()
		if ended > b.consumed {
			return b, ended
		}
		if b.consumed < size {
			if s.ordered {
				return nil, 0
			}
			before, b = b, b.next
			continue
		}
		next := b.next
		s.unlinkLocked(b, before)
		b = next
	}
	return nil, 0
}

// unlinkLocked takes out b, which is used up and comes after the batch before.
func (s *streamOutcomes[In, Out]) unlinkLocked(b, before *batch[In, Out]) {
	if before == nil {
		s.first = b.next
	} else {
		before.next = b.next
	}
	if s.last == b {
		s.last = before
	}
	b.next = nil
	b.drained = true
	if b.returned {
		s.recycleLocked(b)
	}
}

// armLocked notes what the loop is about to wait for. It returns false if that has
// come meanwhile.
func (s *streamOutcomes[In, Out]) armLocked() bool {
	target := s.first
	switch {
	case !s.ordered:
		target = &s.anyBatch
	case target == nil:
		s.consumer.Arm()
		return true
	}
	s.consumer.Prepare()
	s.awaited.Store(target)
	if b, _ := s.readyLocked(); b == nil && (!s.ordered || s.first == target) {
		return true
	}
	// Who was faster owes a wake-up, which has to be waited for.
	return !s.awaited.CompareAndSwap(target, nil)
}

// disarmConsumerLocked reports whether the loop waits for an outcome: the caller
// then owes it a wake-up.
func (s *streamOutcomes[In, Out]) disarmConsumerLocked() bool {
	return s.consumer.Disarm() || s.awaited.Swap(nil) != nil
}
