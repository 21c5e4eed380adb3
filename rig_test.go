package remuda_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/remuda-go/remuda"
)

// A task is an input that says what its run does.
type task struct {
	kind  taskKind
	n     int      // for how long, or how many
	sub   taskKind // of the inputs that it hands over in its turn
	entry *entry   // its own in the ledger
	batch []*entry // those of its batch, in a pool with batches
}

type taskKind uint8

const (
	thatReturns taskKind = iota
	thatNaps             // until its time is over or its context ends
	thatDeaf             // thatNaps, and ignores its context
	thatYields
	thatFails
	thatPanics
	thatExits
	thatResizes
	thatCloses
	thatCallsDo
	thatCallsDoTwice // at a time
	thatCallsMap
	thatCallsSubmit
	thatCallsSend
	thatBreaksBefore // the middleware panics before the job
	thatBreaksAfter
	thatExitsBefore // the middleware ends the goroutine
	taskKinds
)

// nests reports whether a run of the kind hands over inputs in its turn.
func (k taskKind) nests() bool { return k >= thatCallsDo && k <= thatCallsSend }

// A rig is a pool of tasks and the ledger that accounts for them.
type rig struct {
	ledger  ledger
	pool    *remuda.Pool[task, *entry]
	resized atomic.Bool                      // somebody has tried to
	wrapped bool                             // by the rig's own middleware
	keys    *keyLedger                       // nil if the pool has no keys
	nap     func(ctx context.Context, n int) // until ctx ends at most
	wg      sync.WaitGroup                   // goroutines that the rig has started
	runs    atomic.Int64                     // batches under way
}

// Do is the job.
func (r *rig) Do(ctx context.Context, t task) (*entry, error) {
	if !r.wrapped {
		defer r.begin(t)()
	}
	return r.act(ctx, t)
}

// act does what t says.
func (r *rig) act(ctx context.Context, t task) (*entry, error) {
	var err error
	switch t.kind {
	case thatNaps:
		r.nap(ctx, t.n)
		err = ctx.Err()
	case thatDeaf:
		r.nap(bg, t.n)
	case thatYields:
		for range t.n {
			runtime.Gosched()
		}
	case thatFails:
		err = errWork
	case thatPanics:
		panic(t.entry)
	case thatExits:
		runtime.Goexit()
	case thatResizes:
		err = r.resize(t.n)
	case thatCloses:
		err = r.pool.Close(ctx)
	default:
		err = r.nested(ctx, t)
	}
	if err != nil {
		return nil, &failure{t.entry, err}
	}
	return t.entry, nil
}

// doBatch is the function of a pool with batches. What a task fails with is its own
// alone; a panic is that of all.
func (r *rig) doBatch(ctx context.Context, tasks []task) ([]*entry, error) {
	r.runs.Add(1)
	defer r.runs.Add(-1)
	var batch []*entry
	for _, t := range tasks {
		defer r.ledger.begin(t.entry)()
		batch = append(batch, t.entry)
	}
	outs := make([]*entry, len(tasks))
	var errs []error
	for i, t := range tasks {
		t.batch = batch
		var err error
		if outs[i], err = r.act(ctx, t); err != nil {
			errs = append(errs, &remuda.InputError{Index: i, Err: err})
		}
	}
	return outs, errors.Join(errs...)
}

// nested is the part of a job that calls its own pool. It goes on for a while
// with the place that it has back.
func (r *rig) nested(ctx context.Context, t task) error {
	err := r.call(ctx, t)
	r.nap(ctx, t.n%3)
	return err
}

func (r *rig) call(ctx context.Context, t task) error {
	child := task{kind: t.sub, n: t.n}
	if child.kind.nests() { // one level more
		child.sub = thatReturns
	}
	if t.batch == nil {
		t.batch = []*entry{t.entry}
	}
	for _, e := range t.batch {
		defer r.ledger.wait(e)()
	}
	switch t.kind {
	case thatCallsDo:
		return r.do(ctx, child)
	case thatCallsDoTwice:
		var wg sync.WaitGroup
		wg.Go(func() { _ = r.do(ctx, child) })
		wg.Go(func() { _ = r.do(ctx, child) })
		wg.Wait()
	case thatCallsMap:
		r.loop(ctx, t.n, slices.Repeat([]task{child}, t.n), t.n/2)
	case thatCallsSubmit:
		return r.submit(ctx, child, ctx)
	case thatCallsSend:
		return r.send(ctx, child)
	}
	return nil
}

