// Package keyed has a queue for values with keys: of the values of one key, one is
// out at a time, and they leave in order.
package keyed

import (
	"github.com/remuda-go/remuda/internal/fifo"
	"github.com/remuda-go/remuda/internal/list"
)

// A Queue is a queue of values, each of which belongs to a [Lane]. It gives out the
// oldest value whose lane is free. That lane is busy then, until Free. The zero Queue
// is empty. It is not safe for concurrent use, and neither are its lanes.
//
// A value whose lane is busy costs those behind it nothing: only the first value of
// each free lane is among those from which Pop chooses.
type Queue[V any] struct {
	all   fifo.Queue[*node[V]] // in order
	ready ready[V]             // the first of each free lane

	spares list.List[node[V]]
}

// A node is a value in a queue.
type node[V any] struct {
	links list.Links[node[V]] // of its lane, or the spares
	value V
	lane  *Lane[V]
	seq   uint64
	at    int // its index in ready, or notReady
}

const notReady = -1

// maxSpares is the most nodes, and lanes, that are kept to be used again: so that
// queues of usual length, as they fill and drain, allocate nothing. Nodes of that
// number take some 80 KiB.
const maxSpares = 1024

// Len returns the number of values.
func (q *Queue[V]) Len() int { return q.all.Len() }

// Ready returns how many values Pop could give out one after the other, with no call
// of Free between.
func (q *Queue[V]) Ready() int { return len(q.ready) }

// Push appends a value to the queue and to the lane. It returns its sequence number,
// which is never 0, and whether it is ready.
func (q *Queue[V]) Push(l *Lane[V], v V) (seq uint64, isReady bool) {
	n := q.node()
	n.value, n.lane, n.at = v, l, notReady
	n.seq = q.all.Push(n)
	l.queued.PushBack(n, &n.links)
	q.setReady(l)
	return n.seq, n.at != notReady
}

// Pop takes out the oldest value whose lane is free, of which there must be one. The
// lane is busy then.
func (q *Queue[V]) Pop() (V, *Lane[V]) {
	n := q.ready[0].node
	q.ready.remove(n)
	q.all.Remove(n.seq)
	l := n.lane
	l.queued.Remove(&n.links)
	l.busy = true
	return q.release(n), l
}

// Take makes a lane busy with a value that never was in the queue. It must be idle.
func (q *Queue[V]) Take(l *Lane[V]) { l.busy = true }

// Free makes a busy lane free.
func (q *Queue[V]) Free(l *Lane[V]) {
	l.busy = false
	q.setReady(l)
}

// Remove takes out the value with that sequence number, if it is still there.
func (q *Queue[V]) Remove(seq uint64) (v V, l *Lane[V], ok bool) {
	n, ok := q.all.Remove(seq)
	if !ok {
		return v, nil, false
	}
	if n.at != notReady {
		q.ready.remove(n)
	}
	l = n.lane
	l.queued.Remove(&n.links)
	q.setReady(l)
	return q.release(n), l, true
}

// Clear takes out all values, and calls f for each of them, in order. The lanes that
// nothing needs then are to be forgotten.
func (q *Queue[V]) Clear(f func(V, *Lane[V])) {
	q.ready = nil
	for q.all.Len() > 0 {
		n, _ := q.all.Pop()
		l := n.lane
		l.queued.Remove(&n.links)
		f(q.release(n), l)
	}
}

// setReady makes the first value of a lane ready, if there is one and the lane is
// free.
func (q *Queue[V]) setReady(l *Lane[V]) {
	if n := l.queued.First(); n != nil && !l.busy && n.at == notReady {
		q.ready.push(n)
	}
}

func (q *Queue[V]) node() *node[V] {
	n := q.spares.First()
	if n == nil {
		return new(node[V])
	}
	q.spares.Remove(&n.links)
	return n
}

// release takes back a node, and returns its value.
func (q *Queue[V]) release(n *node[V]) V {
	v := n.value
	*n = node[V]{}
	if q.spares.Len() < maxSpares {
		q.spares.PushFront(n, &n.links)
	}
	return v
}
