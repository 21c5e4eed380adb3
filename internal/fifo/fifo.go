// Package fifo has an unbounded first-in, first-out queue that gives its memory
// back as it is drained, and from which any value can be removed in place.
package fifo

import "unsafe"

const (
	minChunk   = 16       // values in the first chunk
	chunkBytes = 16 << 10 // about the largest chunk; a larger one saves nothing measurable
	maxSpare   = 2        // drained chunks kept: 32 KiB at most
)

// A Queue is a FIFO of values. Some of them are guests, which wait their turn as
// all do and are counted apart. The zero Queue is empty. It is not safe for
// concurrent use.
//
// Values lie in a linked list of chunks. So nothing is copied when the queue
// grows, and what was popped is let go of a chunk at a time. Each value has a
// sequence number that Push returned, and lies at a known place in its chunk, so
// Remove needs to look for the chunk alone.
type Queue[T any] struct {
	first, last *chunk[T]
	at          int // of first: the index of the next value
	len, guests int
	spare       *chunk[T] // drained chunks, linked by next
	spares      int
}

type chunk[T any] struct {
	seq    uint64 // of the value at 0
	values []T
	marks  []mark // parallel to values; nil while all of them are plain
	gone   int    // values that were removed
	next   *chunk[T]
}

type mark uint8

const (
	plain mark = iota
	guest
	gone
)

// end is the sequence number of the next value that is pushed.
func (c *chunk[T]) end() uint64 { return c.seq + uint64(len(c.values)) }

// Len returns the number of values, guests included.
func (q *Queue[T]) Len() int { return q.len }

// Places returns the number of values that are not guests.
func (q *Queue[T]) Places() int { return q.len - q.guests }

// Guests returns the number of guests.
func (q *Queue[T]) Guests() int { return q.guests }

// Push appends v and returns its sequence number, which is never 0.
func (q *Queue[T]) Push(v T) uint64 {
	c := q.last
	if c == nil || c.marks != nil || len(c.values) == cap(c.values) {
		return q.pushSlowly(v)
	}
	n := len(c.values)
	c.values = c.values[:n+1] // append would cost 2 ns more: it may have to grow
	c.values[n] = v
	q.len++
	return c.seq + uint64(n)
}

// pushSlowly is Push where there is more to do than to set a value.
func (q *Queue[T]) pushSlowly(v T) uint64 {
	c := q.last
	if c == nil || len(c.values) == cap(c.values) {
		c = q.grow()
	}
	c.values = append(c.values, v)
	if c.marks != nil {
		c.marks = append(c.marks, plain)
	}
	q.len++
	return c.end() - 1
}

// PushGuest appends v as a guest.
func (q *Queue[T]) PushGuest(v T) uint64 {
	seq := q.Push(v)
	q.last.mark(len(q.last.values)-1, guest)
	q.guests++
	return seq
}

// grow appends a chunk: a spare one, or one of twice the size of the last.
func (q *Queue[T]) grow() *chunk[T] {
	c := q.spare
	if c != nil {
		q.spare, c.next = c.next, nil
		q.spares--
	} else {
		n := minChunk
		if q.last != nil {
			n = 2 * cap(q.last.values)
		}
		var v T
		most := max(minChunk, chunkBytes/max(1, int(unsafe.Sizeof(v))))
		c = &chunk[T]{values: make([]T, 0, min(n, most))}
	}
	if q.last == nil {
		c.seq = 1
		q.first, q.at = c, 0
	} else {
		c.seq = q.last.end()
		q.last.next = c
	}
	q.last = c
	return c
}

// First returns the first value, which stays, and its sequence number. The queue must
// not be empty.
func (q *Queue[T]) First() (v T, seq uint64) {
	c, i := q.first, q.at
	for c.marks != nil && c.marks[i] == gone {
		i++
	}
	return c.values[i], c.seq + uint64(i)
}

