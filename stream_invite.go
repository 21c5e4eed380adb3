package remuda

import (
	"math"

	"github.com/remuda-go/remuda/internal/dispatch"
)

// setWorkersLocked notes how many workers the pool has.
func (s *stream[In, Out]) setWorkersLocked(workers int) {
	s.workers = max(workers, 1)
	ahead := s.workers
	if s.perInput {
		if ahead *= s.core.Gathering.Size; ahead/s.core.Gathering.Size != s.workers {
			ahead = math.MaxInt
		}
	}
	if s.window = s.core.Bound + ahead; s.window < 0 { // more than there are numbers
		s.window = math.MaxInt
	}
	s.most = s.window
	s.noteShortLocked()
}

// grow is called when the pool has got more workers: an input may wait for one, and
// the reader has more room.
func (s *stream[In, Out]) grow() {
	s.mu.Lock()
	s.setWorkersLocked(s.core.current()) // with mu: the last one to look must be the last one to note it
	invite := !s.stopped.Load() && s.unread.len() > 0 && s.wantsWorkerLocked(s.unread.len())
	wake := s.reader.Disarm()
	s.mu.Unlock()
	if invite {
		s.invite()
	}
	if wake {
		s.reader.Wake()
	}
}

// invite puts an invitation, counted already, into the queue. If the pool does not
// take it, it is closing, and the stream ends: invite returns false, and a worker that
// was to leave stays.
func (s *stream[In, Out]) invite() bool {
	// With mu, so that the worker that comes finds it in invited.
	s.mu.Lock()
	s.inviting--
	if s.aborted.Load() { // nobody is needed, or would take the invitation back
		s.mu.Unlock()
		return true
	}
	if s.core.private {
		w := s.core.crew.next(s) // with mu, so that close waits for it
		s.invited = append(s.invited, dispatch.Guest[item[In, Out]]{})
		s.mu.Unlock()
		sendOut(s.core, w)
		return true
	}
	guest, ok := s.core.SendGuest(item[In, Out]{env: &s.env})
	if ok {
		s.invited = append(s.invited, guest)
	}
	s.mu.Unlock()
	if !ok {
		s.cut(ErrPoolClosed)
	}
	return ok
}

// inviteAll invites workers for all inputs that wait, as far as there may be
// invitations. Once the last ones have theirs, they wait for no others.
func inviteAll[In, Out any](s *stream[In, Out]) {
	for {
		s.mu.Lock()
		unread, stopped := s.unread.len(), s.stopped.Load() || s.aborted.Load()
		invite := !stopped && s.wantsWorkerLocked(unread)
		last := !stopped && s.exhausted && unread > 0 && len(s.invited)+s.inviting == unread
		s.mu.Unlock()
		if !invite {
			if last {
				s.core.Hurry()
			}
			return
		}
		if !s.invite() {
			return
		}
	}
}

// arrive notes that a worker has come with an invitation: the oldest, since the
// queue keeps their order.
func (s *stream[In, Out]) arrive() {
	s.mu.Lock()
	switch len(s.invited) {
	case 0:
	case 1:
		s.invited = s.invited[:0] // mostly there is one, whose place is used again
	default:
		s.invited = s.invited[1:]
	}
	s.mu.Unlock()
}

// dismissed ends the stream: the pool is closed, and no worker comes for an
// invitation. The worker stays counted in engaged, which does not matter any more.
func (s *stream[In, Out]) dismissed() { s.cut(ErrPoolClosed) }
