package keyed

import "github.com/remuda-go/remuda/internal/list"

// A Lane is the values of one key. [Lanes.Of] makes it.
type Lane[V any] struct {
	// Claims counts who needs the lane besides its values. It is the owner's.
	Claims int

	busy   bool
	queued list.List[node[V]]
	home   interface{ forget() } // its entry in Lanes
}

// Len returns how many values of the lane are in the queue.
func (l *Lane[V]) Len() int { return l.queued.Len() }

// IsIdle reports whether none of its values is in the queue or out.
func (l *Lane[V]) IsIdle() bool { return !l.busy && l.queued.Len() == 0 }

// Forget ends the lane, if nothing needs it: it is idle, and there are no claims. The
// next value of its key gets a new one. It is to be called whenever that may have come
// true.
func (l *Lane[V]) Forget() {
	if l.IsIdle() && l.Claims == 0 {
		l.home.forget()
	}
}
