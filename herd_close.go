package remuda

import "context"

// CloseInputChan says that no more work comes: OutputChan is closed when all that
// was sent is processed and delivered. Work that is retried meanwhile is not
// affected, and the size of the herd can still be changed. It does not block, and a
// second call does nothing.
func (h *Herd[Body, Result]) CloseInputChan() {
	if h.closing.Swap(true) {
		return
	}
	h.pool.closeIntake()
	defer func() { // even if the logger panics or ends the goroutine
		h.inputClosed.Store(true)
		h.finish()
	}()
	h.logf("closed the input")
}

// Close ends the herd. It closes the input, waits until all work is processed and
// delivered (retries included, by one gopher if the herd has none), and returns
// nil: OutputChan is closed then, and nothing of the herd runs or logs any more.
// OutputChan has to be read meanwhile. Units that were sent to a herd that was
// never started fail with [ErrPoolClosed].
//
// When ctx ends first, the context of every unit that is being processed ends,
// units that nobody processed yet fail with [ErrPoolClosed], what does not fit into
// OutputChan is not delivered (the callbacks have seen it), and Close returns the
// error of ctx without waiting for process functions that ignore their context.
// OutputChan is closed when the last of them has returned.
//
// A second Close waits like the first and returns ErrPoolClosed. The size of the
// herd is 0 from the first Close on. Called by a process function, with the
// context of its work, Close does not wait, since it would wait for its caller.
//
// If nothing else went wrong, and the logger panicked where no caller and no unit
// of work could report it, Close returns that as a [*PanicError].
func (h *Herd[Body, Result]) Close(ctx context.Context) (err error) {
	h.mu.Lock()
	h.closed, h.size = true, 0
	h.mu.Unlock()
	defer func() { err = h.closePool(ctx) }() // even if the logger panics in CloseInputChan
	h.CloseInputChan()
	return nil
}

func (h *Herd[Body, Result]) closePool(ctx context.Context) error {
	err := h.pool.Close(ctx)
	select {
	case <-h.pool.Done():
	default: // ctx ended first, or belongs to a gopher's run
		return err
	}
	select { // the user's logger and callbacks may still be called
	case <-h.ended:
	case <-ctx.Done():
		if err == nil {
			err = ctx.Err()
		}
	}
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.fault
}

// finish ends the herd if the input is closed and all units are resolved.
//
// Once inputClosed is true, the pool accepts no unit any more, so the number of
// accepted ones is final. It is at most sent, since a unit is counted there first,
// and at least the number of resolved ones. So when these two, read in reverse
// order, are equal, all that may be left to do is to put units out. The gophers have
// done so when the pool is done; units that were dropped are delivered by Close. Code
// that changes one of the three numbers calls finish.
func (h *Herd[Body, Result]) finish() {
	if !h.inputClosed.Load() || h.succeeded.Load()+h.failed.Load() != h.sent.Load() {
		return
	}
	h.finishing.Do(func() {
		h.pool.beginClose()
		go h.end()
	})
}

// end waits for what is left to do, and closes the output.
func (h *Herd[Body, Result]) end() {
	<-h.pool.Done()
	h.dropping.Wait()     // a unit is added before it is counted as failed
	defer h.closeOutput() // even if the logger ends the goroutine
	h.protectedLogf("closed the output")
}

// closeOutput is the last that happens in a herd.
func (h *Herd[Body, Result]) closeOutput() {
	h.mu.Lock()
	h.silent = true
	h.mu.Unlock()
	h.logging.Wait()
	close(h.out)
	close(h.ended)
}
