package dispatch

import "sync"

// A Waiter is a blocked sender.
type Waiter[T any] struct {
	item       T
	seq        uint64
	end        <-chan struct{} // closed when its context has ended; may be nil
	answer     chan error      // of capacity 1, so that it never blocks: nil, or why not
	prev, next *Waiter[T]      // guarded by inMu
	linked     bool            // guarded by inMu
	guest      bool            // it is a guest, and needs neither a place nor an answer

	// Where inputs have keys, guarded by inMu.
	lane    *lane[T]
	isOver  bool   // it waits for its lane: see keyedQueue
	arrival uint64 // its number among the blocked senders
}

// Answer returns the channel on which the sender is told, once.
func (w *Waiter[T]) Answer() <-chan error { return w.answer }

// Seq returns the sequence number of an item that was accepted; 0 if a worker has
// taken it right away. It may be called after the answer.
func (w *Waiter[T]) Seq() uint64 { return w.seq }

// A waiterPool keeps waiters that are used again.
type waiterPool[T any] struct{ pool sync.Pool }

func (p *waiterPool[T]) get(item T, end <-chan struct{}) *Waiter[T] {
	w, _ := p.pool.Get().(*Waiter[T])
	if w == nil {
		w = &Waiter[T]{answer: make(chan error, 1)}
	}
	w.item, w.seq, w.end = item, 0, end
	return w
}

func (p *waiterPool[T]) put(w *Waiter[T]) {
	var zero T
	w.item, w.end, w.lane = zero, nil, nil
	p.pool.Put(w)
}

// A waiterList is the blocked senders in order of arrival.
type waiterList[T any] struct {
	first, last *Waiter[T]
	len         int
}

func (l *waiterList[T]) push(w *Waiter[T]) {
	w.linked, w.prev, w.next = true, l.last, nil
	if l.last != nil {
		l.last.next = w
	} else {
		l.first = w
	}
	l.last = w
	l.len++
}

// firstWaiting returns the first whose context has not ended, or nil if there is none.
func (l *waiterList[T]) firstWaiting() *Waiter[T] { return firstOf(l.first) }

// firstOf is firstWaiting among w and those behind it.
func firstOf[T any](w *Waiter[T]) *Waiter[T] {
	for ; w != nil; w = w.next {
		select {
		case <-w.end: // it is about to give up; GiveUp then admits those behind it
		default:
			return w
		}
	}
	return nil
}

// insert puts w in front of those that came after it.
func (l *waiterList[T]) insert(w *Waiter[T]) {
	next := l.first
	for next != nil && next.arrival < w.arrival {
		next = next.next
	}
	if next == nil {
		l.push(w)
		return
	}
	w.linked, w.prev, w.next = true, next.prev, next
	if next.prev != nil {
		next.prev.next = w
	} else {
		l.first = w
	}
	next.prev = w
	l.len++
}

func (l *waiterList[T]) remove(w *Waiter[T]) {
	if w.prev != nil {
		w.prev.next = w.next
	} else {
		l.first = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	} else {
		l.last = w.prev
	}
	w.linked, w.prev, w.next = false, nil, nil
	l.len--
}

// told is senders to be told what has become of their item, linked by next, in
// order.
type told[T any] struct{ first, last *Waiter[T] }

func (l *told[T]) add(w *Waiter[T]) {
	if l.first == nil {
		l.first = w
	} else {
		l.last.next = w
	}
	l.last = w
}

// answer tells all senders in the list what has become of their item. It must be
// called without locks. A sender that has its answer may release its Waiter at once,
// so next is read before.
func answer[T any](w *Waiter[T], err error) {
	for w != nil {
		next := w.next
		w.next = nil
		w.answer <- err
		w = next
	}
}
