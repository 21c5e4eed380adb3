package remuda

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/remuda-go/remuda/internal/dispatch"
	"github.com/remuda-go/remuda/internal/queuetime"
	"github.com/remuda-go/remuda/internal/runstate"
)

// A runContext is the context of a run. Each worker has one, used for all the
// inputs that came with an empty context; an input that came with a context of
// its own gets its own runContext, never used again, since a job may keep it
// (through context.WithoutCancel, say) and must not see another caller's values
// in it then.
//
// The caller's context and the pool's meet in it. A job that never asks for
// Done pays nothing for that: only then is a context made that ends with both.
type runContext struct {
	ref      *poolRef
	parent   context.Context
	mode     cancelMode
	hasEnded atomic.Bool // the run has ended; stays false in a context that is used again
	linked   atomic.Pointer[linkedContext]
	slot     dispatch.Slot

	// The current run, written before it begins.
	info      *workerInfo
	standsFor uint32 // inputs that a sampled time in queue stands for; 0 for the usual
	state     runstate.State
}

// workerInfo is what the context of a run tells of its worker.
type workerInfo struct {
	id    int        // its number
	runs  uint64     // that it has begun
	input func() any // of the current run; nil until the worker has its job

	entered *bool // the current run has come to its job; nil if nothing is before that
}

// cancelMode says what ends a run's context, besides the end of the run.
type cancelMode uint8

const (
	// byPool: parent is derived from the pool's base context and decides. The
	// context is used for many runs and does not end with any of them.
	byPool cancelMode = iota
	// byEither: parent is the caller's; the first of the two to end decides.
	byEither
	// valuesOnly: parent is the caller's and gives values; the base decides.
	valuesOnly
)

// A linkedContext ends with the pool, with the caller if the mode says so, and with
// the run.
type linkedContext struct {
	context.Context
	cancel context.CancelCauseFunc
	unlink func() bool // from the pool
}

// endedContext stands for a linkedContext that nobody asked for before the run
// ended.
var endedContext = func() *linkedContext { //nolint:gochecknoglobals // it never changes
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return &linkedContext{Context: ctx}
}()

// newRunContext returns a context for one run, of an input that came with ctx.
func newRunContext(ctx context.Context, ref *poolRef, mode cancelMode) *runContext {
	return &runContext{ref: ref, parent: ctx, mode: mode}
}

// begin makes r the context of a run that starts now, on the worker of info. Its
// input was accepted at the given time, if that is not 0.
func (r *runContext) begin(info *workerInfo, at queuetime.Stamp) {
	info.runs++
	if at != 0 || r.info != info || r.state.Inputs != 0 || r.state.Attempt.Load() != 1 {
		r.set(info, at)
	}
}

// beginAgain is begin for a run that differs from the one before in nothing but its
// number.
func (r *runContext) beginAgain(info *workerInfo) {
	if info.runs++; r.state.Attempt.Load() != 1 {
		r.state.Attempt.Store(1)
	}
}

// set is the part of begin that most runs in a context that is used again do without:
// they find what they need.
func (r *runContext) set(info *workerInfo, at queuetime.Stamp) {
	r.info = info
	r.state.Attempt.Store(1)
	if at == 0 {
		r.state.Queued, r.state.Inputs = 0, 0
		return
	}
	r.state.Queued, r.state.Inputs = at.Waited(&r.ref.clock)
	if r.standsFor != 0 {
		r.state.Inputs, r.standsFor = r.standsFor, 0
	}
}

// end ends the context with its run, if it is for one run, and releases what it
// holds in its parents. An error that Err has returned before stays the same.
func (r *runContext) end() {
	if r.mode == byPool {
		return
	}
	r.hasEnded.Store(true)
	end := endedContext
	if by := r.decider(); by.Err() != nil {
		end = &linkedContext{Context: by}
	}
	if !r.linked.CompareAndSwap(nil, end) {
		l := r.linked.Load()
		l.unlink()
		l.cancel(nil)
	}
}

func (r *runContext) ended() bool { return r.hasEnded.Load() }

// decider is the context whose end is the end of the run, as long as the two have
// not been linked.
func (r *runContext) decider() context.Context {
	if r.mode == valuesOnly {
		return r.ref.base
	}
	return r.parent
}

// callerErr returns the error of a caller's context that ended before its run
// began, and nil if it has not, or if the run does not depend on it.
func (r *runContext) callerErr() error {
	if r.mode != byEither {
		return nil
	}
	return r.parent.Err()
}

// link returns the context that ends with all that r ends with, made on first
// need.
func (r *runContext) link() *linkedContext {
	if l := r.linked.Load(); l != nil {
		return l
	}
	l := &linkedContext{unlink: func() bool { return true }}
	l.Context, l.cancel = context.WithCancelCause(r.decider())
	if base := r.ref.base; r.mode == byEither {
		l.unlink = context.AfterFunc(base, func() { l.cancel(context.Cause(base)) })
		if base.Err() != nil { // AfterFunc would say so too late
			l.cancel(context.Cause(base))
		}
	}
	if !r.linked.CompareAndSwap(nil, l) {
		l.unlink()
		l.cancel(nil)
		return r.linked.Load()
	}
	return l
}

func (r *runContext) Deadline() (time.Time, bool) {
	if r.mode == valuesOnly {
		return time.Time{}, false
	}
	return r.parent.Deadline()
}

func (r *runContext) Done() <-chan struct{} {
	if r.mode == byPool {
		return r.parent.Done()
	}
	return r.link().Done()
}

func (r *runContext) Err() error {
	if r.mode == byPool {
		return r.parent.Err()
	}
	if l := r.linked.Load(); l != nil && l.Err() != nil {
		return l.Err()
	}
	// An error that was returned once must be returned again, even while the linked
	// context, which somebody has asked for meanwhile, has not heard of it.
	if err := r.decider().Err(); err != nil {
		return err
	}
	if r.ref.base.Err() != nil {
		return r.link().Err()
	}
	return nil
}

func (r *runContext) Value(key any) any {
	switch k := key.(type) {
	case infoKey:
		return r
	case runstate.TimingKey:
		return &r.ref.clock.Timing
	case runstate.Key:
		return &r.state
	case *poolRef:
		if k == r.ref {
			return r
		}
		if r.mode == valuesOnly { // the run that sent the input does not wait for it
			return nil
		}
	}
	if r.mode == byPool {
		return r.parent.Value(key)
	}
	// The key by which package context finds the nearest context that can be
	// cancelled must lead to the one whose cause tells the truth: the linked one, if
	// there is one, or once the pool is cancelled.
	l := r.linked.Load()
	if l == nil && r.ref.base.Err() != nil {
		l = r.link()
	}
	if l != nil && l != endedContext {
		if v := l.Value(key); v != nil {
			return v
		}
	} else if r.mode == valuesOnly {
		if v := r.ref.base.Value(key); v != nil {
			return v
		}
	}
	return r.parent.Value(key)
}

// String keeps fmt from walking through the pool's internals.
func (r *runContext) String() string { return "remuda.run" }
