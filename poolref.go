package remuda

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/remuda-go/remuda/internal/queuetime"
)

// A poolRef is what runs and tickets know of their pool: the part of it that has
// no type parameters. Its address is the context key by which a pool finds out
// that a call comes from one of its own jobs.
type poolRef struct {
	name   string
	base   context.Context // ends when Close gives up waiting, and with the pool
	cancel context.CancelCauseFunc
	clock  queuetime.Clock
	slots  slotOwner // the pool itself
	keyed  bool      // its runs must not wait for it: see StartKeyed

	cancelled atomic.Bool // nothing begins any more; set by Stop, and before base ends
	nested    atomic.Bool // a job has waited for its own pool with a shared context

	waiters sync.Pool // of *ticketWaiter
}

// A slotOwner is a pool as a run or a ticket sees it.
type slotOwner interface {
	yieldSlot(r *runContext)
	askSlotBack(r *runContext) (back <-chan struct{})
	awaitSlot(r *runContext, back <-chan struct{})
}

// cancelAll ends the contexts of all runs.
func (ref *poolRef) cancelAll() {
	ref.cancelled.Store(true)
	ref.cancel(ErrPoolClosed)
}

// runOf returns the run of this pool that ctx belongs to, or nil if there is none.
func (ref *poolRef) runOf(ctx context.Context) *runContext {
	r, _ := ctx.Value(ref).(*runContext)
	if r == nil || r.ended() {
		return nil
	}
	return r
}

// endOf is the error to report for a context of a run or a loop of the pool that has
// ended. One that another pool has ended says nothing of this one.
func (ref *poolRef) endOf(ctx context.Context) error {
	if ref.cancelled.Load() && context.Cause(ctx) == ErrPoolClosed {
		return ErrPoolClosed
	}
	return ctx.Err()
}
