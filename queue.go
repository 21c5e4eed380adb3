package remuda

import (
	"slices"
	"sync/atomic"
	"unsafe"
)

// keepBytes is how large a buffer may be that an empty queue keeps.
const keepBytes = 64 << 10

// A queue is a bounded FIFO of accepted inputs and, behind them, the senders
// that wait for a place.
//
// It is a double buffer. Senders append to in under one lock (Pool.mu), workers
// take from out under another (Pool.head), and whoever finds out used up swaps
// the two. Senders and workers thus meet once a batch instead of once an item,
// and no item costs an allocation. Each method says which lock it needs; where
// both are needed, head is taken first.
type queue[T any] struct {
	// Guarded by Pool.mu.
	bound  int // most items in both buffers, without guests; 0 for a hand-off
	in     []T
	guests int         // items of in that take up no place
	ahead  int         // at least the number of items left in out, without guests
	first  *blocked[T] // senders that wait, in order of arrival
	last   *blocked[T]

	_ [64]byte // senders and workers write to different cache lines

	// Guarded by Pool.head.
	out       []T
	next      int          // index of the first item left in out
	guestsOut int          // items left in out that take up no place
	waiting   atomic.Int32 // number of blocked senders; written under mu, read under head
}

// setBound sets the bound. It needs both locks, or nobody else there.
func (q *queue[T]) setBound(n int) { q.bound = n }

// A blocked sender. Whoever unlinks it owes it one answer on ch: nil when its
// item was admitted, or the reason why it never will be.
type blocked[T any] struct {
	item       T
	ch         chan error      // of capacity 1, so that the answer never blocks
	end        <-chan struct{} // closed when the sender's context has ended; nil if that can't be
	prev, next *blocked[T]
	linked     bool
}

// hasEnded reports whether the sender's context has ended. It does not block.
func (b *blocked[T]) hasEnded() bool {
	select {
	case <-b.end:
		return true
	default:
		return false
	}
}

// hasRoom reports whether there is surely room for another item. False may mean
// that the workers' progress has not been looked at for a while: see recount.
// It needs mu.
func (q *queue[T]) hasRoom() bool { return len(q.in)-q.guests+q.ahead < q.bound }

// recount brings ahead up to date, so that hasRoom is exact. It needs both locks.
func (q *queue[T]) recount() { q.ahead = q.places() }

// left is the number of items left in out. It needs head.
func (q *queue[T]) left() int { return len(q.out) - q.next }

// places is the number of items left in out that take up a place. It needs head.
func (q *queue[T]) places() int { return q.left() - q.guestsOut }

// len is the number of items. It needs both locks.
func (q *queue[T]) len() int { return len(q.in) + q.left() }

// taken is the number of places taken. It needs both locks.
func (q *queue[T]) taken() int { return q.len() - q.guests - q.guestsOut }

// push appends an item, whether there is room or not. It needs mu.
func (q *queue[T]) push(item T) {
	if len(q.in) == cap(q.in) {
		q.grow()
	}
	q.in = append(q.in, item)
}

// pushGuest appends an item that takes up no place. It needs mu.
func (q *queue[T]) pushGuest(item T) {
	q.push(item)
	q.guests++
}

// grow doubles in up to the bound: append would overshoot it by up to a quarter.
func (q *queue[T]) grow() {
	n := min(max(2*cap(q.in), 16), q.bound)
	if n <= cap(q.in) { // guests may exceed the bound by a few items
		n = cap(q.in) + 16
	}
	in := make([]T, len(q.in), n)
	copy(in, q.in)
	q.in = in
}

// turn swaps the buffers when out is used up. It reports whether there is
// anything in out now. It needs both locks.
func (q *queue[T]) turn() bool {
	if len(q.in) == 0 {
		return false
	}
	spare := q.out[:0]
	if q.tooLarge(spare) && cap(spare) > 4*len(q.in) {
		spare = nil
	}
	q.in, q.out = spare, q.in
	q.next, q.guestsOut, q.guests = 0, q.guests, 0
	q.recount()
	return true
}

