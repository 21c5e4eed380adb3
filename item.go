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
	ticket *Ticket[Out]     // nil if nobody waits
	run    *runContext      // the context of the run; nil if the worker's own will do
	stream *stream[In, Out] // not nil: the item is a claim of a stream, and no input
	at     int              // the item's index in the queue's buffer; guarded by both locks of the pool
}

// awaited reports whether somebody has the ticket. If not, a drop goes to OnDrop.
func (o *origin[In, Out]) awaited() bool { return o.ticket != nil }

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

// newCall makes the origin of an input whose outcome somebody awaits. If the
// ticket is to be kept by the user, it must not keep ctx: that takes a second
// allocation, unless ctx is empty.
func (p *Pool[In, Out]) newCall(ctx context.Context, kept bool) *origin[In, Out] {
	var o *origin[In, Out]
	switch {
	case isEmpty(ctx):
		both := &struct {
			origin[In, Out]
			ticket Ticket[Out]
		}{}
		o = &both.origin
		o.ticket = &both.ticket
	case kept:
		o = p.newOrigin(ctx, untied)
		o.ticket = &Ticket[Out]{}
	default:
		all := &struct {
			origin[In, Out]
			own    runContext
			ticket Ticket[Out]
		}{own: runContext{home: &p.home, parent: ctx, tie: untied}}
		o = &all.origin
		o.run, o.ticket = &all.own, &all.ticket
	}
	o.ticket.home = &p.home
	return o
}
