package scenario

import "context"

// replies makes calls with answers out of a Sender, for contenders that have
// nothing of the kind: each call has a slot, whose channel its job answers on.
type replies struct {
	Sender
	slots []reply
}

type reply struct {
	in int
	ch chan int
	_  [48]byte // callers do not share cache lines
}

// NewReplies starts workers on job with as many slots.
func NewReplies(start func(workers int, job func(slot int)) Sender, workers, slots int, job func(in int) int) interface {
	Doer
	Submitter
} {
	r := &replies{slots: make([]reply, slots)}
	for i := range r.slots {
		r.slots[i].ch = make(chan int, 1)
	}
	r.Sender = start(workers, func(slot int) {
		at := &r.slots[slot]
		at.ch <- job(at.in)
	})
	return r
}

// Do hands an input over and waits for its output. If ctx can end, the call gets
// a channel of its own: the answer to a call that was left must not go to the
// next one.
func (r *replies) Do(ctx context.Context, slot, in int) int {
	if ctx.Done() == nil {
		r.Submit(slot, in)
		return r.Wait(slot)
	}
	answer := make(chan int, 1)
	r.slots[slot].ch = answer
	r.Submit(slot, in)
	select {
	case out := <-answer:
		return out
	case <-ctx.Done():
		panic(ctx.Err())
	}
}

// Submit hands an input over.
func (r *replies) Submit(slot, in int) {
	r.slots[slot].in = in
	r.Send(slot)
}

// Wait waits for the output of what was submitted last.
func (r *replies) Wait(slot int) int { return <-r.slots[slot].ch }
