package dispatch

import (
	"sync"

	"github.com/remuda-go/remuda/internal/list"
)

// A Waiter is a blocked sender.
type Waiter[T any] struct {
	item   T
	seq    uint64
	end    <-chan struct{}       // closed when its context has ended; may be nil
	answer chan error            // of capacity 1, so that it never blocks: nil, or why not
	links  list.Links[Waiter[T]] // guarded by inMu until it is to be answered
	linked bool                  // it waits; guarded by inMu
	guest  bool                  // it is a guest, and needs neither a place nor an answer

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
	list.List[Waiter[T]]
}

func (l *waiterList[T]) push(w *Waiter[T]) {
	l.PushBack(w, &w.links)
	w.linked = true
}

// insert puts w in front of those that came after it.
func (l *waiterList[T]) insert(w *Waiter[T]) {
	next := l.First()
	for next != nil && next.arrival < w.arrival {
		next = l.Next(&next.links)
	}
	if next == nil {
		l.PushBack(w, &w.links)
	} else {
		l.InsertBefore(w, &w.links, &next.links)
	}
	w.linked = true
}

func (l *waiterList[T]) remove(w *Waiter[T]) {
	l.Remove(&w.links)
	w.linked = false
}

// firstWaiting returns the first whose context has not ended, or nil if there is none.
func (l *waiterList[T]) firstWaiting() *Waiter[T] { return l.waitingFrom(l.First()) }

// waitingFrom is firstWaiting among w and those behind it.
func (l *waiterList[T]) waitingFrom(w *Waiter[T]) *Waiter[T] {
	for ; w != nil; w = l.Next(&w.links) {
		select {
		case <-w.end: // it is about to give up; GiveUp then admits those behind it
		default:
			return w
		}
	}
	return nil
}

// told is senders to be told what has become of their item, in order.
type told[T any] struct {
	list.List[Waiter[T]]
}

// answer tells them. It must be called without locks. A sender that has its answer may
// release its Waiter at once, so that one is taken out before.
func (l *told[T]) answer(err error) {
	for w := l.First(); w != nil; w = l.First() {
		l.Remove(&w.links)
		w.answer <- err
	}
}
