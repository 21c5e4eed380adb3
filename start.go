package remuda

import (
	"context"
	"fmt"
)

// Start makes a pool with the given number of workers, at least one, and starts it
// with f. The middleware mws wraps each run, the first outermost. Start is like
// [StartWithConfig] with nothing but [Config.Initial] set.
//
//	pool, err := remuda.Start(8, charge, middleware.Retry(3))
//
// All workers call f, which must be safe for concurrent use. The Do of a [Job] can
// take its place: remuda.Start(8, job.Do). For a job of its own for each worker
// use NewWithConfig and [Pool.StartWithBuilder].
//
// The number of workers does not change until somebody calls More, Less or Resize: a
// pool never scales by itself. Start returns [ErrInvalidInitial] for fewer workers
// than one, and [ErrNilJob] for a nil f or middleware.
func Start[In, Out any](workers int, f func(ctx context.Context, in In) (Out, error), mws ...Middleware) (*Pool[In, Out], error) {
	if workers < 1 {
		return nil, tooFewWorkers("Start", workers)
	}
	return StartWithConfig(Config{Initial: workers}, f, mws...)
}

// StartFrom makes a pool whose workers take their inputs from src, each as soon as it
// has finished the one before, and starts it with f, as [Start] does.
//
//	pool, err := remuda.StartFrom(8, remuda.FromChan(orders), charge, middleware.Retry(3))
//	<-pool.Done() // closed when the source has ended, or Close has, and all runs with it
//	err = pool.Err()
//
// The first inputs may run before it returns. If the job needs the pool itself, or
// [Pool.OnDrop] must miss nothing, use [NewFrom] and [Pool.Start]. It returns the
// errors of Start, and [ErrNilJob] for a nil source.
func StartFrom[In, Out any](workers int, src Source[In], f func(ctx context.Context, in In) (Out, error), mws ...Middleware) (*Pool[In, Out], error) {
	if workers < 1 {
		return nil, tooFewWorkers("StartFrom", workers)
	}
	return StartFromWithConfig(Config{Initial: workers}, src, f, mws...)
}

// StartFromWithConfig is like [StartFrom], with a configuration. It returns the
// errors of [NewFrom] and of [Pool.Start].
func StartFromWithConfig[In, Out any](cfg Config, src Source[In], f func(ctx context.Context, in In) (Out, error), mws ...Middleware) (*Pool[In, Out], error) {
	p, err := NewFrom[In, Out](src, cfg, mws...)
	if err != nil {
		return nil, err
	}
	if err := p.Start(JobFunc[In, Out](f)); err != nil {
		return nil, err
	}
	return p, nil
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

// A FuncPool is a pool whose inputs are functions: what [Start] makes of [Call]. The
// name is for where the type has to be written, as in a struct.
type FuncPool = Pool[func(context.Context) error, Void]

// Call calls f. It is the job of a pool whose inputs are functions:
//
//	pool, err := remuda.Start(8, remuda.Call)
//	err = pool.Send(ctx, func(ctx context.Context) error { ... })
//
// That pool is a *[FuncPool]. The run of a nil f fails with [ErrNilJob].
func Call(ctx context.Context, f func(context.Context) error) (Void, error) {
	if f == nil {
		return Void{}, nilError("Call: function")
	}
	return Void{}, f(ctx)
}
