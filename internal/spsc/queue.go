// Package spsc has a queue from one writer, which needs no lock to write, to
// readers under a lock.
package spsc

import "sync/atomic"

// A Queue is such a queue. The zero Queue is empty. It is unbounded: its writer
// counts what it may push.
//
// Against a slice under the lock, that halves what a value costs the writer. Values
// lie in chunks, which are let go of as they are read; one is kept for the writer, so
// that a queue that is read as fast as it is written allocates nothing.
type Queue[T any] struct {
	// The writer's own.
	last *chunk[T]
	used int // of last

	first  atomic.Pointer[chunk[T]] // written once, by the writer
	pushed atomic.Int64
	spare  atomic.Pointer[chunk[T]] // emptied by the readers

	// The readers', guarded by their lock.
	at     *chunk[T] // nil until the first Pop
	next   int       // of at
	popped int
}

// chunkLen is how many values a chunk holds, but for the first.
const (
	chunkLen = 1024
	firstLen = 16
)

type chunk[T any] struct {
	values []T
	next   atomic.Pointer[chunk[T]] // written by the writer before it pushes more
}

// Pushed returns the number of values that were ever pushed. It needs no lock.
func (q *Queue[T]) Pushed() int { return int(q.pushed.Load()) }

// Popped returns the number of values that were ever popped. It needs the lock.
func (q *Queue[T]) Popped() int { return q.popped }

// Len returns the number of values in the queue. It needs the lock.
func (q *Queue[T]) Len() int { return q.Pushed() - q.popped }

// Push appends a value. It is for the writer.
func (q *Queue[T]) Push(v T) {
	if q.last == nil || q.used == len(q.last.values) {
		q.grow()
	}
	q.last.values[q.used] = v
	q.used++
	q.pushed.Store(q.pushed.Load() + 1)
}

// grow appends a chunk.
func (q *Queue[T]) grow() {
	c := q.spare.Swap(nil)
	switch {
	case q.last == nil:
		c = &chunk[T]{values: make([]T, firstLen)}
		q.first.Store(c)
	case c == nil:
		c = &chunk[T]{values: make([]T, chunkLen)}
	}
	if q.last != nil {
		q.last.next.Store(c)
	}
	q.last, q.used = c, 0
}

// Pop moves the first n values, of which there must be as many, to the end of
// dst. It needs the lock.
func (q *Queue[T]) Pop(dst []T, n int) []T {
	if q.at == nil {
		q.at = q.first.Load()
	}
	q.popped += n
	for n > 0 {
		if q.next == len(q.at.values) {
			q.advance()
		}
		some := q.at.values[q.next:min(q.next+n, len(q.at.values))]
		dst = append(dst, some...)
		clear(some)
		q.next += len(some)
		n -= len(some)
	}
	return dst
}

// advance goes on to the next chunk, and leaves the one that is used up to the
// writer.
func (q *Queue[T]) advance() {
	c := q.at
	q.at, q.next = c.next.Load(), 0
	if len(c.values) == chunkLen {
		c.next.Store(nil)
		q.spare.Store(c)
	}
}
