package remuda

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
)

// A stream is one loop over Map or Stream, or one DoAll.
//
// A goroutine reads the sequence into inputs; workers take batches of them,
// run them and link them into results; the loop consumes those. The pool's
// queue carries only claims: invitations to a worker to come and take batches,
// at most one for each worker, which leaves when there is nothing to take.
type stream[In, Out any] struct {
	pool    *Pool[In, Out]
	origin  origin[In, Out] // of its claims
	caller  *runContext     // the run of this pool that loops, if one does
	ordered bool
	parent  context.Context // what the loop was given
	ctx     context.Context // of the runs
	labels  context.Context // see labelsOf
	cancel  context.CancelCauseFunc
	untie   func() bool // from the pool's base context
	unwatch func() bool // ctx

	credit   int           // inputs that the reader may push before it looks again; its own
	short    atomic.Bool   // claims < workers: the reader should see whether to call one
	stopped  atomic.Bool   // nothing more is read or taken; written under mu
	over     atomic.Bool   // inputs that have not begun must not begin
	returned chan struct{} // closed when the reader has returned
	thrown   error         // what seq panicked with, or ErrGoexit; written by the reader
	left     bool          // by the loop itself, which did not panic; its own

	mu        sync.Mutex // guards the rest; Pool.mu may be taken under it
	inputs    ring[In]   // read and not taken
	consumed  int        // by the loop
	window    int        // most inputs that may be read and not consumed
	exhausted bool       // seq has ended
	err       error      // why it was stopped, if that cut something off

	workers int // of the pool, when last looked at
	claims  int // in the queue or with a worker
	called  int // those in the queue
	stride  int // inputs to take at a time
	working int // batches with a worker

	reader   spot // of the reader, until there is room
	consumer spot // of the loop, until there is a result
	leaver   spot // of the loop that was left, until no worker works for it

	loose       *batch[In, Out] // batches that a worker has given back, linked by nextLoose
	looseInputs int
	first, last *batch[In, Out] // results: as taken if ordered, else as finished
	spare       *batch[In, Out]
	contexts    []*runContext // spare ones, which all carry the same values
}

func newStream[In, Out any](ctx context.Context, p *Pool[In, Out], ordered bool) *stream[In, Out] {
	s := &stream[In, Out]{
		pool:     p,
		parent:   ctx,
		labels:   labelsOf(ctx),
		caller:   p.home.nested(ctx),
		ordered:  ordered,
		returned: make(chan struct{}),
		stride:   1,
		reader:   newSpot(),
		consumer: newSpot(),
		leaver:   newSpot(),
	}
	s.origin.stream = s
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	s.untie = context.AfterFunc(p.home.base, func() { s.cancel(ErrPoolClosed) })
	s.unwatch = context.AfterFunc(s.ctx, func() { s.cut(s.endErr()) })
	s.mu.Lock()
	s.look(p.join(s))
	s.mu.Unlock()
	return s
}

// ended reports whether inputs that have not begun must not begin. It asks those
// who end a stream themselves: they may have returned before word gets to ctx, or
// to cut.
func (s *stream[In, Out]) ended() bool {
	if s.over.Load() {
		return true
	}
	if s.parent.Err() == nil && s.pool.home.base.Err() == nil {
		return false
	}
	s.over.Store(true)
	return true
}

// endErr is the error to report for what never ran because the stream has ended.
func (s *stream[In, Out]) endErr() error {
	switch err := s.parent.Err(); {
	case err != nil && context.Cause(s.parent) != ErrPoolClosed:
		return err
	case err != nil || s.pool.home.base.Err() != nil:
		return ErrPoolClosed
	default: // the loop was left
		return s.ctx.Err()
	}
}

// look notes how many workers the pool has. It needs mu, or nobody else there.
func (s *stream[In, Out]) look(workers int) {
	s.workers = max(workers, 1)
	if s.window = s.pool.queue.bound + s.workers; s.window < 0 { // more than there are numbers
		s.window = math.MaxInt
	}
	s.short.Store(s.claims < s.workers)
}

// grow is called when the pool has more workers than before: an input may be
// there for one, and room for more inputs.
func (s *stream[In, Out]) grow() {
	s.mu.Lock()
	s.look(s.pool.Current())
	call := !s.stopped.Load() && s.waiting() > 0 && s.wantsWorker()
	wake := s.reader.leave()
	s.mu.Unlock()
	if call {
		s.claim()
	}
	if wake {
		s.reader.signal()
	}
}

// wantsWorker reports whether another worker should be called, and counts it.
// Like the queue, it calls one at a time, and another if many inputs wait for
// those that were called. It needs mu.
func (s *stream[In, Out]) wantsWorker() bool {
	if s.claims >= s.workers || s.called > 0 && s.waiting() <= s.called*patience {
		return false
	}
	s.claims++
	s.called++
	s.short.Store(s.claims < s.workers)
	return true
}

// claim puts a claim, counted already, into the queue. It reports whether the
// pool has taken it; else the pool is closing, and the stream ends.
func (s *stream[In, Out]) claim() bool {
	if s.pool.sendClaim(s) {
		return true
	}
	s.withdraw()
	s.cut(ErrPoolClosed)
	return false
}

// withdraw notes that no worker will come for a claim. That is the end of the
// stream, so claims does not matter any more.
func (s *stream[In, Out]) withdraw() {
	s.mu.Lock()
	s.called--
	s.mu.Unlock()
}

// waiting is the number of inputs that no worker has taken. It needs mu.
func (s *stream[In, Out]) waiting() int { return s.inputs.len() + s.looseInputs }

// cut stops the stream because of err: what was not taken by a worker is not
// run any more, and if ctx has ended, what has not begun is not either.
func (s *stream[In, Out]) cut(err error) {
	if s.ctx.Err() != nil {
		s.over.Store(true)
	}
	s.mu.Lock()
	if !s.stopped.Load() && (!s.exhausted || s.inputs.len() > 0) {
		s.err = err
	}
	s.stopped.Store(true)
	if s.over.Load() {
		s.dropLoose(err)
	}
	reader, consumer := s.reader.leave(), s.consumer.leave()
	s.mu.Unlock()
	if reader {
		s.reader.signal()
	}
	if consumer {
		s.consumer.signal()
	}
}

// dropLoose makes results of the batches that no worker has: their inputs never
// run, because of err. It needs mu.
func (s *stream[In, Out]) dropLoose(err error) {
	for b := s.loose; b != nil; b = b.nextLoose {
		var out Out
		for range b.in {
			b.add(out, err, dropped)
		}
		s.pool.retakeBatch()
		s.pool.countBatch(b)
		s.deliver(b)
	}
	s.loose, s.looseInputs = nil, 0
}
