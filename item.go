package remuda

import "context"

// An item is an input on its way to a worker.
type item[In, Out any] struct {
	in     In
	origin *origin[In, Out] // nil if nobody waits and the context was empty
	stamp  stamp            // when it was accepted
}

func (it *item[In, Out]) isClaim() bool { return it.origin != nil && it.origin.stream != nil }

// An origin is where an item comes from, if that matters. What was sent has one
// for its context alone: nobody holds its ticket.
type origin[In, Out any] struct {
	ticket Ticket[Out]
	run    *runContext      // the context of the run; nil if the worker's own will do
	stream *stream[In, Out] // not nil: the item is a claim of a stream, and no input
}

// awaited reports whether somebody has the ticket. If not, a drop goes to OnDrop.
func (o *origin[In, Out]) awaited() bool { return o.ticket.home != nil }

// newOrigin makes the origin of an input that comes with ctx. Its run depends on
// ctx as tie says.
func (p *Pool[In, Out]) newOrigin(ctx context.Context, tie tie) *origin[In, Out] {
	if isEmpty(ctx) {
		return &origin[In, Out]{}
	}
	both := &struct { // one allocation
		origin[In, Out]
		own runContext
	}{own: runContext{home: &p.home, parent: ctx, tie: tie}}
	both.run = &both.own
	return &both.origin
}