// tooLarge reports whether a buffer is not to be kept for its own sake.
func (q *queue[T]) tooLarge(buf []T) bool {
	var item T
	return uintptr(cap(buf))*unsafe.Sizeof(item) > keepBytes
}

// shrink gives back the buffers of an empty queue that are large. It needs both
// locks.
func (q *queue[T]) shrink() {
	if q.tooLarge(q.in) {
		q.in = nil
	}
	if q.tooLarge(q.out) {
		q.out, q.next = nil, 0
	}
}

// front is the first item of out, which must not be used up. It needs head.
func (q *queue[T]) front() *T { return &q.out[q.next] }

// drop forgets the first item of out. It needs head.
func (q *queue[T]) drop() {
	var zero T
	q.out[q.next] = zero
	q.next++
}

// evict takes the guests that match out of the queue. It needs both locks.
func (q *queue[T]) evict(match func(T) bool) {
	if q.guests > 0 {
		n := len(q.in)
		q.in = slices.DeleteFunc(q.in, match)
		q.guests -= n - len(q.in)
	}
	if q.guestsOut > 0 {
		n := len(q.out)
		q.out = q.out[:q.next+len(slices.DeleteFunc(q.out[q.next:], match))]
		q.guestsOut -= n - len(q.out)
	}
}

// promote puts the last item of in before the others. It needs mu.
func (q *queue[T]) promote() {
	last := len(q.in) - 1
	item := q.in[last]
	copy(q.in[1:], q.in[:last])
	q.in[0] = item
}

// forget takes the item at i out of in, or of out, if match finds it there, and
// leaves gone in its place, which takes up none. It needs both locks.
func (q *queue[T]) forget(i int, gone T, match func(T) bool) bool {
	switch {
	case i < len(q.in) && match(q.in[i]):
		q.in[i] = gone
		q.guests++
	case i >= q.next && i < len(q.out) && match(q.out[i]):
		q.out[i] = gone
		q.guestsOut++
	default:
		return false
	}
	q.recount()
	return true
}

// takeAll empties the queue. It needs both locks.
func (q *queue[T]) takeAll() []T {
	all := append(q.out[q.next:len(q.out):len(q.out)], q.in...)
	q.in, q.out, q.next, q.ahead, q.guests, q.guestsOut = nil, nil, 0, 0, 0, 0
	return all
}

// link appends b to the blocked senders. It needs both locks, so that no worker
// makes room unseen between the look at it and this.
func (q *queue[T]) link(b *blocked[T]) {
	b.linked, b.prev, b.next = true, q.last, nil
	if q.last != nil {
		q.last.next = b
	} else {
		q.first = b
	}
	q.last = b
	q.waiting.Add(1)
}

// unlink takes b out of the blocked senders, if it is still there. It needs mu.
func (q *queue[T]) unlink(b *blocked[T]) bool {
	if !b.linked {
		return false
	}
	if b.prev != nil {
		b.prev.next = b.next
	} else {
		q.first = b.next
	}
	if b.next != nil {
		b.next.prev = b.prev
	} else {
		q.last = b.prev
	}
	b.linked, b.prev, b.next = false, nil, nil
	q.waiting.Add(-1)
	return true
}

// unlinkAll takes all blocked senders out, linked by next. It needs mu.
func (q *queue[T]) unlinkAll() *blocked[T] {
	all := q.first
	for b := all; b != nil; b = b.next {
		b.linked = false
	}
	q.first, q.last = nil, nil
	q.waiting.Store(0)
	return all
}

// answer tells all senders in the list b what has become of their item. It must
// be called without locks: a sender that has its answer may be gone, and used
// again, before the next line runs.
func answer[T any](b *blocked[T], err error) {
	for b != nil {
		next := b.next
		b.next = nil
		b.ch <- err
		b = next
	}
}
