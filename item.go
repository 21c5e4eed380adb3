package remuda

import (
	"context"

	"github.com/remuda-go/remuda/internal/dispatch"
	"github.com/remuda-go/remuda/internal/runstate"
)

// An item is an input on its way to a worker.
type item[In, Out any] struct {
	in  In
	env *envelope[In, Out] // nil if nobody waits and the context was empty
}

// An envelope is what comes with an input, if anything does.
type envelope[In, Out any] struct {
	run     *runContext      // the context of the run; nil if the worker's own will do
	sink    sink[Out]        // who gets the outcome; nil if nobody does
	visitor visitor[In, Out] // not nil: the item is an invitation, and no input
}

// A sink gets the outcome of an input, once.
type sink[Out any] interface {
	settle(out Out, err error, exited bool)
}

// A visitor has inputs of its own for the workers that it invites.
type visitor[In, Out any] interface {
	// visit runs inputs on a worker until there are none or others need the worker.
	// After a panic or runtime.Goexit around a run it is called again for the rest.
	visit(s *runnerState[In, Out])
	// lend lends n inputs to a bulk, for which as many invitations have come; takeBack
	// ends what was lent, on the worker of s.
	lend(n int) loan[In, Out]
	takeBack(b *batch[In, Out], s *runnerState[In, Out])
	// dismissed says that the pool is closed and no worker will come any more.
	dismissed()
}

// A worker is a worker of the dispatcher that has what it takes to run jobs.
type worker[In, Out any] = dispatch.Worker[item[In, Out], runnerState[In, Out]]

// A ticketEnvelope is the envelope of an input that somebody waits for.
type ticketEnvelope[In, Out any] struct {
	envelope[In, Out]
	ticket Ticket[Out]
}

// newTicketEnvelope makes the envelope of an input that Submit hands over. The
// run's context is an allocation of its own: a ticket that its owner keeps must not
// keep the values of the caller's context, too.
func newTicketEnvelope[In, Out any](ctx context.Context, ref *poolRef) *ticketEnvelope[In, Out] {
	e := &ticketEnvelope[In, Out]{ticket: Ticket[Out]{ref: ref}}
	e.sink = &e.ticket
	if !isEmpty(ctx) {
		e.run = newRunContext(ctx, ref, byEither)
	}
	return e
}

// newCallEnvelope is newTicketEnvelope for Do: nobody keeps the ticket, so that one
// allocation serves for all.
func newCallEnvelope[In, Out any](ctx context.Context, ref *poolRef) *ticketEnvelope[In, Out] {
	if isEmpty(ctx) {
		return newTicketEnvelope[In, Out](ctx, ref)
	}
	both := &struct {
		ticketEnvelope[In, Out]
		run runContext
	}{}
	both.run.ref, both.run.parent, both.run.mode = ref, ctx, byEither
	both.ticket.ref = ref
	both.ticketEnvelope.sink, both.ticketEnvelope.envelope.run = &both.ticket, &both.run
	return &both.ticketEnvelope
}

// newSentEnvelope is for an input that was only sent, with values.
func newSentEnvelope[In, Out any](values context.Context, ref *poolRef) *envelope[In, Out] {
	both := &struct {
		envelope[In, Out]
		run runContext
	}{}
	both.run.ref, both.run.parent, both.run.mode = ref, values, valuesOnly
	both.envelope.run = &both.run
	return &both.envelope
}

// valuesOf returns a context with the values of ctx that outlive its run. For a job
// that sends with the context of its run they are those of the owner of that run;
// the run itself is left out, and the deadlines that middleware has given it, or
// inputs that send others in turn would make a chain of contexts that grows without
// end.
func valuesOf(ctx context.Context) context.Context {
	for {
		switch c := ctx.(type) {
		case *runContext:
			if c.parent == c.ref.base { // has no values
				return context.Background()
			}
			ctx = c.parent
		case runstate.Deadline:
			ctx = c.Parent()
		default:
			return ctx
		}
	}
}

// isEmpty reports whether ctx is one of the two contexts that carry nothing.
func isEmpty(ctx context.Context) bool {
	return ctx == context.Background() || ctx == context.TODO()
}
