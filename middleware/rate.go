package middleware

import (
	"context"
	"fmt"

	"golang.org/x/time/rate"

	"github.com/remuda-go/remuda"
)

// Rate makes runs begin no faster than limiter allows: each waits for a token. All
// workers share the limiter, and so do all pools that are given the same one. A nil
// limiter limits nothing.
//
// A run that waits holds its worker. When the context ends, or its deadline would
// come before the token, the run ends immediately with an error that says so and
// wraps the error of the context. The job does not run, and the input is dropped:
// see [remuda.Pool.OnDrop].
//
// A run that need not wait costs what [rate.Limiter.Allow] does, some 60 ns,
// and no allocation.
func Rate(limiter *rate.Limiter) remuda.Middleware {
	return remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
		if limiter == nil {
			return next
		}
		return func(ctx context.Context) error {
			if ctx.Err() != nil {
				return noToken(ctx)
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
		return noToken(ctx)
	case limiter.Burst() < 1:
		return fmt.Errorf("remuda: rate: the limiter's burst is below 1: %w", err)
	default:
		return fmt.Errorf("remuda: rate: no token before the deadline: %w", context.DeadlineExceeded)
	}
}

func noToken(ctx context.Context) error {
	return fmt.Errorf("remuda: rate: no token: %w", ctx.Err())
}