func (r *rig) resize(n int) error {
	r.resized.Store(true)
	var err error
	switch n % 4 {
	case 0:
		err = r.pool.More()
	case 1:
		err = r.pool.Less()
	default:
		err = r.pool.Resize(n / 4)
	}
	switch {
	case err == nil, errors.Is(err, remuda.ErrMinReached), errors.Is(err, remuda.ErrMaxReached),
		errors.Is(err, remuda.ErrPoolClosed), errors.Is(err, remuda.ErrNotStarted):
	default:
		r.ledger.fault("resize: %v", err)
	}
	return err
}

// middleware accounts for runs from the outside, and does what a kind says that
// is around the job.
func (r *rig) middleware() remuda.Middleware {
	r.wrapped = true
	return remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
		return func(ctx context.Context) error {
			info, _ := remuda.InfoFrom(ctx)
			t := info.Input().(task)
			defer r.begin(t)()
			switch t.kind {
			case thatBreaksBefore:
				panic(t.entry)
			case thatExitsBefore:
				runtime.Goexit()
			}
			err := next(ctx)
			if t.kind == thatBreaksAfter {
				panic(t.entry)
			}
			return err
		}
	})
}

func (r *rig) send(ctx context.Context, t task) error {
	t.entry = r.enter("Send", t)
	if _, nested := remuda.InfoFrom(ctx); nested {
		t.entry.how = "nested Send"
	}
	err := r.pool.Send(ctx, t)
	r.ledger.handedOver(t.entry, ctx, err)
	return err
}

func (r *rig) trySend(t task) error {
	t.entry = r.enter("TrySend", t)
	err := r.pool.TrySend(bg, t)
	t.entry.returned.Store(moments.Add(1))
	r.ledger.handedOver(t.entry, bg, err)
	return err
}

// submit submits and waits; patience is the context of the waiting.
func (r *rig) submit(ctx context.Context, t task, patience context.Context) error {
	t.entry = r.enter("Submit", t)
	ticket, err := r.pool.Submit(ctx, t)
	return r.await(ctx, t, patience, ticket, err)
}

func (r *rig) trySubmit(ctx context.Context, t task, patience context.Context) error {
	t.entry = r.enter("TrySubmit", t)
	ticket, err := r.pool.TrySubmit(ctx, t)
	return r.await(ctx, t, patience, ticket, err)
}

// await waits for the outcome of a task that was submitted.
func (r *rig) await(ctx context.Context, t task, patience context.Context, ticket *remuda.Ticket[*entry], err error) error {
	r.ledger.handedOver(t.entry, ctx, err)
	if err != nil {
		return err
	}
	out, err := ticket.Wait(patience)
	select {
	case <-ticket.Done():
		out, err = ticket.Wait(patience)
		r.ledger.outcome(t.entry, ctx, out, err)
	default:
		if patience.Err() == nil && !r.isNestedKey(err) {
			r.ledger.fault("Wait returned (%v, %v), and the ticket is not done", out, err)
		}
		r.wg.Go(func() {
			<-ticket.Done()
			out, err := ticket.Wait(patience)
			r.ledger.outcome(t.entry, ctx, out, err)
		})
	}
	return err
}

func (r *rig) do(ctx context.Context, t task) error {
	t.entry = r.enter("Do", t)
	returned := false
	defer func() {
		if !returned {
			r.ledger.outcome(t.entry, ctx, nil, remuda.ErrGoexit)
		}
	}()
	out, err := r.pool.Do(ctx, t)
	returned = true
	r.ledger.outcome(t.entry, ctx, out, err)
	return err
}

// waitForAll waits until nothing is left, and sees that of what was accepted before
// nothing runs any more then.
func (r *rig) waitForAll(ctx context.Context) {
	before := r.ledger.taken()
	err := r.pool.Wait(ctx)
	switch {
	case err == nil:
		for _, e := range before {
			if e.begun.Load() != e.ended.Load() {
				r.ledger.fault("Wait has returned, and a run of %s has not", e.how)
			}
		}
	case ctx.Err() != nil && errors.Is(err, ctx.Err()), errors.Is(err, remuda.ErrNotStarted):
	default:
		r.ledger.fault("Wait: %v", err)
	}
}

