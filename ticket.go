package remuda

import (
	"context"
	"sync"
	"sync/atomic"
)

// A Ticket stands for an input that [Pool.Submit] handed over, and delivers its
// outcome. All methods are safe for concurrent use, any number of times. The zero
// Ticket is not usable.
type Ticket[Out any] struct {
	ref *poolRef

	state  atomic.Uint32 // pending, watched or settled
	exited bool          // the job ended its goroutine; with out and err, final once settled
	out    Out
	err    error

	mu      sync.Mutex    // guards the rest; never held across a channel operation
	done    chan struct{} // made by the first Done
	waiters *ticketWaiter // calls of Wait
	settles func() bool   // see onSettle
}

// How far a ticket is. A waiter makes it watched first, so that settling a ticket
// for which nobody waits yet costs one atomic operation and no lock.
const (
	pending uint32 = iota
	watched
	settled
)

func (t *Ticket[Out]) isSettled() bool { return t.state.Load() == settled }

// watch makes a pending ticket watched. It returns false if the outcome is there.
func (t *Ticket[Out]) watch() bool {
	return t.state.CompareAndSwap(pending, watched) || t.state.Load() == watched
}

// A ticketWaiter is a blocked call of Wait.
type ticketWaiter struct {
	ch   chan struct{} // of capacity 1, used again
	next *ticketWaiter

	// A run that waits for its own pool asks for its slot as soon as the outcome is
	// there, not only once its goroutine is awake: it comes before what is queued.
	run  *runContext
	back <-chan struct{}
}

// Wait blocks until the input has run or was dropped, and returns the outcome:
// what the job returned (and [ErrPoolClosed] with it, if Close had cancelled the
// run), a [*PanicError], [ErrGoexit], or, for an input that never ran, the reason.
// When ctx ends first, Wait returns its error; that does not cancel the run,
// which the context given to Submit does. An outcome that is there wins over a
// ctx that has ended.
//
// A job that waits for its own pool gives up its slot meanwhile, if ctx is the job's
// or derived from it, so it cannot wait forever. Before Wait returns, it has its
// slot back, unless Close has cancelled everything.
func (t *Ticket[Out]) Wait(ctx context.Context) (Out, error) {
	mustContext(ctx)
	if t.isSettled() {
		return t.out, t.err
	}
	var out Out
	r := t.ref.runOf(ctx)
	if r != nil {
		if err := t.ref.nestedFault(); err != nil {
			return out, err
		}
		t.ref.slots.yieldSlot(r)
	}
	if t.wait(ctx, r) {
		return t.out, t.err
	}
	t.askBack(r)
	return out, t.ref.endedWhile(isWaiting, ctx.Err())
}

// Done returns a channel that is closed when the outcome is there: Wait then returns
// immediately. A job that receives from it keeps its slot; to wait for its own pool
// it calls Wait.
func (t *Ticket[Out]) Done() <-chan struct{} {
	t.mu.Lock()
	late := false // for settle to see the channel
	if t.done == nil {
		t.done = make(chan struct{})
		late = !t.watch()
	}
	done := t.done
	t.mu.Unlock()
	if late {
		close(done)
	}
	return done
}

// wait is Wait for the run r, which has yielded its slot, or for nobody's run. When
// wait returns true, r has its slot back. It returns false if ctx has ended first.
func (t *Ticket[Out]) wait(ctx context.Context, r *runContext) (settled bool) {
	w := t.register(r)
	if w == nil {
		t.askBack(r)
		return true
	}
	settled = true
	if end := ctx.Done(); end == nil {
		<-w.ch
	} else {
		select {
		case <-w.ch:
		case <-end:
			if settled = !t.unregister(w); settled {
				<-w.ch // meanwhile
			}
		}
	}
	if w.back != nil {
		t.ref.slots.awaitSlot(w.run, w.back)
	}
	w.run, w.back = nil, nil
	t.ref.waiters.Put(w)
	return settled
}

// askBack takes the slot of r back, if there is one, and blocks until r has it.
func (t *Ticket[Out]) askBack(r *runContext) {
	if r != nil {
		t.ref.slots.awaitSlot(r, t.ref.slots.askSlotBack(r))
	}
}

// register adds a waiter for r, or returns nil if the outcome is there.
func (t *Ticket[Out]) register(r *runContext) *ticketWaiter {
	if t.isSettled() {
		return nil
	}
	w, _ := t.ref.waiters.Get().(*ticketWaiter)
	if w == nil {
		w = &ticketWaiter{ch: make(chan struct{}, 1)}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.watch() {
		t.ref.waiters.Put(w)
		return nil
	}
	w.run, w.next, t.waiters = r, t.waiters, w
	return w
}

// onSettle has f called when the outcome is there. It returns false if it is.
func (t *Ticket[Out]) onSettle(f func() bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.watch() {
		return false
	}
	t.settles = f
	return true
}

// unregister takes w out again and reports whether it was still there.
func (t *Ticket[Out]) unregister(w *ticketWaiter) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for at := &t.waiters; *at != nil; at = &(*at).next {
		if *at == w {
			*at, w.next = w.next, nil
			return true
		}
	}
	return false
}

// settle makes the outcome known. It is called once.
func (t *Ticket[Out]) settle(out Out, err error, exited bool) {
	t.out, t.err, t.exited = out, err, exited
	if t.state.CompareAndSwap(pending, settled) {
		return
	}
	t.mu.Lock() // before it is settled: Done decides under mu who closes the channel
	t.state.Store(settled)
	w, done, settles := t.waiters, t.done, t.settles
	t.waiters, t.settles = nil, nil
	t.mu.Unlock()
	if settles != nil {
		settles()
	}
	if done != nil {
		close(done)
	}
	for w != nil {
		next := w.next // w may be used again as soon as it is signalled
		w.next = nil
		if w.run != nil {
			w.back = t.ref.slots.askSlotBack(w.run)
		}
		w.ch <- struct{}{}
		w = next
	}
}
