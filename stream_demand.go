package remuda

import (
	"sync/atomic"

	"github.com/remuda-go/remuda/internal/dispatch"
)

// streamDemand is how many workers are at a stream, and how many may be. The stream's
// mu guards it, but for short.
type streamDemand[In, Out any] struct {
	workers   int                             // of the pool, when last looked at
	procs     int                             // GOMAXPROCS
	engaged   int                             // invitations in the queue, and workers that have come
	invited   []dispatch.Guest[item[In, Out]] // those in the queue, in order
	inviting  int                             // those about to be
	batchSize int                             // inputs to take at a time
	slow      int                             // batches that idle workers may take over, and not returned

	short atomic.Bool // the reader should see whether to invite a worker
}

// limitLocked is how many workers may be at the stream. Those in a slow batch may
// stay there for long.
func (s *streamDemand[In, Out]) limitLocked() int {
	if s.batchSize >= fastBatchSize {
		return min(s.workers, s.procs+s.slow)
	}
	return s.workers
}

// noteShortLocked tells the reader whether it should see to workers. It is called
// after a change of claims or of what limitLocked goes by.
func (s *streamDemand[In, Out]) noteShortLocked() { s.short.Store(s.engaged < s.limitLocked()) }

// wantsWorkerLocked reports whether another worker should be invited, and counts
// it. Like the queue, it invites one at a time, and another if many inputs wait for
// those that were invited.
func (s *streamDemand[In, Out]) wantsWorkerLocked(unread int) bool {
	onTheWay := len(s.invited) + s.inviting
	if s.engaged >= s.limitLocked() || onTheWay > 0 && unread <= onTheWay*inputsPerInvitation {
		return false
	}
	s.engaged++
	s.inviting++
	s.noteShortLocked()
	return true
}

// inputsPerInvitation is as dispatch's itemsPerSearcher.
const inputsPerInvitation = 8

// adaptLocked changes the batch size after a whole batch has taken so long.
func (s *streamDemand[In, Out]) adaptLocked(n int, took int64) {
	if took < batchShort && n >= s.batchSize {
		s.batchSize = min(2*s.batchSize, maxBatchSize)
	} else if took > batchLong {
		s.shrinkLocked(n, took)
	}
	s.noteShortLocked()
}

// shrinkLocked shrinks the batch size after n inputs have taken too long, to as many
// as can be run in time: to one at once, if they are as slow as that, since others
// may be idle meanwhile.
func (s *streamDemand[In, Out]) shrinkLocked(n int, took int64) {
	s.batchSize = max(1, min(s.batchSize/2, int(int64(n)*batchShort/took)))
}

// markSlowLocked lets idle workers take over what has not begun of b.
func (s *streamDemand[In, Out]) markSlowLocked(b *batch[In, Out]) {
	b.slow.Store(true)
	s.slow++
	s.noteShortLocked()
}
