package contender

import (
	"context"

	xsemaphore "golang.org/x/sync/semaphore"

	"github.com/remuda-go/remuda/bench/scenario"
)

// weighted is semaphore with golang.org/x/sync's: first come, first served, and
// a caller that waits can leave.
type weighted struct{ scenario.Identity }

func newWeighted() weighted { return weighted{floor("Weighted")} }

type weightedDoer struct {
	*xsemaphore.Weighted
	job func(in int) int
}

func (weighted) InlineDoer(workers, _ int, job func(in int) int) scenario.Doer {
	return weightedDoer{xsemaphore.NewWeighted(int64(workers)), job}
}

func (d weightedDoer) Do(ctx context.Context, _, in int) int {
	must(d.Acquire(ctx, 1))
	defer d.Release(1)
	return d.job(in)
}

func (weightedDoer) Close() {}
