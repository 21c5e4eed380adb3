package remuda

import (
	"context"
	"fmt"
	"io"
	"time"
)

// Close ends the pool: it takes no more inputs, runs those that it has accepted
// (with one worker if there are none), and returns nil once all workers have
// ended, those that Less retired included. Senders that are blocked get
// [ErrPoolClosed].
//
// When ctx ends first, Close cancels the context of every run with the cause
// ErrPoolClosed (a run that then returns context.Canceled fails with both),
// drops what is still queued (the outcome of each is ErrPoolClosed) and returns
// the error of ctx at once, even if a job ignores its context. Done tells when
// the last one has returned.
//
// The workers of a pool that is fed by a [Source] run non-stop, so there Close
// cancels their contexts to begin with.
//
// A second Close waits like the first, within its own ctx, and returns
// ErrPoolClosed. A pool that was closed before it was started cannot be started
// any more.
//
// Called by a job, with the job's context, Close does not wait, since it would
// wait for its caller: it returns nil as soon as the pool is closing.
func (p *Pool[In, Out]) Close(ctx context.Context) error {
	p.shut(nil)
	p.mu.Lock()
	again, started := p.closed, p.started
	p.closed = true
	p.mu.Unlock()
	var err error
	if again {
		err = p.cfg.fault(ErrPoolClosed)
	}
	if p.source != nil && started {
		p.home.cancel(ErrPoolClosed)
	}
	if p.home.nested(ctx) != nil {
		return err
	}
	select {
	case <-p.Done():
		return err
	default:
	}
	select {
	case <-p.Done():
		return err
	case <-ctx.Done():
	}
	if started { // else another Close is about to end it
		p.abandon()
	}
	if err != nil {
		return fmt.Errorf("%w: %w", err, ctx.Err())
	}
	return ctx.Err()
}

// CloseWithTimeout is Close with a context that ends after d: it returns
// [context.DeadlineExceeded] if it had to cancel jobs.
//
// It is not for jobs: without the context of the run it can't tell that its caller
// is one, waits for it for all of d, and then cancels it. A job calls Close with
// its own context.
func (p *Pool[In, Out]) CloseWithTimeout(d time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return p.Close(ctx)
}

// shut begins to close the pool, because of err if that is not nil. It does not
// block.
func (p *Pool[In, Out]) shut(err error) {
	p.head.Lock()
	p.mu.Lock()
	if p.closing {
		p.mu.Unlock()
		p.head.Unlock()
		return
	}
	p.open, p.closing, p.err = false, true, err
	refused := p.queue.unlinkAll()
	var c chores[In, Out]
	if p.queue.len() > 0 {
		p.crew.size = max(p.crew.size, 1)
		p.crew.starved = true // whoever is free, see to it
		c = p.adjust()
	} else {
		c.dismissed = p.crew.dismissible(true)
	}
	fed := p.unfeed(0)
	last := p.finishLocked()
	p.mu.Unlock()
	p.head.Unlock()
	for _, w := range fed {
		w.feed.stop()
	}
	answer(refused, p.cfg.fault(ErrPoolClosed))
	p.do(c)
	if last {
		p.finish()
	}
}

// abandon drops what is queued and cancels every run, in this order: a worker
// whose run ends with that finds nothing more to begin.
func (p *Pool[In, Out]) abandon() {
	p.head.Lock()
	p.mu.Lock()
	items := p.withoutGone(p.queue.takeAll())
	for i := range items {
		if !items[i].isClaim() {
			p.finished.count(dropped)
		}
	}
	p.mu.Unlock()
	p.head.Unlock()
	p.home.cancel(ErrPoolClosed)
	p.drop(items)
}

// drop tells whoever is to know that accepted items will never run. The user's
// function comes last, since it may panic: nobody must wait for ever then.
func (p *Pool[In, Out]) drop(items []item[In, Out]) {
	err := p.cfg.fault(ErrPoolClosed)
	var unasked []In
	for _, it := range items {
		switch {
		case it.isClaim():
			it.origin.stream.withdraw()
		case it.origin != nil && it.origin.awaited():
			var out Out
			if it.origin.run != nil {
				it.origin.run.end()
			}
			it.origin.ticket.settle(out, err)
		default:
			unasked = append(unasked, it.in)
		}
	}
	p.tell(unasked, err)
}

// finishLocked reports whether the last worker of a closed pool has ended; it
// does so once. It needs mu.
func (p *Pool[In, Out]) finishLocked() bool {
	if !p.closing || p.finishing || p.crew.total+p.crew.ending > 0 {
		return false
	}
	p.finishing = true
	return true
}

// finish ends the pool when its last worker has ended: it closes the source.
func (p *Pool[In, Out]) finish() {
	if c, ok := p.source.(io.Closer); ok {
		closeSafely(c, p.end)
	} else {
		p.end(nil)
	}
}

// end is the last that happens in a pool. It notes what closing the source
// returned.
func (p *Pool[In, Out]) end(closing error) {
	if p.home.cancel != nil { // the pool was started
		p.home.cancel(ErrPoolClosed)
	}
	p.mu.Lock()
	p.noteClosing(closing)
	done := p.doneLocked()
	p.mu.Unlock()
	close(done)
}
