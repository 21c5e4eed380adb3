package dispatch

import (
	"context"
	"slices"
)

// WaitAll returns at the first instant at which no accepted input is unresolved,
// or with the error of ctx.
func (d *Dispatcher[T, S]) WaitAll(ctx context.Context) error {
	ch := d.registerWaitAll()
	if ch == nil {
		return nil
	}
	select {
	case <-ch:
		return nil
	case <-ctx.Done():
		if d.unregisterWaitAll(ch) {
			return ctx.Err()
		}
		return nil // it was about to be told
	}
}

// registerWaitAll returns a channel that is closed when no accepted input is
// unresolved; nil if none is now.
func (d *state[T, S]) registerWaitAll() chan struct{} {
	d.outMu.Lock()
	defer d.outMu.Unlock()
	d.inMu.Lock()
	defer d.inMu.Unlock()
	d.awaited.Store(true) // so a Count that is not seen by what follows sees this
	if d.unresolvedLocked() == 0 {
		d.awaited.Store(len(d.waitAll) > 0)
		return nil
	}
	ch := make(chan struct{})
	d.waitAll = append(d.waitAll, ch)
	return ch
}

// unregisterWaitAll gives up a channel of registerWaitAll. It returns false if that
// was closed, or is about to be.
func (d *state[T, S]) unregisterWaitAll(ch chan struct{}) bool {
	d.inMu.Lock()
	defer d.inMu.Unlock()
	i := slices.Index(d.waitAll, ch)
	if i >= 0 {
		d.waitAll = slices.Delete(d.waitAll, i, i+1)
		d.awaited.Store(len(d.waitAll) > 0)
	}
	return i >= 0
}

// unresolvedLocked returns the number of accepted inputs that have not ended. It
// needs both locks.
func (d *state[T, S]) unresolvedLocked() uint64 {
	n := d.accepted - d.finished.Ended() - d.inline.Ended()
	for o := range d.delivered {
		n -= d.delivered[o].Load()
	}
	for b := d.batches.First(); b != nil; b = d.batches.Next(&b.links) {
		ended, _ := b.Progress()
		n -= uint64(ended)
	}
	return n
}

// noteResolvedLocked notes that an input has ended, maybe the last that WaitAll
// waits for.
func (d *state[T, S]) noteResolvedLocked(e *effects[T, S]) {
	e.checkAll = len(d.waitAll) > 0
}

// notifyWaitAll tells those who wait if no input is unresolved. Nobody is told too
// early: both locks are held while it counts.
func (d *Dispatcher[T, S]) notifyWaitAll() {
	d.outMu.Lock()
	if d.out.Places() > 0 { // by far the most frequent case: spare the senders' lock
		d.outMu.Unlock()
		return
	}
	d.inMu.Lock()
	var told []chan struct{}
	if len(d.waitAll) > 0 && d.unresolvedLocked() == 0 {
		told, d.waitAll = d.waitAll, nil
		d.awaited.Store(false)
	}
	d.inMu.Unlock()
	d.outMu.Unlock()
	for _, ch := range told {
		close(ch)
	}
}
