package remuda

import (
	"context"
	"fmt"
	"time"

	"github.com/remuda-go/remuda/internal/dispatch"
	"github.com/remuda-go/remuda/internal/runstate"
)

// A bulkFeeder is the feeder of a pool made by StartBatches. What users know as a
// batch is a bulk in here: inputs that run together, by one call of a function. (A
// batch is inputs of a stream that run one after the other.)
//
// A bulk is one run, of a job over slices, so the feeder has a runner for that. The
// pool's own runner is not used.
type bulkFeeder[In, Out any] struct {
	core   *core[In, Out]
	runner runner[[]In, []Out]
	size   int
	wait   time.Duration
	job    JobFunc[[]In, []Out]
}

func newBulkFeeder[In, Out any](c *core[In, Out], size int, wait time.Duration, f func(context.Context, []In) ([]Out, error)) *bulkFeeder[In, Out] {
	return &bulkFeeder[In, Out]{core: c, size: size, wait: wait, job: func(ctx context.Context, ins []In) ([]Out, error) {
		n := len(ins) // f may do to ins what it likes
		outs, err := f(ctx, ins)
		return checkBulk(c.cfg, outs, err, n)
	}}
}

// checkBulk sees to what the function of a bulk of n inputs has returned.
func checkBulk[Out any](cfg Config, outs []Out, err error, n int) ([]Out, error) {
	errs := splitByInput(err, n)
	if err != nil && errs == nil {
		return outs, err
	}
	if _, void := any(outs).([]Void); void && outs == nil {
		outs = make([]Out, n)
	}
	switch {
	case len(outs) != n:
		return nil, cfg.fault(fmt.Errorf("%w: %d for %d inputs", ErrBatchOutputs, len(outs), n))
	case err != nil:
		return outs, &bulkError{errs, err}
	default:
		return outs, nil
	}
}

// open prepares the feeder and what the dispatcher needs to know, when the pool is
// started.
func (b *bulkFeeder[In, Out]) open(cfg *dispatch.Config[item[In, Out], runnerState[In, Out]]) {
	c := b.core
	b.runner.cfg, b.runner.mws, b.runner.stop, b.runner.endSlot = c.cfg, c.mws, c.stop, c.endSlot
	b.runner.builder = JobBuilderFunc[[]In, []Out](func() Job[[]In, []Out] { return b.job })
	c.ref.clock.Timing.Store(runstate.Timed) // they wait by the clock
	cfg.Run = b.work
	cfg.Gathering = dispatch.Gathering{Size: b.size, Wait: b.wait}
}
