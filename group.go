package remuda

import (
	"context"
	"fmt"
	"sync"

	"github.com/remuda-go/remuda/internal/list"
)

// A Group is a set of inputs on a pool that others use as well. [Pool.Group] makes
// it, Send adds inputs, and Wait waits for them. The first error among them cancels
// the others. All methods are safe for concurrent use. The zero Group is not usable.
type Group[In, Out any] struct {
	core    *core[In, Out]
	outer   context.Context // of the group's maker
	ctx     context.Context // of the runs
	cancel  context.CancelCauseFunc
	done    Ticket[Void] // settled when the group is over
	unwatch func() bool  // ctx

	mu      sync.Mutex                        // guards the rest; never held during a call of the dispatcher
	pending list.List[groupEnvelope[In, Out]] // those that have no outcome
	waiting bool                              // somebody is in Wait
	over    bool                              // Wait has returned, or is about to
	err     error                             // the first
}

// A groupEnvelope is the envelope of an input of a group.
type groupEnvelope[In, Out any] struct {
	envelope[In, Out]
	group *Group[In, Out]
	own   runContext

	links   list.Links[groupEnvelope[In, Out]] // guarded by group.mu, as the rest
	seq     uint64                             // its number in the queue, once that is known
	settled bool
}

// Group returns an empty group, whose runs belong to ctx: they have its values and
// end with it.
//
//	g := pool.Group(ctx)
//	for _, page := range pages {
//		if g.Send(page) != nil {
//			break // Wait has the reason
//		}
//	}
//	err := g.Wait()
//
// The group holds a place among the children of ctx until Wait returns or ctx ends.
func (p *Pool[In, Out]) Group(ctx context.Context) *Group[In, Out] {
	mustContext(ctx)
	g := &Group[In, Out]{core: &p.core, outer: ctx}
	g.done.ref = &p.core.ref
	g.ctx, g.cancel = context.WithCancelCause(ctx)
	g.unwatch = context.AfterFunc(g.ctx, g.dropQueued)
	return g
}

// Send hands an input to the pool, as [Pool.Send] does, and waits while the queue is
// full. An error says that the input was not accepted. It is the group's first error
// once there is one, the error of the group's context once that has ended (after
// Wait, too), or an error of [Pool.Send], which fails the group. So Wait has the
// reason, and a loop that sends may end at the first error. It costs one allocation.
//
// A job of the same pool that adds to the group calls SendContext.
func (g *Group[In, Out]) Send(in In) error { return g.send(g.ctx, in) }

// SendContext is like Send, but stops waiting for a place when ctx ends. A job
// passes on its own context when it adds inputs to a group over its own pool: while
// it waits for a place, another run has its slot. With Send, jobs that hold all
// slots would wait forever. The new run gets nothing from ctx: it belongs to the
// group.
func (g *Group[In, Out]) SendContext(ctx context.Context, in In) error {
	mustContext(ctx)
	return g.send(ctx, in)
}

// Wait waits until all inputs of the group have their outcome, also those that are
// sent meanwhile, and returns the first error: what a job returned, a [*PanicError],
// [ErrGoexit], or why an input never ran or was not accepted. Once there is one, the context of the
// group's other runs has ended, with that as its cause, and those that have not begun
// are dropped. When the group's own ctx ends, its error is the first if anything was
// left to do; Wait still waits for jobs that ignore their context.
//
// When Wait returns, the group has ended. A job of the group must not call it, since
// it would wait for itself. A job that waits for a group which it made with its own
// context, over its own pool, gives up its slot meanwhile.
func (g *Group[In, Out]) Wait() error {
	r := g.core.ref.runOf(g.outer)
	if r != nil {
		if err := g.core.ref.nestedFault(); err != nil {
			return err
		}
		g.core.yieldSlot(r)
	}
	g.mu.Lock()
	g.waiting = true
	over := g.endLocked()
	g.mu.Unlock()
	if over {
		g.end()
	}
	g.done.wait(context.Background(), r)
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.err
}

func (g *Group[In, Out]) send(ctx context.Context, in In) error {
	e := &groupEnvelope[In, Out]{group: g}
	e.own.ref, e.own.parent, e.own.mode = &g.core.ref, g.ctx, byEither
	e.run, e.sink = &e.own, e
	if err := g.add(e); err != nil {
		return err
	}
	returned := false
	defer func() {
		if !returned { // the key function of a keyed pool has panicked, or ended the goroutine
			g.remove(e, nil)
		}
	}()
	seq, err := g.core.send(ctx, item[In, Out]{in, &e.envelope}, true)
	returned = true
	if err != nil {
		g.remove(e, err)
		return err
	}
	g.mu.Lock()
	e.seq = seq
	late := !e.settled && g.ctx.Err() != nil // dropQueued may have passed it
	g.mu.Unlock()
	if late {
		g.drop(e, seq)
	}
	return nil
}

// add makes e one of the group's, unless the group takes nothing more.
func (g *Group[In, Out]) add(e *groupEnvelope[In, Out]) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.err != nil:
		return g.err
	case g.over:
		return fmt.Errorf("remuda: group: Send after Wait: %w", context.Canceled)
	case g.ctx.Err() != nil:
		g.err = g.ctx.Err()
		return g.err
	}
	g.pending.PushFront(e, &e.links)
	return nil
}

// remove notes that e has ended, with err if that is not nil.
func (g *Group[In, Out]) remove(e *groupEnvelope[In, Out], err error) {
	g.mu.Lock()
	e.settled = true
	g.pending.Remove(&e.links)
	failed := err != nil && g.err == nil
	if failed {
		g.err = err
	}
	over := g.endLocked()
	g.mu.Unlock()
	if failed {
		g.cancel(err)
	}
	if over {
		g.end()
	}
}

// endLocked makes the group over if that is awaited and nothing is left. It reports
// whether the caller is to call end.
func (g *Group[In, Out]) endLocked() bool {
	if g.over || !g.waiting || g.pending.Len() > 0 {
		return false
	}
	g.over = true
	return true
}

// end tells those who wait.
func (g *Group[In, Out]) end() {
	g.unwatch() // else that would take a goroutine to see that there is nothing
	g.cancel(nil)
	g.done.settle(Void{}, nil, false)
}

// settle is called when the input of e has its outcome.
func (e *groupEnvelope[In, Out]) settle(_ Out, err error, _ bool) { e.group.remove(e, err) }

// dropQueued takes the inputs that have not begun out of the queue, when the group's
// context has ended.
func (g *Group[In, Out]) dropQueued() {
	g.mu.Lock()
	queued := make([]*groupEnvelope[In, Out], 0, g.pending.Len())
	seqs := make([]uint64, 0, g.pending.Len())
	for e := g.pending.First(); e != nil; e = g.pending.Next(&e.links) {
		if e.seq != 0 {
			queued, seqs = append(queued, e), append(seqs, e.seq)
		}
	}
	g.mu.Unlock()
	for i, e := range queued {
		g.drop(e, seqs[i])
	}
}

// drop takes the input of e out of the queue, if it is there.
func (g *Group[In, Out]) drop(e *groupEnvelope[In, Out], seq uint64) {
	_ = g.core.giveUp(seq, e, g.ctx.Err())
}
