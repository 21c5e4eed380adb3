package remuda

import (
	"context"
	"iter"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/remuda-go/remuda/internal/parker"
)

// A stream is one loop over Map or Stream, or one DoAll.
//
// A goroutine, the reader, reads the sequence. Workers take batches of what it has
// read, run them, and hand on each outcome as it comes; the loop consumes those.
// The pool's queue carries invitations only, at most one for each worker: the
// worker that fetches one takes batches until there are none, or until others need
// it.
//
//	seq -> reader -> unread inputs -> batches, with workers -> loop
type stream[In, Out any] struct {
	core    *core[In, Out]
	env     envelope[In, Out] // of its invitations
	caller  *runContext       // the run of this pool that loops, if one does
	faults  *faults           // of its sequence, if that can fail
	outer   context.Context   // the caller's
	labels  context.Context   // see labelsOf
	ctx     context.Context   // of the runs
	cancel  context.CancelCauseFunc
	unlink  func() bool // from the pool's base context
	unwatch func() bool // ctx

	credit       int           // inputs that the reader may push before it asks for more; its own
	stopped      atomic.Bool   // nothing more is read or taken; written under mu
	aborted      atomic.Bool   // inputs that have not begun must not begin
	returned     chan struct{} // closed when the reader has returned; nil if there is none
	thrown       error         // what seq panicked with, or ErrGoexit; written by the reader
	loopReturned bool          // the loop has ended, and not with a panic; its own
	allConsumed  bool          // the loop has consumed all that will come; its own

	back <-chan struct{} // tells the loop's run that it has its slot back; see wakeConsumer

	mu sync.Mutex // guards the rest; the dispatcher's locks may be taken under it
	streamOutcomes[In, Out]
	streamDemand[In, Out]

	unread    inputs[In] // read, or in the slice, and not taken by a worker
	consumed  int        // by the loop
	emitted   int        // outcomes that the loop is at
	window    int        // most inputs that may be read and not consumed
	exhausted bool       // the sequence has ended
	err       error      // why the stream was cut short, if it was

	reader     parker.Parker // of the reader, until there is room
	lastWorker parker.Parker // of close, until no worker has a batch

	working   int             // batches with a worker
	givenBack *batch[In, Out] // batches that a worker has given back, linked by nextGivenBack
	contexts  []*runContext   // spare ones, which all carry the same values
	watch     *time.Timer     // see watchBatches
	watching  bool
}

// A streamInput is what a stream gets its inputs from: one of the two.
type streamInput[In any] struct {
	seq    iter.Seq[In]
	faults *faults // among the inputs of seq
	slice  []In
	fixed  bool // it is the slice
}

// stream runs the inputs and hands each outcome to emit, as a batch and an index
// into it, until emit returns false. It returns the error that cut the stream short,
// if one did.
func (c *core[In, Out]) stream(ctx context.Context, input streamInput[In], ordered bool, emit func(*batch[In, Out], int) bool) error {
	if err := streamFault(ctx, c, input); err != nil {
		return err
	}
	return runStream(newStream(ctx, c, ordered), input, emit)
}

// runStream is the rest of stream, once that is made.
func runStream[In, Out any](s *stream[In, Out], input streamInput[In], emit func(*batch[In, Out], int) bool) error {
	defer s.close()
	if input.fixed {
		readSlice(s, input.slice)
	} else {
		s.faults = input.faults
		s.startReader(input.seq)
	}
	return consume(s, emit)
}

// streamFault returns why there can be no stream.
func streamFault[In, Out any](ctx context.Context, c *core[In, Out], input streamInput[In]) error {
	mustContext(ctx)
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := c.refusal(); err != nil {
		return err
	}
	if !input.fixed && input.seq == nil {
		return c.cfg.fault(nilError("sequence"))
	}
	return nil
}

// consume is the loop over s.
func consume[In, Out any](s *stream[In, Out], emit func(*batch[In, Out], int) bool) error {
	for b, from, to := s.await(); b != nil; b, from, to = s.await() {
		for i := from; i < to; i++ {
			if !emit(b, i) {
				s.loopReturned = true
				return nil
			}
		}
		b.consumed = to
	}
	s.loopReturned = true
	return s.ending()
}