// group sends the tasks as a group, and waits for it.
func (r *rig) group(ctx context.Context, tasks []task) {
	g := r.pool.Group(ctx)
	var sent []*entry
	var refused error
	for _, t := range tasks {
		t.entry = r.enter("Group", t)
		if refused = g.Send(t); refused != nil {
			t.entry.refused.Store(true)
			break
		}
		t.entry.accepted.Store(true)
		sent = append(sent, t.entry)
	}
	err := g.Wait()
	for _, e := range sent {
		switch {
		case e.begun.Load() != e.ended.Load():
			r.ledger.fault("Group: Wait has returned, and a run has not")
		case e.begun.Load() == 0 && err == nil && r.ledger.unbuilt.Load() == 0:
			r.ledger.fault("Group: an input never ran, and there is no error")
		}
		e.settled.Add(1)
	}
	var failed *failure
	var panicked *remuda.PanicError
	switch {
	case err == nil && refused == nil, errors.As(err, &failed), errors.As(err, &panicked):
	case errors.Is(err, remuda.ErrGoexit), errors.Is(err, remuda.ErrPoolClosed), errors.Is(err, remuda.ErrNotStarted):
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
	default:
		r.ledger.fault("Group: Wait returns %v, and Send %v", err, refused)
	}
}

// loop runs the tasks through Map, Stream or DoAll, which way decides, and
// leaves the loop after so many outcomes; 0 is not to leave it.
func (r *rig) loop(ctx context.Context, way int, tasks []task, leaveAfter int) {
	l := &loop{rig: r, ctx: ctx, tasks: tasks}
	switch way % 3 {
	case 0:
		for out, err := range r.pool.Map(ctx, l.read) {
			if l.mapped(out, err); l.got == leaveAfter {
				break
			}
		}
	case 1:
		for res := range r.pool.Stream(ctx, l.read) {
			if l.streamed(res); l.got == leaveAfter {
				break
			}
		}
	case 2:
		outs, err := r.pool.DoAll(ctx, slices.Collect(l.read))
		l.collected(outs, err)
		leaveAfter = 0
	}
	l.left(leaveAfter > 0 && l.got == leaveAfter)
}

// A loop is one of those.
type loop struct {
	rig   *rig
	ctx   context.Context
	tasks []task
	got   int  // outcomes
	cut   bool // there was an outcome that may have been the error of the loop itself
	over  bool // there was one that certainly was

	mu      sync.Mutex
	entries []*entry // of the inputs that were read
}

// read is the sequence.
func (l *loop) read(yield func(task) bool) {
	for _, t := range l.tasks {
		t.entry = l.rig.enter("loop", t)
		l.mu.Lock()
		l.entries = append(l.entries, t.entry)
		l.mu.Unlock()
		if !yield(t) {
			return
		}
	}
}

// mapped takes the next outcome in order.
func (l *loop) mapped(out *entry, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.got >= len(l.entries) {
		l.end(err)
		return
	}
	l.cut = l.cut || l.ends(err)
	l.rig.ledger.outcome(l.entries[l.got], l.ctx, out, err)
	l.got++
}

func (l *loop) streamed(r remuda.Result[task, *entry]) {
	if r.In.entry == nil {
		l.end(r.Err)
		return
	}
	l.cut = l.cut || l.ends(r.Err)
	l.rig.ledger.outcome(r.In.entry, l.ctx, r.Out, r.Err)
	l.got++
}

func (l *loop) collected(outs []*entry, err error) {
	if len(outs) != len(l.entries) {
		l.rig.ledger.fault("DoAll: %d outputs of %d", len(outs), len(l.entries))
		return
	}
	for i, out := range outs {
		switch {
		case out == l.entries[i]:
			l.rig.ledger.outcome(out, l.ctx, out, nil)
		case out != nil:
			l.rig.ledger.fault("DoAll: output %d is another's", i)
		case err == nil:
			l.rig.ledger.fault("DoAll: no output %d and no error", i)
		default:
			l.cut = true // or it failed: the error does not tell them apart
		}
	}
}

// ends reports whether err may be what ends a loop.
func (l *loop) ends(err error) bool {
	return l.ctx.Err() != nil && errors.Is(err, l.ctx.Err()) ||
		errors.Is(err, remuda.ErrPoolClosed) || errors.Is(err, remuda.ErrNotStarted) || l.rig.isNestedKey(err)
}

// end takes the error that ended the loop.
func (l *loop) end(err error) {
	if l.cut = true; !l.ends(err) || l.over {
		l.rig.ledger.fault("loop: ends with %v, again: %v", err, l.over)
	}
	l.over = true
}

// left says what does not add up when the loop is over.
func (l *loop) left(early bool) {
	settled := 0
	for _, e := range l.entries {
		if e.begun.Load() != e.ended.Load() {
			l.rig.ledger.fault("loop: it is over, and a run is not")
		}
		settled += int(e.settled.Load())
	}
	if !early && !l.cut && settled != len(l.tasks) {
		l.rig.ledger.fault("loop: %d outcomes of %d", settled, len(l.tasks))
	}
}
