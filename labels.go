package remuda

import (
	"context"
	"runtime/pprof"
)

// A goroutine inherits the profiler's labels of the one that starts it, and keeps
// those that a job sets. So that a worker's time is not charged to the code that
// needed it first, or to the run before, each run on a worker starts with the labels
// of its own context. That costs 5 ns.

// label gives this goroutine the labels of ctx.
func label(ctx context.Context) { pprof.SetGoroutineLabels(ctx) }

// unlabel takes the labels off this goroutine.
func unlabel() { pprof.SetGoroutineLabels(context.Background()) }

// labelsOf returns a context with the labels of ctx: an empty one, where they are
// found at once, if there are none.
func labelsOf(ctx context.Context) context.Context {
	found := context.Background()
	pprof.ForLabels(ctx, func(string, string) bool {
		found = ctx
		return false
	})
	return found
}
