package remuda

import (
	"context"
	"slices"
)

// A lender is a pool as a run or a ticket sees it. A run that waits for its own
// pool lends its place to another run meanwhile; else a pool full of such runs
// would wait for ever.
type lender interface {
	lend(r *runContext)
	reclaim(r *runContext)
	askBack(r *runContext) (back <-chan struct{})
}

// nested returns the run of this pool that ctx belongs to, or nil if there is
// none.
func (h *home) nested(ctx context.Context) *runContext {
	r, _ := ctx.Value(h).(*runContext)
	if r == nil || r.ended() {
		return nil
	}
	return r
}

// lend gives the place of the run r to another one until reclaim. Several
// goroutines of the job may wait at a time: the place is lent while any of them
// does, since the others may be waiting for that one.
func (p *Pool[In, Out]) lend(r *runContext) {
	var c chores[In, Out]
	p.mu.Lock()
	r.waits++
	switch {
	case r.waits > 1: // it is lent
	case r.resumed != nil: // it was to be taken back, and now stays lent
		goOn := p.crew.unqueue(slices.Index(p.crew.resuming, r))
		c = p.adjust()
		c.resumed = append(c.resumed, goOn)
	default:
		p.crew.lent++
		c = p.adjust()
	}
	p.mu.Unlock()
	p.do(c)
}

// reclaim takes the place of r back, and blocks until there is one: the bound
// on the jobs that run holds here, too.
func (p *Pool[In, Out]) reclaim(r *runContext) {
	if back := p.askBack(r); back != nil {
		<-back
	}
}

// askBack ends a wait of r. If that was its only one, r wants its place back, and
// has it when the channel that askBack returns is closed.
func (p *Pool[In, Out]) askBack(r *runContext) (back <-chan struct{}) {
	p.mu.Lock()
	back = p.askBackLocked(r)
	c := p.adjust()
	p.mu.Unlock()
	p.do(c)
	return back
}

// askBackLocked is askBack without seeing to a place. It needs mu.
func (p *Pool[In, Out]) askBackLocked(r *runContext) (back <-chan struct{}) {
	if r.waits--; r.waits > 0 {
		return nil
	}
	r.resumed = make(chan struct{})
	p.crew.resuming = append(p.crew.resuming, r)
	return r.resumed
}
