package middleware

import (
	"context"
	"fmt"

	"golang.org/x/sync/semaphore"

	"github.com/remuda-go/remuda"
)

// Limit makes each run acquire one unit of sem before it begins and release it when
// it ends, however it ends. All workers share the semaphore, and so do all pools
// that are given the same one: it bounds all of them together. A nil sem bounds
// nothing.
//
// A run that waits holds its worker. When the context ends, the run ends immediately
// with an error that says so and wraps the error of the context. The job does not
// run, and the input is dropped: see [remuda.Pool.OnDrop]. Runs that wait get their
// turn in order of arrival.
//
// A job that waits for another run under the same sem, of its own pool or of
// another, keeps its unit meanwhile: if all holders do that, they wait forever.
//
// A run that need not wait costs some 25 ns and no allocation; one that waits
// costs the allocations of [semaphore.Weighted.Acquire].
func Limit(sem *semaphore.Weighted) remuda.Middleware {
	return remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
		if sem == nil {
			return next
		}
		return func(ctx context.Context) error {
			if ctx.Err() != nil {
				return noSlot(ctx)
			}
			// Acquire asks the context for its Done channel even if there is
			// room, which costs a run of a caller's own context 4 allocations.
			if !sem.TryAcquire(1) {
				if sem.Acquire(ctx, 1) != nil { // it fails for no other reason
					return noSlot(ctx)
				}
			}
			defer sem.Release(1)
			return next(ctx)
		}
	})
}

func noSlot(ctx context.Context) error {
	return fmt.Errorf("remuda: limit: no slot: %w", ctx.Err())
}
