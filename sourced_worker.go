package remuda

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/remuda-go/remuda/internal/dispatch"
)

// A sourceWorker takes inputs from the source and runs them.
type sourceWorker[In, Out any] struct {
	runnerState[In, Out]
	pool *sourceWorkers[In, Out]

	stopped atomic.Bool     // takes no more inputs
	next    context.Context // of its calls of Next; ends when it is stopped
	endNext context.CancelFunc
	endRun  context.CancelFunc // of a loop: ends the run under way
	pulling bool               // is in Next; its own
	forever bool               // the source need not be asked

	begun   atomic.Uint64 // runs, unless it is forever; written by the worker
	tally   dispatch.Tally
	counts  [dispatch.Outcomes]atomic.Uint64 // what Stats sees of the tally
	watched atomic.Bool                      // Stats has looked
}

func newSourceWorker[In, Out any](ws *sourceWorkers[In, Out]) *sourceWorker[In, Out] {
	w := &sourceWorker[In, Out]{pool: ws}
	_, w.forever = any(ws.source).(forever)
	w.next, w.endNext = context.WithCancel(ws.runner.ref.base) //nolint:gosec // stopAll calls it
	run := ws.runner.ref.base
	if w.forever {
		run, w.endRun = context.WithCancel(run) //nolint:gosec // stopAll calls it
	} else {
		w.endRun = func() {}
	}
	w.shared = newRunContext(run, &ws.runner.ref, byPool)
	return w
}

// work is the goroutine of a worker; see core.work. What goes wrong in Next ends the
// pool.
func (w *sourceWorker[In, Out]) work() {
	unlabel()
	returned := false
	defer func() {
		switch {
		case returned:
		case w.broke(ErrGoexit, true):
			go w.end()
		default:
			go w.work() // this goroutine is lost
		}
	}()
	for ended := false; !ended; {
		broke := w.workUntilPanic()
		ended = broke == nil || w.broke(broke, false)
	}
	returned = true
	w.end()
}

// workUntilPanic takes and runs inputs until the worker is to end, and returns nil,
// or until something around a run, or Next, panics, and returns that.
func (w *sourceWorker[In, Out]) workUntilPanic() (broke *PanicError) {
	returned := false
	defer func() {
		if !returned {
			broke = newPanicError(recover())
		}
	}()
	for !w.stopped.Load() {
		in, ok := w.pull()
		if !ok {
			break
		}
		if !w.forever { // 5 ns would double what a loop costs
			unlabel()
		}
		w.pool.runner.runJob(&w.runnerState, w.shared, in, 0, w)
		if w.forever && w.info.input != nil {
			w.runForever()
		}
	}
	returned = true
	return nil
}

// broke ends what was under way when the goroutine panicked or was ended. It
// reports whether the worker is to end.
func (w *sourceWorker[In, Out]) broke(err error, exited bool) (end bool) {
	if !w.pulling {
		w.pool.runner.breakRun(&w.runnerState, err, exited)
		return false
	}
	w.pulling = false
	w.pool.close(w.pool.runner.sourceError(err)) // not an answer to the end of Next's context
	return true
}

func (w *sourceWorker[In, Out]) end() {
	unlabel()
	w.endNext()
	w.endRun()
	w.pool.runner.closeJob(&w.runnerState, func(closing error) {
		w.pool.note(closing)
		w.pool.gone(w)
	})
}

// runForever runs a job that has no input until its worker is stopped. It is what a run
// is, without what is the same each time: that is half of what it costs here. The first
// run has been. With one loop for both, which asks for the chain at each run, a bare run
// takes 6 ns instead of 4.8.
func (w *sourceWorker[In, Out]) runForever() {
	runs := w.runsOfChain
	if w.chain == nil {
		runs = w.runsOfJob
	}
	for !w.stopped.Load() {
		w.run, w.recorder = w.shared, w // for breakRun
		if err := runs(); err != nil {
			w.pool.runner.finishRun(&w.runnerState, err)
		}
	}
	w.run = nil
	w.clear()
}

// runsOfJob runs a bare job until it fails, and returns its error, or until the worker
// is stopped.
func (w *sourceWorker[In, Out]) runsOfJob() error {
	var in In
	r := w.shared
	for !w.stopped.Load() {
		r.beginAgain(&w.info)
		if _, err := w.job.Do(r, in); err != nil {
			return err
		}
		w.count(dispatch.Succeeded)
	}
	return nil
}

// runsOfChain does so with a job inside of middleware.
func (w *sourceWorker[In, Out]) runsOfChain() error {
	r := w.shared
	for !w.stopped.Load() {
		r.beginAgain(&w.info)
		w.entered = false
		if err := w.chain(r); err != nil {
			return err
		}
		w.count(dispatch.Succeeded)
	}
	return nil
}

// pull takes an input from the source. It returns false when there is none.
func (w *sourceWorker[In, Out]) pull() (in In, ok bool) {
	if w.forever {
		return in, true
	}
	w.pulling = true
	in, err := w.pool.source.Next(w.next)
	w.pulling = false
	switch {
	case err == nil:
		w.begun.Store(w.begun.Load() + 1)
		return in, true
	case err == io.EOF:
		w.pool.close(nil)
	case !w.stopped.Load(): // else that is just how Next answers to the end of its context
		w.pool.close(w.pool.runner.sourceError(err))
	}
	return in, false
}

func (rn *runner[In, Out]) sourceError(err error) error {
	return rn.cfg.fault(fmt.Errorf("remuda: source: %w", err))
}

var _ = (*sourceWorker[Void, Void]).record // is a recorder

// record counts the outcome of a run.
func (w *sourceWorker[In, Out]) record(_ *runnerState[In, Out], _ Out, err error, o dispatch.Outcome) {
	w.count(o)
	if o == dispatch.Dropped && !w.forever {
		w.pool.drops.tellRefused(w.in, err, w.pool.note)
	}
}
