package remuda

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
)

// What a run returns to the pool when it was not a success, so that the pool
// counts it as failed.
var (
	errRetried = errors.New("remuda: work is tried again")
	errFailed  = errors.New("remuda: work failed")
)

// A gopher is the job of one worker of the herd's pool. The unit that it has in
// hand lies here, and not in an allocation of its own, which would cost a third
// of a run and, with many gophers, a collector that looks through all of their
// stacks again and again.
type gopher[Body, Result any] struct {
	herd *Herd[Body, Result]
	work Work[Body, Result]
}

func (h *Herd[Body, Result]) newGopher() Job[Work[Body, Result], Void] {
	return &gopher[Body, Result]{herd: h}
}

// Do is one try of a unit of work.
func (g *gopher[Body, Result]) Do(ctx context.Context, in Work[Body, Result]) (_ Void, err error) {
	h, w := g.herd, &g.work
	*w = in
	returned := false
	defer func() {
		if !returned {
			err = h.broken(ctx, w, recover())
		}
		*w = Work[Body, Result]{} // keep nothing alive
	}()
	if w.retries > 0 && ctx.Err() != nil { // Close gave up waiting while it was sent back
		returned = true
		return Void{}, h.fail(ctx, w, ErrPoolClosed)
	}
	w.ctx = ctx
	status := h.process(w)
	returned = true
	w.ctx = nil
	return Void{}, h.settle(ctx, w, status)
}

// broken fails a unit whose process function did not return: it panicked with v
// or, if v is nil, ended its goroutine. It must be called by a deferred function.
func (h *Herd[Body, Result]) broken(ctx context.Context, w *Work[Body, Result], v any) error {
	w.ctx = nil
	if v == nil {
		return h.fail(ctx, w, ErrGoexit)
	}
	return h.fail(ctx, w, newPanicError(v))
}

// settle acts on what the process function returned.
func (h *Herd[Body, Result]) settle(ctx context.Context, w *Work[Body, Result], status Status) error {
	switch status {
	case Success:
		w.status = Success
		h.count(&h.succeeded)
		h.putOut(ctx, w, h.onSuccess)
		return nil
	case Failure:
		return h.fail(ctx, w, nil)
	case Retry:
		if w.retries >= h.maxRetries {
			return h.fail(ctx, w, nil)
		}
		if ctx.Err() != nil { // Close gave up waiting
			return h.fail(ctx, w, ErrPoolClosed)
		}
		h.retry(ctx, w)
		return errRetried
	default:
		return h.fail(ctx, w, fmt.Errorf("remuda: process returned %v", status))
	}
}

// retry sends a unit back to the herd.
func (h *Herd[Body, Result]) retry(ctx context.Context, w *Work[Body, Result]) {
	w.status = Retry
	w.retries++
	h.retried.Add(1)
	defer func() { h.pool.requeue(ctx, *w) }() // even if a callback ends the goroutine
	h.report(w, h.onRetry)
}

// fail puts out a unit that has failed, and returns the error for the pool.
func (h *Herd[Body, Result]) fail(ctx context.Context, w *Work[Body, Result], why error) error {
	w.status = Failure
	if why != nil {
		w.err = why
	}
	h.count(&h.failed)
	h.putOut(ctx, w, h.onFailure)
	if why != nil {
		return why
	}
	return errFailed
}

// drop fails a unit that Close dropped before anybody had processed it.
func (h *Herd[Body, Result]) drop(w Work[Body, Result], err error) {
	h.dropping.Add(1)
	defer h.dropping.Done()
	_ = h.fail(h.pool.home.base, &w, err) // a context that has ended by now
}

// putOut hands a finished unit to the callbacks and to the reader of the output,
// for whom it waits until ctx ends.
func (h *Herd[Body, Result]) putOut(ctx context.Context, w *Work[Body, Result], callbacks []func(*Work[Body, Result])) {
	defer h.deliver(ctx, w) // even if a callback ends the goroutine
	h.report(w, callbacks)
}

func (h *Herd[Body, Result]) deliver(ctx context.Context, w *Work[Body, Result]) {
	select {
	case h.out <- *w: // a select of more than one costs three times as much
	default:
		select {
		case h.out <- *w:
		case <-ctx.Done():
			h.logf("work %q was not put out: the herd is closed", w.ID)
		}
	}
	h.finish()
}

// report logs what has become of a unit and tells the callbacks.
func (h *Herd[Body, Result]) report(w *Work[Body, Result], callbacks []func(*Work[Body, Result])) {
	if h.logger != nil { // checked here since boxing the arguments allocates
		h.logf("work %q: %v, retries: %d", w.ID, w.status, w.retries)
	}
	for _, f := range callbacks {
		h.call(f, w)
	}
}

// call calls a callback with a copy of the unit, and turns a panic into the
// unit's error.
func (h *Herd[Body, Result]) call(f func(*Work[Body, Result]), w *Work[Body, Result]) {
	defer func() {
		if v := recover(); v != nil {
			w.err = newPanicError(v)
			h.logf("work %q: callback: %v", w.ID, w.err)
		}
	}()
	c := *w
	f(&c)
}

// count counts a unit that is finished.
func (h *Herd[Body, Result]) count(c *atomic.Uint64) {
	if c.Add(1)%paceSample != 0 {
		return
	}
	if ahead, ok := h.pace.look(h.succeeded.Load() + h.failed.Load()); ok {
		h.pool.setBound(ahead)
	}
}

// finish ends the herd's work if the input is closed and all units are finished.
//
// Once inputClosed is true, the pool accepts no unit any more, so the number of
// accepted ones is final. It is at most sent, since a unit is counted there
// first, and at least the number of finished ones. So when these two, read in
// reverse order, are equal, all that may be left to do is to put units out. The
// gophers have done so when the pool is done; units that were dropped are put out
// by Close. Whoever changes one of the three numbers looks.
func (h *Herd[Body, Result]) finish() {
	if !h.inputClosed.Load() || h.succeeded.Load()+h.failed.Load() != h.sent.Load() {
		return
	}
	h.finished.Do(func() {
		h.pool.shut(nil)
		go func() {
			<-h.pool.Done()
			h.dropping.Wait() // entered before the unit was counted
			close(h.out)
			h.logf("closed the output")
		}()
	})
}
