package remuda

import (
	"context"
	"errors"
	"fmt"
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

// Do is one try of a unit of work.
func (g *gopher[Body, Result]) Do(ctx context.Context, in Work[Body, Result]) (_ Void, err error) {
	h, w := g.herd, &g.work
	*w = in
	settled := false
	defer func() {
		if !settled { // process has ended the goroutine, unless it was a callback
			w.ctx = nil
			err = h.fail(ctx, w, ErrGoexit)
		}
		*w = Work[Body, Result]{} // keep nothing alive
	}()
	if !h.started || w.retries > 0 && ctx.Err() != nil {
		// Never started, it is Close that wants the unit done; or Close gave up
		// waiting while the unit was sent back.
		settled = true
		return Void{}, h.fail(ctx, w, ErrPoolClosed)
	}
	w.ctx = ctx
	status, panicked := g.process()
	w.ctx = nil
	settled = true
	if panicked != nil {
		return Void{}, h.fail(ctx, w, panicked)
	}
	return Void{}, h.settle(ctx, w, status)
}

// process calls the process function. It does not return if that ends the
// goroutine; see recovered.
func (g *gopher[Body, Result]) process() (status Status, panicked *PanicError) {
	returned := false
	defer func() {
		if !returned {
			panicked = newPanicError(recover())
		}
	}()
	status = g.herd.process(&g.work)
	returned = true
	return status, nil
}

// settle acts on what the process function returned, and returns the error for
// the pool.
func (h *Herd[Body, Result]) settle(ctx context.Context, w *Work[Body, Result], status Status) error {
	switch {
	case status == Success:
		w.status = Success
		h.succeeded.Add(1)
		h.putOut(ctx, w, h.onSuccess)
		return nil
	case status == Failure || status == Retry && w.retries >= h.maxRetries:
		return h.fail(ctx, w, nil)
	case status == Retry && ctx.Err() != nil: // Close gave up waiting
		return h.fail(ctx, w, ErrPoolClosed)
	case status == Retry:
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
	defer func() { h.pool.requeue(ctx, *w, maxRetrying) }() // even if a callback ends the goroutine
	h.report(w, h.onRetry)
}

// fail puts out a unit that has failed, and returns the error for the pool.
func (h *Herd[Body, Result]) fail(ctx context.Context, w *Work[Body, Result], why error) error {
	w.status = Failure
	switch {
	case w.err == nil:
		w.err = why
	case why != nil: // a retry callback has failed before
		w.err = errors.Join(why, w.err)
	}
	h.failed.Add(1)
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
	ended, cancel := context.WithCancel(context.Background())
	cancel() // Close has given up: what does not fit into the output is not delivered
	_ = h.fail(ended, &w, err)
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
		h.finish()
	default:
		h.deliverSlowly(ctx, w)
	}
}

func (h *Herd[Body, Result]) deliverSlowly(ctx context.Context, w *Work[Body, Result]) {
	defer h.finish() // even if the logger ends the goroutine
	select {
	case h.out <- *w:
	case <-ctx.Done():
		h.protectedLogf("work %q was not delivered: the herd is closed", w.ID)
	}
}

// report logs what has become of a unit, and tells the callbacks. The first of
// these calls that panics, or ends the goroutine, is in the unit's error.
func (h *Herd[Body, Result]) report(w *Work[Body, Result], callbacks []func(*Work[Body, Result])) {
	if h.logger == nil && len(callbacks) == 0 {
		return
	}
	var failed error
	defer func() {
		switch {
		case w.err == nil:
			w.err = failed
		case failed != nil && w.status != Retry: // one is enough for all retries
			w.err = errors.Join(w.err, failed)
		}
	}()
	defer h.call(callbacks, w, &failed) // even if the logger ends the goroutine
	if h.logger != nil {                // checked here since boxing the arguments allocates
		protect(&failed, func() { h.logf("work %q: %v, retries: %d", w.ID, w.status, w.retries) })
	}
}

// call calls each of the callbacks with a copy of the unit, whatever the others
// do. If failed is nil, it is set to what went wrong first.
func (h *Herd[Body, Result]) call(callbacks []func(*Work[Body, Result]), w *Work[Body, Result], failed *error) {
	defer func() {
		if len(callbacks) > 0 { // one has ended the goroutine
			h.call(callbacks, w, failed)
		}
	}()
	for len(callbacks) > 0 {
		f := callbacks[0]
		callbacks = callbacks[1:]
		h.callOne(f, w, failed)
	}
}

func (h *Herd[Body, Result]) callOne(f func(*Work[Body, Result]), w *Work[Body, Result], failed *error) {
	var broken error
	defer func() {
		if broken == nil {
			return
		}
		if *failed == nil {
			*failed = broken
		}
		h.protectedLogf("work %q: callback: %q", w.ID, broken) // quoted, so that it makes no lines of its own
	}()
	protect(&broken, func() {
		c := *w
		f(&c)
	})
}
