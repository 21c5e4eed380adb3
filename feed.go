package remuda

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
)

// A feed is what a worker of a source-fed pool has besides. Such a worker has
// nothing to do with the queue and the free list: it runs from when it is made
// until it is stopped.
type feed struct {
	stopped atomic.Bool // takes no more inputs
	forever bool        // the source need not be asked
	pulling bool        // is in Next; the worker's own

	job     context.Context // of its runs; ends when the worker is retired
	cancel  context.CancelFunc
	next    context.Context // of its calls of Next; ends when the source has, too
	endNext context.CancelFunc

	begun   atomic.Uint64           // runs, unless it is forever; written by the worker
	tally   tally                   // the worker's own
	counts  [outcomes]atomic.Uint64 // what Stats sees of it
	watched atomic.Bool             // Stats has looked
}

func (p *Pool[In, Out]) newFeed() *feed {
	f := &feed{}
	_, f.forever = any(p.source).(forever)
	f.job, f.cancel = context.WithCancel(p.home.base)
	f.next, f.endNext = context.WithCancel(f.job)
	return f
}

// stop lets the worker end after its run.
func (f *feed) stop() {
	f.stopped.Store(true)
	f.endNext()
}

// count adds one. A loop of jobs that do nothing would spend half of its time on
// letting Stats know of each run, so it tells of every sixteenth success until
// Stats has looked for the first time.
func (f *feed) count(o outcome) {
	f.tally[o]++
	if n := f.tally[o]; n%16 == 0 || o != succeeded || !f.forever || f.watched.Load() {
		f.counts[o].Store(n)
	}
}

// addTo adds the counts to a tally, and reports whether the worker is in the
// middle of a run. It looks again when a run has begun meanwhile, so that what it
// adds and what it reports go together; of each run only the end can slip in.
func (f *feed) addTo(t *tally) (running bool) {
	f.watched.Store(true)
	for {
		begun, ended := f.begun.Load(), uint64(0)
		now := *t
		for o := range f.counts {
			n := f.counts[o].Load()
			now[o] += n
			ended += n
		}
		if f.begun.Load() == begun {
			*t = now
			return f.forever || begun > ended
		}
	}
}

// feeding is the bookkeeping of the workers of a source-fed pool. Pool.mu
// guards it.
type feeding[In, Out any] struct {
	wanted []*worker[In, Out]            // those that are to go on
	alive  map[*worker[In, Out]]struct{} // those, and the ones that are to end
}

// feedAll brings the workers in line with the crew's size, and returns those to
// be retired. It does nothing in a pool that has a queue. It needs mu.
func (p *Pool[In, Out]) feedAll() []*worker[In, Out] {
	if p.source == nil {
		return nil
	}
	f := &p.feeding
	if f.alive == nil {
		f.alive = make(map[*worker[In, Out]]struct{})
	}
	for len(f.wanted) < p.crew.size {
		w := p.crew.hire()
		w.feed = p.newFeed()
		w.ctx.parent = w.feed.job
		f.wanted = append(f.wanted, w)
		f.alive[w] = struct{}{}
		go p.workFed(w)
	}
	return p.unfeed(p.crew.size)
}

// unfeed takes all wanted workers but the first n out of the crew, and returns
// them. It needs mu.
func (p *Pool[In, Out]) unfeed(n int) []*worker[In, Out] {
	f := &p.feeding
	if n >= len(f.wanted) {
		return nil
	}
	out := slices.Clone(f.wanted[n:])
	clear(f.wanted[n:])
	f.wanted = f.wanted[:n]
	for range out {
		p.crew.leave()
	}
	return out
}

