// Package attempt lets middleware that runs a job more than once tell the run's
// Info which attempt it is.
package attempt

import (
	"context"
	"sync/atomic"
)

// Key is the context key of a run's attempt, an *atomic.Int32 that counts from 1.
type Key struct{}

// Set makes n the current attempt of the run that ctx belongs to, if there is
// one. It allocates nothing.
func Set(ctx context.Context, n int) {
	if a, ok := ctx.Value(Key{}).(*atomic.Int32); ok {
		a.Store(int32(min(n, 1<<31-1)))
	}
}
