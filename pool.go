package remuda

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A Pool runs a job on a number of workers that can be changed at any time.
//
// The zero Pool is ready for [Pool.Start] with the zero [Config]. A Pool must
// not be copied after first use. All methods are safe for concurrent use, from
// inside of jobs too.
//
// A pool gives its job inputs in order of acceptance. Its workers are made on
// first need, so that those which are never needed cost nothing, and an idle
// one costs its parked goroutine.
type Pool[In, Out any] struct {
	cfg     Config
	mws     []Middleware
	source  Source[In] // nil for a pool that is fed by its own queue
	builder JobBuilder[In, Out]
	built   bool // the builder is the user's: what it made is ours to close
	home    home
	blocked sync.Pool       // of *blocked[item]
	vacated origin[In, Out] // of items that have left the queue before their turn

	attention atomic.Bool // a worker should look at whether it is one too many

	_ [64]byte // what follows is written all the time: not beside what is only read

	// mu is the senders' lock: it guards what follows, the in side of the queue
	// and the free workers' fields. It is never held across a channel operation
	// or a call of the user's code. Where head is needed too, head comes first.
	mu         sync.Mutex
	open       bool // takes inputs
	started    bool
	closing    bool // takes no more inputs, or none yet
	closed     bool // by Close
	finishing  bool // all workers have ended
	batched    int  // inputs in the batches of streams, but for one each
	streams    map[*stream[In, Out]]struct{}
	crew       crew[In, Out]
	feeding    feeding[In, Out] // of a source-fed pool
	accepted   uint64
	counted    tally // runs of Do on its caller's goroutine, and of batches
	err        error // what closed the pool
	closingErr error // the first from closing a job or the source, or of OnDrop
	onDrop     func(In, error)
	done       chan struct{}

	// The queue comes between the two locks, since each guards one side of it.
	queue queue[item[In, Out]]

	// head is the workers' lock: it guards finished and the out side of the
	// queue.
	head     sync.Mutex
	finished tally // inputs that nobody waits for

	_ [64]byte

	resolved [outcomes]atomic.Uint64 // inputs that have a ticket

	// Guarded by mu, and here because above it would push what the workers write
	// over one more cache line, which costs a hundred of them a tenth.
	stamper stamper

	_ [64]byte
}

// New returns a pool with the zero [Config] and the middleware mws around each
// run, the first outermost.
func New[In, Out any](mws ...Middleware) *Pool[In, Out] {
	return &Pool[In, Out]{mws: mws}
}

// NewWithConfig returns a pool with the given configuration. A setting that is
// negative or contradicts another is an error: [ErrInvalidMin], [ErrInvalidMax],
// [ErrInvalidInitial] or [ErrInvalidQueue].
func NewWithConfig[In, Out any](cfg Config, mws ...Middleware) (*Pool[In, Out], error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	return &Pool[In, Out]{cfg: cfg, mws: mws}, nil
}

// NewFrom returns a pool whose workers take their inputs from src, each as soon
// as it has finished the one before. Do, Send and the like return
// [ErrSourceFed]; Config.Queue and Config.Inline mean nothing to it. The errors
// are those of NewWithConfig, and [ErrNilJob] for a nil source.
func NewFrom[In, Out any](src Source[In], cfg Config, mws ...Middleware) (*Pool[In, Out], error) {
	if src == nil {
		return nil, cfg.fault(nilError("source"))
	}
	p, err := NewWithConfig[In, Out](cfg, mws...)
	if err != nil {
		return nil, err
	}
	p.source = src
	return p, nil
}

// NewLoop returns a pool whose workers run the job non-stop: a pool from
// [Forever]. See [Loop] for the job.
func NewLoop(cfg Config, mws ...Middleware) (*Pool[Void, Void], error) {
	return NewFrom[Void, Void](Forever(), cfg, mws...)
}

// Must returns p, and panics if err is not nil. It is for pools whose
// configuration is known to be right.
func Must[In, Out any](p *Pool[In, Out], err error) *Pool[In, Out] {
	if err != nil {
		panic(err)
	}
	return p
}

