package keyed

// A Lane is the values of one key. [Lanes.Of] makes it.
type Lane[V any] struct {
	// Claims counts who needs the lane besides its values. It is the owner's.
	Claims int

	busy        bool
	first, last *node[V] // in the queue
	len         int
	home        interface{ forget() } // its entry in Lanes
}

// Len returns how many values of the lane are in the queue.
func (l *Lane[V]) Len() int { return l.len }

// IsIdle reports whether none of its values is in the queue or out.
func (l *Lane[V]) IsIdle() bool { return !l.busy && l.len == 0 }

// Forget ends the lane, if nothing needs it: it is idle, and there are no claims. The
// next value of its key gets a new one. It is to be called whenever that may have come
// true.
func (l *Lane[V]) Forget() {
	if l.IsIdle() && l.Claims == 0 {
		l.home.forget()
	}
}

func (l *Lane[V]) push(n *node[V]) {
	n.prev, n.next = l.last, nil
	if l.last != nil {
		l.last.next = n
	} else {
		l.first = n
	}
	l.last = n
	l.len++
}

func (l *Lane[V]) remove(n *node[V]) {
	if n.prev != nil {
		n.prev.next = n.next
	} else {
		l.first = n.next
	}
	if n.next != nil {
		n.next.prev = n.prev
	} else {
		l.last = n.prev
	}
	l.len--
}