// Next returns the sequence number of the next value that is pushed.
func (q *Queue[T]) Next() uint64 {
	if q.last == nil {
		return 1
	}
	return q.last.end()
}

// Pop takes out the first value and reports whether it is a guest. The queue
// must not be empty.
func (q *Queue[T]) Pop() (v T, isGuest bool) {
	c := q.first
	if c.marks != nil || q.at+1 == len(c.values) {
		return q.popSlowly()
	}
	var zero T
	v, c.values[q.at] = c.values[q.at], zero
	q.at++
	q.len--
	return v, false
}

// popSlowly is Pop where some values were removed or are guests, or the chunk is used
// up with this one.
func (q *Queue[T]) popSlowly() (v T, isGuest bool) {
	c := q.first
	if c.marks != nil {
		isGuest = q.seek()
	}
	var zero T
	v, c.values[q.at] = c.values[q.at], zero
	q.at++
	q.len--
	if q.at+c.gone == len(c.values) {
		q.shift()
	}
	return v, isGuest
}

// seek moves to the next value of the first chunk that was not removed, of which
// there is one, and reports whether that is a guest.
func (q *Queue[T]) seek() (isGuest bool) {
	c := q.first
	for c.marks[q.at] == gone {
		q.at++
		c.gone--
	}
	if isGuest = c.marks[q.at] == guest; isGuest {
		q.guests--
	}
	return isGuest
}

// shift drops the first chunk, which is used up. The only chunk is kept for what
// is pushed next.
func (q *Queue[T]) shift() {
	c := q.first
	if c.next == nil {
		c.reset(c.end())
		q.at = 0
		return
	}
	q.first, q.at = c.next, 0
	q.keep(c)
}

// keep makes c a spare chunk, if there are not enough of them.
func (q *Queue[T]) keep(c *chunk[T]) {
	if q.spares == maxSpare {
		return
	}
	c.reset(0)
	c.next, q.spare = q.spare, c
	q.spares++
}

// reset empties c, whose values are zero by now.
func (c *chunk[T]) reset(seq uint64) {
	c.seq, c.values, c.marks, c.gone = seq, c.values[:0], nil, 0
}

func (c *chunk[T]) mark(i int, m mark) {
	if c.marks == nil {
		c.marks = make([]mark, len(c.values), cap(c.values))
	}
	c.marks[i] = m
}

// Remove takes out the value with that sequence number, if it is still there.
func (q *Queue[T]) Remove(seq uint64) (v T, ok bool) {
	var before *chunk[T]
	c := q.first
	for c != nil && seq >= c.end() {
		before, c = c, c.next
	}
	if c == nil || seq < c.seq {
		return v, false
	}
	i := int(seq - c.seq)
	if before == nil && i < q.at || c.marks != nil && c.marks[i] == gone {
		return v, false
	}
	if c.marks != nil && c.marks[i] == guest {
		q.guests--
	}
	var zero T
	v, c.values[i] = c.values[i], zero
	c.mark(i, gone)
	c.gone++
	q.len--
	switch {
	case before == nil && c.gone == len(c.values)-q.at:
		q.shift()
	case before != nil && c.gone == len(c.values):
		q.unlink(before, c)
	}
	return v, true
}

// unlink drops c, whose values were all removed, from behind the chunk before.
func (q *Queue[T]) unlink(before, c *chunk[T]) {
	if c == q.last { // what is pushed next goes into it
		c.reset(c.end())
		return
	}
	before.next = c.next
	q.keep(c)
}

// Take moves all values of from, in order, to q, which must be empty, and gives
// from the memory of q. Sequence numbers stay as they are.
func (q *Queue[T]) Take(from *Queue[T]) {
	*q, *from = *from, *q
	switch {
	case q.last == nil: // neither was ever used
	case from.first == nil:
		from.grow()
		fallthrough
	default:
		from.first.reset(q.last.end())
		from.at = 0
	}
}
