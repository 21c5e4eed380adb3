package remuda

import (
	"context"

	"github.com/remuda-go/remuda/internal/dispatch"
)

// A bulk is inputs that are about to run together.
type bulk[In, Out any] struct {
	ins     []In                  // those that are not dropped, in order
	origins []bulkOrigin[In, Out] // of each of ins
	visits  []visit[In, Out]      // streams that have inputs in it
	callers []context.Context     // of inputs
	endless bool                  // an input's caller can't go, or it has none
}

// A bulkOrigin says where an input of a bulk comes from, and its outcome goes.
type bulkOrigin[In, Out any] struct {
	env   *envelope[In, Out] // of an input of the queue; may be nil
	batch *batch[In, Out]    // of an input of a stream, lent; else nil
	at    int                // index in the batch
}

// A visit is what a stream has lent to a bulk, for so many of its invitations.
type visit[In, Out any] struct {
	visitor     visitor[In, Out]
	invitations int
	batch       *batch[In, Out] // nil for nothing
}

// addGuest notes an invitation of v.
func (b *bulk[In, Out]) addGuest(v visitor[In, Out]) {
	for i := range b.visits {
		if b.visits[i].visitor == v {
			b.visits[i].invitations++
			return
		}
	}
	b.visits = append(b.visits, visit[In, Out]{visitor: v, invitations: 1})
}

// borrow takes the inputs of the streams that have invited the worker. They come behind
// those of the queue, since they are accepted only now.
func (b *bulk[In, Out]) borrow() {
	for i := range b.visits {
		v := &b.visits[i]
		owner := v.visitor.lend(v.invitations)
		if v.batch = owner.batch; v.batch == nil {
			continue
		}
		b.addCaller(owner.ctx)
		for at, in := range v.batch.in {
			if v.batch.outcomes[at].err == nil { // else it does not run
				b.ins = append(b.ins, in)
				b.origins = append(b.origins, bulkOrigin[In, Out]{batch: v.batch, at: at})
			}
		}
	}
}

// addCaller notes that an input belongs to ctx. Those that end together are one.
func (b *bulk[In, Out]) addCaller(ctx context.Context) {
	if b.endless {
		return
	}
	done := ctx.Done()
	if done == nil {
		b.endless, b.callers = true, nil
		return
	}
	if n := len(b.callers); n == 0 || b.callers[n-1].Done() != done {
		b.callers = append(b.callers, ctx)
	}
}

// A bulkResult is what has become of a bulk.
type bulkResult[Out any] struct {
	outs    []Out
	err     error
	errs    []error // of each input, if err is not that of all; else nil
	outcome dispatch.Outcome
}

// at is what has become of the input i.
func (all *bulkResult[Out]) at(i int) (res result[Out]) {
	if i < len(all.outs) {
		res.out = all.outs[i]
	}
	switch {
	case all.errs == nil:
		res.err, res.outcome = all.err, all.outcome
	case all.errs[i] == nil:
		res.outcome = dispatch.Succeeded
	default:
		res.err, res.outcome = all.errs[i], outcomeOf(all.errs[i])
	}
	return res
}

// clear forgets all of it, but for the memory of what is not the function's.
func (b *bulk[In, Out]) clear() {
	clear(b.origins)
	clear(b.visits)
	*b = bulk[In, Out]{origins: b.origins[:0], visits: b.visits[:0]}
}
