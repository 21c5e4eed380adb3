package remuda

import (
	"context"
	"fmt"
)

// Start makes a pool with that many workers, at least one, and starts it with f.
// The middleware mws is around each run, the first outermost. It is
// [StartWithConfig] with nothing but [Config.Initial].
//
//	pool, err := remuda.Start(8, charge, middleware.Retry(3))
//
// All workers call f, which must be safe for concurrent use. The Do of a [Job] can
// take its place: remuda.Start(8, job.Do). For a job of its own for each worker
// use NewWithConfig and [Pool.StartWithBuilder].
//
// The number of workers stays what it is until More, Less or Resize changes it: a
// pool by itself never scales. Start returns [ErrInvalidInitial] for fewer workers
// than one, and [ErrNilJob] for a nil f or middleware.
func Start[In, Out any](workers int, f func(ctx context.Context, in In) (Out, error), mws ...Middleware) (*Pool[In, Out], error) {
	if workers < 1 {
		return nil, tooFewWorkers("Start", workers)
	}
	return StartWithConfig(Config{Initial: workers}, f, mws...)
}

func tooFewWorkers(call string, workers int) error {
	return fmt.Errorf("%w: %s with %d, and a pool needs one to run anything; Config.Paused begins without", ErrInvalidInitial, call, workers)
}

// StartWithConfig makes a pool with the configuration cfg and starts it with f, as
// [Start] does. It returns the errors of [NewWithConfig] and of [Pool.Start].
func StartWithConfig[In, Out any](cfg Config, f func(ctx context.Context, in In) (Out, error), mws ...Middleware) (*Pool[In, Out], error) {
	p, err := NewWithConfig[In, Out](cfg, mws...)
	if err != nil {
		return nil, err
	}
	if err := p.Start(JobFunc[In, Out](f)); err != nil {
		return nil, err
	}
	return p, nil
}

// Call calls f. It is the job of a pool whose inputs are functions:
//
//	pool, err := remuda.Start(8, remuda.Call)
//	err = pool.Send(ctx, func(ctx context.Context) error { ... })
//
// The run of a nil f fails with [ErrNilJob].
func Call(ctx context.Context, f func(context.Context) error) (Void, error) {
	if f == nil {
		return Void{}, nilError("Call: function")
	}
	return Void{}, f(ctx)
}
