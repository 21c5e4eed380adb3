package middleware

import (
	"context"
	"fmt"
	"time"

	"github.com/remuda-go/remuda"
)

// Wait makes each worker pause between runs: a run begins at least d after the last
// one on the same worker has ended, and the first at least d after the worker got
// its input. Other workers run meanwhile. With d of 0 or less there is no pause.
//
// The pause is part of the run, so it holds the worker. When the context ends, the
// run ends immediately with an error that says so and wraps the error of the
// context. The job does not run then, and the input is dropped: see
// [remuda.Pool.OnDrop]. The job never runs with a context that has ended, with or
// without a pause.
//
// Its state, the end of the last run and a timer, belongs to one worker; nothing
// is shared. Inside of [Retry] it pauses before each attempt. It costs two
// readings of the clock a run, and no allocation.
func Wait(d time.Duration) remuda.Middleware {
	return remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
		var p pauser
		clock := clock{time.Now()}
		last := clock.now()
		return func(ctx context.Context) error {
			if err := p.pause(ctx, max(d, 0)-(clock.now()-last)); err != nil {
				return fmt.Errorf("remuda: wait: pause cut short: %w", err)
			}
			defer func() { last = clock.now() }()
			return next(ctx)
		}
	})
}
