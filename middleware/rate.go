package middleware

import (
	"context"
	"fmt"

	"golang.org/x/time/rate"

	"github.com/remuda-go/remuda"
)

// Rate lets runs begin no faster than limiter allows: each takes a token, and
// waits for it. The limiter is shared by all workers, and by all pools that are
// given the same one. A nil limiter limits nothing.
//
// A run that waits holds its worker. It ends at once with the context's error
// when the context ends, or with that of [rate.Limiter.Wait] when the token
// would come after the context's deadline, and the job does not run.
//
// A run that need not wait costs what [rate.Limiter.Allow] does, some 60 ns,
// and no allocation.
func Rate(limiter *rate.Limiter) remuda.Middleware {
	return remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
		if limiter == nil {
			return next
		}
		return func(ctx context.Context) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			// Wait asks the context for its Done channel even if there is a
			// token, which costs a run of a caller's own context 4 allocations.
			if !limiter.Allow() {
				if err := await(ctx, limiter); err != nil {
					return err
				}
			}
			return next(ctx)
		}
	})
}

func await(ctx context.Context, limiter *rate.Limiter) error {
	err := limiter.Wait(ctx)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	default:
		return fmt.Errorf("remuda: rate: %w", err)
	}
}
