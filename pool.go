package remuda

import "context"

// A Pool runs a job on a number of workers that can be changed at any time.
//
// [Start] makes one and starts it. The zero Pool is ready for [Pool.Start] with the
// zero [Config]: one worker, until More or Resize adds others. A Pool must
// not be copied after first use. All methods are safe for concurrent use, from
// inside of jobs too.
//
// A pool gives its workers inputs in order of acceptance. Workers are made when
// first needed: one that is never needed costs nothing, and an idle one costs its
// parked goroutine.
type Pool[In, Out any] struct {
	core core[In, Out]
}

func newPool[In, Out any](cfg Config, mws []Middleware) *Pool[In, Out] {
	p := &Pool[In, Out]{}
	p.core.cfg, p.core.mws = cfg, mws
	return p
}

// New returns a pool with the zero [Config] and the middleware mws around each
// run, the first outermost.
func New[In, Out any](mws ...Middleware) *Pool[In, Out] {
	return newPool[In, Out](Config{}, mws)
}

// NewWithConfig returns a pool with the given configuration. A setting that is
// negative or contradicts another is an error: [ErrInvalidMin], [ErrInvalidMax],
// [ErrInvalidInitial], [ErrInvalidQueue] or [ErrInvalidIdleTimeout].
func NewWithConfig[In, Out any](cfg Config, mws ...Middleware) (*Pool[In, Out], error) {
	if err := cfg.validate(); err != nil {
		return nil, cfg.fault(err)
	}
	return newPool[In, Out](cfg, mws), nil
}

// NewFrom returns a pool whose workers take their inputs from src, each as soon as
// it has finished the one before. Do, Send and the like return [ErrSourceFed];
// [Config.Queue] and [Config.Inline] have no effect. The errors are those of
// NewWithConfig, and [ErrNilJob] for a nil source. [StartFrom] needs no type
// arguments; NewFrom is for a builder, for [Pool.Run], and for settings that must be
// made before the first input runs.
func NewFrom[In, Out any](src Source[In], cfg Config, mws ...Middleware) (*Pool[In, Out], error) {
	if src == nil {
		return nil, cfg.fault(nilError("source"))
	}
	p, err := NewWithConfig[In, Out](cfg, mws...)
	if err != nil {
		return nil, err
	}
	p.core.source = src
	return p, nil
}

// NewLoop returns a pool whose workers run the job non-stop: a pool from
// [Forever]. See [Loop] for the job.
func NewLoop(cfg Config, mws ...Middleware) (*Pool[Void, Void], error) {
	return NewFrom[Void, Void](Forever(), cfg, mws...)
}

// Must returns p, and panics if err is not nil. It is for pools whose configuration
// is known to be valid.
func Must[In, Out any](p *Pool[In, Out], err error) *Pool[In, Out] {
	if err != nil {
		panic(err)
	}
	return p
}

// Start starts the pool with a job that all workers share. It does not block.
// It returns [ErrPoolStarted] if the pool has been started before,
// [ErrPoolClosed] if it was closed, [ErrNilJob] for a job that is nil or made
// of something that is, and for a nil middleware (the error names it), and
// [ErrLoopJob] for a job of [Loop] in a pool that is fed by its queue.
func (p *Pool[In, Out]) Start(job Job[In, Out]) error {
	if err := faultOf(job, "job"); err != nil {
		return p.core.cfg.fault(err)
	}
	if p.core.source == nil && loops(job) {
		return p.core.cfg.fault(ErrLoopJob)
	}
	return p.core.start(JobBuilderFunc[In, Out](func() Job[In, Out] { return job }), false)
}

// StartWithBuilder starts the pool with a separate job for each worker. It returns
// the errors of Start.
func (p *Pool[In, Out]) StartWithBuilder(b JobBuilder[In, Out]) error {
	if f, ok := b.(JobBuilderFunc[In, Out]); b == nil || ok && f == nil {
		return p.core.cfg.fault(nilError("builder"))
	}
	return p.core.start(b, true)
}

// Run starts the pool, waits until ctx ends or the pool is closed by other means,
// and returns [Pool.Err] once every worker has ended. When ctx ends, the pool is
// closed as if by Close with a context that never ends: what it has accepted still
// runs, however long that takes. For a bound, use Start, wait for ctx, and call
// CloseWithTimeout. Run returns the errors of Start immediately.
func (p *Pool[In, Out]) Run(ctx context.Context, job Job[In, Out]) error {
	mustContext(ctx)
	if err := p.Start(job); err != nil {
		return err
	}
	return runUntil(ctx, &p.core)
}

// RunWithBuilder is like Run, with a separate job for each worker.
func (p *Pool[In, Out]) RunWithBuilder(ctx context.Context, b JobBuilder[In, Out]) error {
	mustContext(ctx)
	if err := p.StartWithBuilder(b); err != nil {
		return err
	}
	return runUntil(ctx, &p.core)
}

// runUntil closes the pool when ctx ends, waits until it is done, and returns why
// it was closed.
func runUntil[In, Out any](ctx context.Context, c *core[In, Out]) error {
	done := c.life.doneChan()
	select {
	case <-ctx.Done():
		c.beginClose(nil)
		<-done
	case <-done:
	}
	return c.life.reason()
}

// Done returns a channel that is closed once the pool is closed and all its workers
// have ended.
func (p *Pool[In, Out]) Done() <-chan struct{} { return p.core.life.doneChan() }

// Err returns the error that closed the pool: the first job error under
// Config.StopOnErrors, or the error of a [Source] that is not io.EOF. Close does not
// return it. If there is none, Err returns the first error from closing a built job
// or the source, or the first panic of the function given to OnDrop that went
// nowhere else. It is nil while the pool runs, and after an orderly close.
func (p *Pool[In, Out]) Err() error { return p.core.life.reason() }

// Name returns Config.Name.
func (p *Pool[In, Out]) Name() string { return p.core.cfg.Name }

// Stats returns a consistent snapshot. It costs two locks, whatever the number
// of workers, except in a source-fed pool, where it visits each of them, and
// beside Map and Stream, where it visits each batch under way.
func (p *Pool[In, Out]) Stats() Stats { return p.core.stats() }