// workFed is the goroutine of a worker of a source-fed pool. As in work, what goes
// wrong around a run costs the run and not the worker; in Next it ends the pool.
func (p *Pool[In, Out]) workFed(w *worker[In, Out]) {
	ended := false
	defer func() {
		switch {
		case ended:
			return
		case p.breakFed(w, ErrGoexit):
			go p.goneFed(w)
		default:
			go p.workFed(w)
		}
	}()
	unlabel()
	for !ended {
		broke := p.shiftFed(w)
		ended = broke == nil || p.breakFed(w, broke)
	}
	p.goneFed(w)
}

// breakFed ends what a worker was doing when it panicked, or lost its goroutine.
// It reports whether the worker is to end.
func (p *Pool[In, Out]) breakFed(w *worker[In, Out], err error) bool {
	if w.feed.pulling { // not an answer to the end of Next's context
		p.shut(sourceError(err))
		return true
	}
	w.entered = true
	p.concludeFed(w, err)
	return false
}

// goneFed ends a worker: its counts move to the pool's.
func (p *Pool[In, Out]) goneFed(w *worker[In, Out]) {
	unlabel()
	w.feed.cancel()
	p.head.Lock()
	p.mu.Lock()
	for o, n := range w.feed.tally {
		p.finished[o] += n
	}
	delete(p.feeding.alive, w)
	p.mu.Unlock()
	p.head.Unlock()
	p.gone(w)
}

// shiftFed runs inputs until the worker is to end, and returns nil, or until
// something panics outside of the job, and returns that.
func (p *Pool[In, Out]) shiftFed(w *worker[In, Out]) (broke *PanicError) {
	returned := false
	defer func() {
		if !returned {
			broke = newPanicError(recover())
		}
	}()
	p.runFed(w)
	returned = true
	return nil
}

// runFed runs inputs until the worker is to end.
func (p *Pool[In, Out]) runFed(w *worker[In, Out]) {
	f := w.feed
	for !f.stopped.Load() {
		if !f.forever {
			if !p.pull(w) {
				return
			}
			unlabel()
		}
		if w.seat.input == nil {
			if err := p.equip(w); err != nil {
				p.concludeFed(w, err)
				continue
			}
		}
		w.ctx.begin(&w.seat, 0)
		if f.forever && w.run == nil {
			p.runForever(w)
			return
		}
		p.concludeFed(w, w.do(&w.ctx))
	}
}

// runForever runs a job that has no input and no middleware until its worker is
// stopped. It is what runFed does, without what is the same each time: that is
// two fifths of what a run costs here. The first run has been begun.
func (p *Pool[In, Out]) runForever(w *worker[In, Out]) {
	var in In
	for f := w.feed; !f.stopped.Load(); w.seat.runs++ {
		if _, err := w.job.Do(&w.ctx, in); err == nil {
			f.count(succeeded)
		} else {
			p.concludeFed(w, err)
		}
	}
}

// pull takes an input from the source. It returns false when there is none.
func (p *Pool[In, Out]) pull(w *worker[In, Out]) bool {
	w.feed.pulling = true
	in, err := p.source.Next(w.feed.next)
	w.feed.pulling = false
	if err != nil {
		p.dry(w, err)
		return false
	}
	w.feed.begun.Store(w.feed.begun.Load() + 1)
	w.in = in
	return true
}

// dry closes the pool after the source has returned an error, unless that is
// just how Next answers to the end of its context.
func (p *Pool[In, Out]) dry(w *worker[In, Out], err error) {
	switch {
	case err == io.EOF: // not errors.Is: see Source
		p.shut(nil)
	case !w.feed.stopped.Load():
		p.shut(sourceError(err))
	}
}

func sourceError(err error) error { return fmt.Errorf("remuda: source: %w", err) }

// concludeFed ends a run: its outcome is err.
func (p *Pool[In, Out]) concludeFed(w *worker[In, Out], err error) {
	in := w.in
	w.clear()
	o := w.outcome(err)
	w.feed.count(o)
	switch {
	case o == dropped:
		p.refused(in, err)
	case err != nil && p.stopOn(&w.ctx, err):
		p.home.cancel(ErrPoolClosed)
	}
}