// Start starts the pool with a job that all workers share. It does not block.
// It returns [ErrPoolStarted] if the pool has been started before,
// [ErrPoolClosed] if it was closed, and [ErrNilJob] for a job that is nil or made
// of something that is, and for a nil middleware: the error names it.
func (p *Pool[In, Out]) Start(job Job[In, Out]) error {
	if err := faultOf(job, "job"); err != nil {
		return p.cfg.fault(err)
	}
	return p.start(JobBuilderFunc[In, Out](func() Job[In, Out] { return job }), false)
}

// StartWithBuilder starts the pool with a job of its own for each worker. It
// returns the errors of Start.
func (p *Pool[In, Out]) StartWithBuilder(b JobBuilder[In, Out]) error {
	if f, ok := b.(JobBuilderFunc[In, Out]); b == nil || ok && f == nil {
		return p.cfg.fault(nilError("builder"))
	}
	return p.start(b, true)
}

// Run starts the pool, waits until ctx ends or the pool is closed by other
// means, and returns [Pool.Err] once every worker has ended. When ctx ends, the
// pool is closed as if by Close with a context that never ends: what it has
// accepted still runs, however long that takes. For a bound, use Start, wait for
// ctx, and call CloseWithTimeout. Run returns the errors of Start at once.
func (p *Pool[In, Out]) Run(ctx context.Context, job Job[In, Out]) error {
	if err := p.Start(job); err != nil {
		return err
	}
	return p.runUntil(ctx)
}

// RunWithBuilder is Run with a job of its own for each worker.
func (p *Pool[In, Out]) RunWithBuilder(ctx context.Context, b JobBuilder[In, Out]) error {
	if err := p.StartWithBuilder(b); err != nil {
		return err
	}
	return p.runUntil(ctx)
}

func (p *Pool[In, Out]) runUntil(ctx context.Context) error {
	select {
	case <-ctx.Done():
		p.shut(nil)
		if p.source != nil { // the runs are the workers', which are to end
			p.home.cancel(ErrPoolClosed)
		}
		<-p.Done()
	case <-p.Done():
	}
	return p.Err()
}

func (p *Pool[In, Out]) start(b JobBuilder[In, Out], built bool) error {
	if err := faultOfAll(p.mws, ""); err != nil {
		return p.cfg.fault(err)
	}
	t := timingFor(p.mws)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closing:
		return p.cfg.fault(ErrPoolClosed)
	case p.started:
		return p.cfg.fault(ErrPoolStarted)
	}
	p.builder, p.built = b, built
	p.queue.setBound(p.cfg.bound())
	p.home.name, p.home.epoch, p.home.lender = p.cfg.Name, time.Now(), p
	p.home.base, p.home.cancel = context.WithCancelCause(context.Background())
	p.home.timing.Store(t)
	p.started = true
	p.open = p.source == nil
	p.crew.size = p.cfg.initial()
	p.feedAll()
	return nil
}

// Done returns a channel that is closed when the pool was closed and all its
// workers have ended.
func (p *Pool[In, Out]) Done() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.doneLocked()
}

func (p *Pool[In, Out]) doneLocked() chan struct{} {
	if p.done == nil {
		p.done = make(chan struct{})
	}
	return p.done
}

// Err returns the error that closed the pool: the first job error under
// Config.StopOnErrors, or the error of a [Source] that is not io.EOF. Close does
// not return it. Failing those, Err returns the first error from closing a built
// job or the source, or the first panic of the function given to OnDrop that went
// nowhere else. It is nil for a pool that runs, and for one that was closed
// in good order.
func (p *Pool[In, Out]) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil || !p.closing {
		return p.err
	}
	return p.closingErr
}

// Stats returns a consistent snapshot. It costs two locks, whatever the number
// of workers, except in a source-fed pool, where it visits each of them.
func (p *Pool[In, Out]) Stats() Stats {
	p.head.Lock()
	defer p.head.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.statsLocked()
}
