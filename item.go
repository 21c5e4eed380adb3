package remuda

import "context"

// An item is an input on its way to a worker.
type item[In, Out any] struct {
	in     In
	origin *origin[In, Out] // nil if nobody waits and the context was empty
	stamp  stamp            // when it was accepted
}

func (it *item[In, Out]) isClaim() bool { return it.origin != nil && it.origin.stream != nil }

// An origin is where an item comes from, if that matters.
type origin[In, Out any] struct {
	kind   kind
	ticket Ticket[Out]
	run    *runContext      // the context of the run; nil if the worker's own will do
	stream *stream[In, Out] // not nil: the item is a claim of a stream, and no input
}

// kind says who gets the outcome of an input that has an origin.
type kind uint8

const (
	sent      kind = iota // nobody; a drop goes to OnDrop
	submitted             // the ticket
)

// newOrigin makes the origin of an input that comes with ctx.
func (p *Pool[In, Out]) newOrigin(ctx context.Context, k kind) *origin[In, Out] {
	if isEmpty(ctx) {
		return &origin[In, Out]{kind: k, ticket: Ticket[Out]{home: &p.home}}
	}
	both := &struct { // one allocation
		origin[In, Out]
		own runContext
	}{}
	both.kind, both.ticket.home, both.run = k, &p.home, &both.own
	both.own.home, both.own.parent, both.own.tie = &p.home, ctx, untied
	if k == sent {
		both.own.tie = detached
	}
	return &both.origin
}