func newStream[In, Out any](ctx context.Context, c *core[In, Out], ordered bool) *stream[In, Out] {
	s := &stream[In, Out]{
		core:   c,
		caller: c.ref.runOf(ctx),
		outer:  ctx,
		labels: labelsOf(ctx),
	}
	s.ordered = ordered
	s.streamDemand = streamDemand[In, Out]{procs: runtime.GOMAXPROCS(0), batchSize: 1, perInput: c.Gathering.Size > 0}
	s.env.visitor = s
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	s.follow()
	s.mu.Lock()
	s.setWorkersLocked(c.current())
	s.mu.Unlock()
	return s
}

// follow has the stream hear of what ends it, and of more workers. Each context that is
// watched costs half a microsecond, so those that can never end are not, and nor is
// what nobody does to the pool of one call.
func (s *stream[In, Out]) follow() {
	none := func() bool { return true }
	s.unlink, s.unwatch = none, none
	if !s.core.private {
		s.unlink = context.AfterFunc(s.core.ref.base, func() { s.end(ErrPoolClosed) })
		s.core.streams.add(s)
	}
	if s.outer.Done() != nil {
		s.unwatch = context.AfterFunc(s.ctx, func() { s.cut(s.core.ref.endOf(s.ctx)) })
	}
}

// end cancels what is under way because of err, and stops the stream.
func (s *stream[In, Out]) end(err error) {
	s.cancel(err)
	s.cut(s.core.ref.endOf(s.ctx))
}

// close ends the stream: it stops what is under way, and waits until nothing of it
// runs any more. If seq has panicked, maybe just because it was stopped, the panic
// goes on here, unless the loop itself is panicking.
func (s *stream[In, Out]) close() {
	s.unwatch()
	s.unlink()
	s.aborted.Store(true)
	s.cancel(nil)
	s.mu.Lock()
	s.stopped.Store(true)
	s.dropGivenBackLocked()
	invited := s.invited
	wake := s.reader.Disarm()
	s.mu.Unlock()
	if wake {
		s.reader.Wake()
	}
	if s.core.private {
		invited = nil // they come, and find nothing
	}
	for _, guest := range invited { // in a pool that is stuck they would pile up
		s.core.RemoveGuest(guest)
	}
	awaitWorkers(s)
	awaitReader(s)
	if !s.core.private {
		s.core.streams.remove(s)
	}
	s.mu.Lock()
	if s.watch != nil {
		s.watch.Stop()
	}
	s.mu.Unlock()
	if s.loopReturned {
		rethrow(s.thrown)
	}
}

// awaitWorkers waits until no worker has a batch. If runs may be under way, the slot
// of the loop's own run is yielded meanwhile.
func awaitWorkers[In, Out any](s *stream[In, Out]) {
	s.mu.Lock()
	for s.working > 0 {
		s.lastWorker.Arm()
		s.mu.Unlock()
		s.yieldWhile(!s.allConsumed, s.lastWorker.Park)
		s.mu.Lock()
	}
	s.mu.Unlock()
}

// awaitReader waits until the reader has returned, which may be in the sequence.
func awaitReader[In, Out any](s *stream[In, Out]) {
	if s.returned == nil {
		return
	}
	s.mu.Lock()
	reading := !s.exhausted
	s.mu.Unlock()
	s.yieldWhile(reading, func() { <-s.returned })
}

// yieldWhile calls wait, and yields the slot of the loop's run meanwhile, if there
// is such a run, and a reason to.
func (s *stream[In, Out]) yieldWhile(yield bool, wait func()) {
	if s.caller == nil || !yield {
		wait()
		return
	}
	s.core.yieldSlot(s.caller)
	wait()
	s.core.reacquireSlot(s.caller)
}

// rethrow ends the goroutine of the loop in the way in which seq has ended its
// reader.
func rethrow(thrown error) {
	switch thrown {
	case nil:
	case ErrGoexit:
		runtime.Goexit()
	default:
		panic(thrown)
	}
}
