package remuda

import (
	"math"
	"sync/atomic"

	"github.com/remuda-go/remuda/internal/dispatch"
)

// streamDemand says how many workers a stream has, how many more it may invite, and
// how many inputs a worker takes at a time. The stream's mu guards it, but for
// short.
type streamDemand[In, Out any] struct {
	workers   int                             // of the pool, as last noted
	procs     int                             // GOMAXPROCS
	perInput  bool                            // each input needs an invitation; see stream_bulk.go
	most      int                             // invitations at a time, then
	engaged   int                             // workers at the stream, and invitations to more
	invited   []dispatch.Guest[item[In, Out]] // invitations in the queue, in order
	inviting  int                             // invitations that are about to be queued
	batchSize int                             // most inputs in the next batch
	slow      int                             // batches under way that idle workers may take over

	short atomic.Bool // there are fewer workers than there may be: the reader invites one
}

// limitLocked returns how many workers the stream may have. Those in a slow batch
// come on top, since they may be busy with it for long.
func (s *streamDemand[In, Out]) limitLocked() int {
	if s.perInput {
		return math.MaxInt
	}
	if s.batchSize >= fastBatchSize {
		return min(s.workers, s.procs+s.slow)
	}
	return s.workers
}

// noteShortLocked tells the reader whether to invite workers. It is called after
// each change of engaged, and of what limitLocked depends on.
func (s *streamDemand[In, Out]) noteShortLocked() { s.short.Store(s.engaged < s.limitLocked()) }

// wantsWorkerLocked reports whether to invite another worker, and counts that worker
// as engaged: the caller owes a call of invite. Like the queue, a stream wakes one
// worker at a time, and another one if many inputs wait for those on their way.
func (s *streamDemand[In, Out]) wantsWorkerLocked(unread int) bool {
	onTheWay := len(s.invited) + s.inviting
	if s.perInput {
		if onTheWay >= min(unread, s.most) {
			return false
		}
	} else if s.engaged >= s.limitLocked() || onTheWay > 0 && unread <= onTheWay*inputsPerInvitation {
		return false
	}
	s.engaged++
	s.inviting++
	s.noteShortLocked()
	return true
}

// inputsPerInvitation is how many inputs may wait for a worker that was invited and
// has not come before another one is invited: see itemsPerSearcher in package
// dispatch.
const inputsPerInvitation = 8

// adaptLocked adapts the batch size after a batch of n inputs has taken so long.
func (s *streamDemand[In, Out]) adaptLocked(n int, took int64) {
	if took < batchShort && n >= s.batchSize {
		s.batchSize = min(2*s.batchSize, maxBatchSize)
	} else if took > batchLong {
		s.shrinkLocked(n, took)
	}
	s.noteShortLocked()
}

// shrinkLocked shrinks the batch size after n inputs have taken too long: at least
// by half, and to as many as run within batchShort, which for slow inputs is one.
// Other workers may be idle meanwhile.
func (s *streamDemand[In, Out]) shrinkLocked(n int, took int64) {
	s.batchSize = max(1, min(s.batchSize/2, int(int64(n)*batchShort/took)))
}

// markSlowLocked lets idle workers take over what has not begun of b.
func (s *streamDemand[In, Out]) markSlowLocked(b *batch[In, Out]) {
	b.slow.Store(true)
	s.slow++
	s.noteShortLocked()
}
