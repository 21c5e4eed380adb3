package remuda

import (
	"context"
	"io"

	"github.com/remuda-go/remuda/internal/dispatch"
	"github.com/remuda-go/remuda/internal/queuetime"
	"github.com/remuda-go/remuda/internal/safeerr"
)

// A runner begins and ends every run of a pool, whichever way the input came: from
// the queue, from Do on its caller's goroutine, from a stream or from a source.
// Those are its feeders. A feeder calls runJob, and breakRun if a run did not
// return.
type runner[In, Out any] struct {
	ref     poolRef
	cfg     Config
	mws     []Middleware
	builder JobBuilder[In, Out]
	built   bool // the builder is the user's: what it made is ours to close

	stop    func(error)          // closes the pool, because of a failed run
	endSlot func(*dispatch.Slot) // Dispatcher.EndSlot
}

// runnerState is what a worker needs to run jobs. It belongs to the worker's
// feeder.
type runnerState[In, Out any] struct {
	frame[In, Out]
	info   workerInfo
	shared *runContext // for inputs whose own context is empty; nil until needed

	run      *runContext       // of the run under way; nil between runs
	recorder recorder[In, Out] // of that run
	exited   bool              // the run ended its goroutine
	last     dispatch.Outcome  // of an input that nobody waits for; the next Fetch counts it
	result   result[Out]       // of a run on its caller's goroutine

	visiting visitor[In, Out]   // whose inputs the worker runs
	env      *envelope[In, Out] // of the run under way, if it is an input of the queue
	batch    *batch[In, Out]    // of a stream, that the worker has in hand
	rested   chan struct{}      // ends a rest, in a crew; of capacity 1
}

// A recorder is the part of a feeder that counts an outcome and hands it on.
type recorder[In, Out any] interface {
	record(s *runnerState[In, Out], out Out, err error, o dispatch.Outcome)
}

// runJob runs in with the context r, and has the outcome recorded.
func (rn *runner[In, Out]) runJob(s *runnerState[In, Out], r *runContext, in In, at queuetime.Stamp, rec recorder[In, Out]) {
	s.run, s.recorder, s.in = r, rec, in
	if s.info.input == nil {
		if err := rn.bindJob(s); err != nil {
			rn.finishRun(s, err)
			return
		}
	}
	r.begin(&s.info, at)
	rn.finishRun(s, s.do(r))
}

// bindJob gives a worker its job, inside its middleware. What the builder or a
// middleware panics with is left to the worker's goroutine.
func (rn *runner[In, Out]) bindJob(s *runnerState[In, Out]) error {
	s.entered = true // what goes wrong here is no refusal
	if s.job == nil {
		job := rn.builder.New()
		if err := faultOf(job, "job of the builder"); err != nil {
			return rn.cfg.fault(err)
		}
		s.job = job
	}
	s.pool = rn.cfg.Name
	if s.bind(s.job, rn.mws); s.chain != nil {
		s.info.entered = &s.entered
	}
	s.info.input = func() any { return s.in } // last: it says that the worker is bound
	return nil
}

// sharedContext returns the context for an input whose own is empty.
func (rn *runner[In, Out]) sharedContext(s *runnerState[In, Out]) *runContext {
	if s.shared == nil || rn.ref.nested.Load() {
		s.shared = newRunContext(rn.ref.base, &rn.ref, byPool)
	}
	return s.shared
}

// finishRun ends a run that returned err, or ended with it in another way.
func (rn *runner[In, Out]) finishRun(s *runnerState[In, Out], err error) {
	r := s.run
	o := dispatch.Succeeded
	if err != nil {
		o, err = rn.explain(s, err)
	}
	if r.mode != byPool { // checked here, since a call for nothing is 2 ns
		r.end()
	}
	if r.slot.Used() {
		rn.endSlot(&r.slot)
		r.hasEnded.Store(true)
		s.shared = nil
	}
	rec := s.recorder
	s.run, s.recorder = nil, nil
	rec.record(s, s.out, err, o)
	s.clear()
}

// explain says how to count a run that returned err, which is not nil, and what to
// tell of it. It closes the pool under Config.StopOnErrors.
func (rn *runner[In, Out]) explain(s *runnerState[In, Out], err error) (dispatch.Outcome, error) {
	o := outcomeOf(err)
	if o == dispatch.Failed && !s.entered {
		o = dispatch.Dropped // a middleware has refused it
	} else {
		rn.stopOnError(s.run, err, o)
	}
	return o, rn.wrapClosed(s.run, err)
}

// dropItem ends an input whose run never began.
func (rn *runner[In, Out]) dropItem(s *runnerState[In, Out], r *runContext, in In, err error, rec recorder[In, Out]) {
	r.end()
	s.in = in
	var out Out
	rec.record(s, out, err, dispatch.Dropped)
	s.clear()
}

// breakRun ends the run that was under way when its goroutine panicked, or was ended
// by runtime.Goexit: exited is true then.
func (rn *runner[In, Out]) breakRun(s *runnerState[In, Out], err error, exited bool) {
	if s.run == nil {
		if exited {
			return // in a hook of the user's, which has cost nobody anything
		}
		panic(err) // the fault is our own
	}
	if broke, ok := err.(*PanicError); ok {
		err = broke.in(rn.cfg.Name)
	}
	s.entered, s.exited = true, exited
	rn.finishRun(s, err)
	s.exited = false
}

// stopOnError closes the pool after a run that failed, under Config.StopOnErrors.
// That its owner cancelled a run says nothing about the job, whatever error the job
// made of it.
func (rn *runner[In, Out]) stopOnError(r *runContext, err error, o dispatch.Outcome) {
	if rn.cfg.StopOnErrors && (r.Err() == nil || o == dispatch.Panicked) {
		rn.stop(err)
	}
}

// wrapClosed adds ErrPoolClosed to the error of a run that Close has cancelled,
// since its caller, who has cancelled nothing, gets to see it.
func (rn *runner[In, Out]) wrapClosed(r *runContext, err error) error {
	if r.ref.base.Err() == nil || !safeerr.Is(err, context.Canceled) || safeerr.Is(err, ErrPoolClosed) || context.Cause(r) != ErrPoolClosed {
		return err
	}
	return &closedRunError{rn.cfg.fault(ErrPoolClosed), err}
}

// closeJob closes a worker's job, if it is ours to close, and calls then with the
// outcome, even if that panics or ends the goroutine.
func (rn *runner[In, Out]) closeJob(s *runnerState[In, Out], then func(error)) {
	if c, ok := s.job.(io.Closer); ok && rn.built {
		closeSafely(c, then)
	} else {
		then(nil)
	}
}

// closeSafely closes c, and calls then with the outcome. It does so, too, if c
// panics, or ends the goroutine, which nothing can stop.
func closeSafely(c io.Closer, then func(error)) {
	err := ErrGoexit
	defer func() { then(err) }()
	err = closed(c)
}
