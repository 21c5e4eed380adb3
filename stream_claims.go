package remuda

import (
	"sync/atomic"

	"github.com/remuda-go/remuda/internal/dispatch"
)

// streamClaims is how many workers are at a stream, and how many may be. The stream's
// mu guards it, but for short.
type streamClaims[In, Out any] struct {
	workers int                             // of the pool, when last looked at
	procs   int                             // GOMAXPROCS
	claims  int                             // invitations in the queue, and workers that have come
	invited []dispatch.Guest[item[In, Out]] // those in the queue, in order
	calling int                             // those about to be
	stride  int                             // inputs to take at a time
	slow    int                             // batches that idle workers may take over, and not returned

	short atomic.Bool // the reader should see whether to invite a worker
}

// limitLocked is how many workers may be at the stream. Those in a slow batch may
// stay there for long.
func (s *streamClaims[In, Out]) limitLocked() int {
	if s.stride >= fastStride {
		return min(s.workers, s.procs+s.slow)
	}
	return s.workers
}

// noteShortLocked tells the reader whether it should see to workers. It is called
// after a change of claims or of what limitLocked goes by.
func (s *streamClaims[In, Out]) noteShortLocked() { s.short.Store(s.claims < s.limitLocked()) }

// wantsWorkerLocked reports whether another worker should be invited, and counts
// it. Like the queue, it invites one at a time, and another if many inputs wait for
// those that were invited.
func (s *streamClaims[In, Out]) wantsWorkerLocked(unread int) bool {
	called := len(s.invited) + s.calling
	if s.claims >= s.limitLocked() || called > 0 && unread <= called*inputsPerInvitation {
		return false
	}
	s.claims++
	s.calling++
	s.noteShortLocked()
	return true
}

// inputsPerInvitation is as dispatch's itemsPerSearcher.
const inputsPerInvitation = 8

// adaptLocked changes the stride after a whole batch has taken so long.
func (s *streamClaims[In, Out]) adaptLocked(n int, took int64) {
	if took < batchShort && n >= s.stride {
		s.stride = min(2*s.stride, maxStride)
	} else if took > batchLong {
		s.slowDownLocked(n, took)
	}
	s.noteShortLocked()
}

// slowDownLocked shrinks the stride after n inputs have taken too long, to as many
// as can be run in time: to one at once, if they are as slow as that, since others
// may be idle meanwhile.
func (s *streamClaims[In, Out]) slowDownLocked(n int, took int64) {
	s.stride = max(1, min(s.stride/2, int(int64(n)*batchShort/took)))
}

// markSlowLocked lets idle workers take over what has not begun of b.
func (s *streamClaims[In, Out]) markSlowLocked(b *batch[In, Out]) {
	b.slow.Store(true)
	s.slow++
	s.noteShortLocked()
}
