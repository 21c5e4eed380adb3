package dispatch

import (
	"github.com/remuda-go/remuda/internal/fifo"
	"github.com/remuda-go/remuda/internal/keyed"
)

// A lane is the inputs of one key.
type lane[T any] = keyed.Lane[entry[T]]

// Lanes is the keys of which a dispatcher has inputs, or blocked senders. The zero
// value is ready for SendKeyed, and belongs to one dispatcher, whose inMu guards it.
type Lanes[K comparable, T any] struct{ keyed.Lanes[K, entry[T]] }

// A keyedQueue is the queue of a dispatcher whose inputs have keys, and the senders
// that wait for a place in it. It takes the place of both sides of the other queue,
// and of waiters. inMu guards it. A dispatcher without keys has a nil one: that is
// empty, and what asks how much there is, or takes something out, finds nothing.
//
// A lane has a share of the places. A sender whose lane has used up its share, with
// inputs or with senders in front, waits for its lane alone. The other senders that
// are blocked stand in line for a place, and hold a claim each.
type keyedQueue[T any] struct {
	inputs   keyed.Queue[entry[T]]
	bound    int
	share    int                         // most places of a lane, claims included
	inLine   waiterList[T]               // senders with a claim, in order of arrival
	over     map[*lane[T]]*waiterList[T] // senders that wait for their lane
	arrivals uint64                      // senders that were ever blocked
}

// Share returns how many of the places of a queue one key may have: half of them.
func Share(bound int) int { return max(1, bound/2) }

func newKeyedQueue[T any](bound int) *keyedQueue[T] {
	return &keyedQueue[T]{bound: bound, share: Share(bound), over: make(map[*lane[T]]*waiterList[T])}
}

// length is the number of inputs in the queue.
func (q *keyedQueue[T]) length() int {
	if q == nil {
		return 0
	}
	return q.inputs.Len()
}

// ready is how many inputs workers could take, one after the other.
func (q *keyedQueue[T]) ready() int {
	if q == nil {
		return 0
	}
	return q.inputs.Ready()
}

// hasWork reports whether a worker could take something.
func (q *keyedQueue[T]) hasWork() bool {
	return q != nil && (q.inputs.Ready() > 0 || q.nextHandOff() != nil)
}

// hasShare reports whether one more input of a lane may have a place, or a sender of
// it stand in line. If there are no places, the lane must be idle for that.
func (q *keyedQueue[T]) hasShare(l *lane[T]) bool {
	if q.bound == 0 {
		return l.IsIdle() && l.Claims == 0
	}
	return l.Len()+l.Claims < q.share
}

// isNext reports whether a sender of a lane need not wait for others.
func (q *keyedQueue[T]) isNext(l *lane[T]) bool { return q.hasShare(l) && q.firstInLine() == nil }

// firstInLine returns the first sender in line that may be next.
func (q *keyedQueue[T]) firstInLine() *Waiter[T] {
	w := q.inLine.firstWaiting()
	for w != nil && q.bound == 0 && !w.lane.IsIdle() { // that has got an input beyond the bound meanwhile
		w = q.inLine.waitingFrom(q.inLine.Next(&w.links))
	}
	return w
}

func (q *keyedQueue[T]) hasPlace() bool { return q.inputs.Len() < q.bound }

// pop takes out the oldest input whose lane is free, of which there must be one.
func (q *keyedQueue[T]) pop() (entry[T], *lane[T]) {
	it, l := q.inputs.Pop()
	q.promote(l)
	return it, l
}

// free ends a run of a lane.
func (q *keyedQueue[T]) free(l *lane[T]) {
	q.inputs.Free(l)
	q.promote(l)
	l.Forget()
}

// remove takes out an input, if it is still there.
func (q *keyedQueue[T]) remove(seq uint64) (it entry[T], ok bool) {
	if q == nil {
		return it, false
	}
	it, l, ok := q.inputs.Remove(seq)
	if ok {
		q.promote(l)
		l.Forget()
	}
	return it, ok
}

// clear moves all inputs to another queue, in order.
func (q *keyedQueue[T]) clear(to *fifo.Queue[entry[T]]) {
	if q == nil {
		return
	}
	q.inputs.Clear(func(it entry[T], l *lane[T]) {
		to.Push(it)
		q.promote(l)
		l.Forget()
	})
}

// nextHandOff returns the first sender whose item a worker can take straight from it,
// since there are no places.
func (q *keyedQueue[T]) nextHandOff() *Waiter[T] {
	if q.bound > 0 {
		return nil
	}
	return q.firstInLine()
}

// handOff takes the item of such a sender. Its lane is busy then.
func (q *keyedQueue[T]) handOff(w *Waiter[T]) {
	q.inputs.Take(w.lane)
	q.unblock(w)
}

// block makes a sender wait.
func (q *keyedQueue[T]) block(w *Waiter[T]) {
	q.arrivals++
	w.arrival = q.arrivals
	if q.hasShare(w.lane) {
		w.lane.Claims++
		q.inLine.push(w)
		return
	}
	over := q.over[w.lane]
	if over == nil {
		over = new(waiterList[T])
		q.over[w.lane] = over
	}
	w.isOver = true
	over.push(w)
}

// promote lets senders that wait for a lane stand in line, in front of those that came
// later, as far as the lane's share goes.
func (q *keyedQueue[T]) promote(l *lane[T]) {
	over := q.over[l]
	if over == nil {
		return
	}
	for w := over.First(); w != nil && q.hasShare(l); w = over.First() {
		over.remove(w)
		w.isOver = false
		l.Claims++
		q.inLine.insert(w)
	}
	if over.First() == nil {
		delete(q.over, l)
	}
}

// unblock takes out a sender that has its answer, or has given up. The next one of its
// lane has its claim.
func (q *keyedQueue[T]) unblock(w *Waiter[T]) {
	if w.isOver {
		w.isOver = false
		q.over[w.lane].remove(w)
	} else {
		q.inLine.remove(w)
		w.lane.Claims--
	}
	q.promote(w.lane)
	w.lane.Forget()
}

// refuse takes out all senders.
func (q *keyedQueue[T]) refuse(refuse func(*Waiter[T])) {
	if q == nil {
		return
	}
	for w := q.inLine.First(); w != nil; w = q.inLine.First() {
		q.unblock(w)
		refuse(w)
	}
	for _, over := range q.over {
		for w := over.First(); w != nil; w = over.First() {
			q.unblock(w)
			refuse(w)
		}
	}
}
