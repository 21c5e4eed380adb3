package remuda

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/remuda-go/remuda/internal/runstate"
)

// home is what runs and tickets know of their pool: the part of it that has no
// type parameters. Its address is the context key by which a pool finds out
// that a call comes from one of its own jobs.
type home struct {
	name   string
	base   context.Context // ends when Close gives up waiting, and with the pool
	cancel context.CancelCauseFunc
	epoch  time.Time // what stamps count from
	timing runstate.Timing
	lender lender // the pool itself

	waiters sync.Pool // of *waiter
}

// now returns the nanoseconds since the pool started; never 0.
func (h *home) now() int64 { return int64(time.Since(h.epoch)) + 1 }

// A runContext is the context of a run. Each worker has one, used for all the
// inputs that came with an empty context; an input that came with a context of
// its own gets its own runContext, never used again, since a job may keep it
// (through context.WithoutCancel, say) and must not see another caller's values
// in it then.
//
// The caller's context and the pool's meet in it. A job that never asks for
// Done pays nothing for that: only then is a context made that ends with both.
type runContext struct {
	home   *home
	parent context.Context
	tie    tie
	over   atomic.Bool // the run has ended; stays false in a context that is used again
	merged atomic.Pointer[merger]

	// Guarded by the pool's mu.
	waits   int           // nested calls of this run that wait
	resumed chan struct{} // closed when it has its place back; nil unless it waits for that

	// The current run, written before it begins.
	seat  *seat
	state runstate.State
}

// A seat is what the context of a run tells of its worker.
type seat struct {
	worker int        // its number
	runs   uint64     // that it has begun
	input  func() any // of the current run

	entered *bool // the current run has come to its job; nil if nothing is before that
}

// tie says how the end of a run's context depends on its parent's.
type tie uint8

const (
	tied     tie = iota // parent is derived from the pool's base context: it decides
	untied              // parent is the caller's: whichever of the two ends first decides
	detached            // parent is the caller's and gives values only: the base decides
)

// A merger is a context that ends with both the caller's and the pool's.
type merger struct {
	context.Context
	cancel context.CancelCauseFunc
	stop   func() bool // unties it from the pool
}

// runOver takes the place of a merger that nobody had asked for until the run
// ended.
var runOver = func() *merger {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return &merger{Context: ctx}
}()

// begin makes r the context of a run that starts now.
// Its input was accepted at the given time, if that is not 0.
func (r *runContext) begin(s *seat, at stamp) {
	s.runs++
	if r.seat != s { // not the worker's own, or its first run
		r.seat = s
	}
	if at != 0 {
		r.state.Queued, r.state.Inputs = at.waited(r.home)
	} else if r.state.Inputs != 0 {
		r.state.Queued, r.state.Inputs = 0, 0
	}
	if r.state.Attempt.Load() != 1 {
		r.state.Attempt.Store(1)
	}
}

// end releases what the run's context holds in its parents. Only a context that
// is used for one run ends with it. What it has told of its end stays as it is.
func (r *runContext) end() {
	if r.tie != untied {
		return
	}
	r.over.Store(true)
	end := runOver
	if r.parent.Err() != nil {
		end = &merger{Context: r.parent}
	}
	if !r.merged.CompareAndSwap(nil, end) {
		m := r.merged.Load()
		m.stop()
		m.cancel(nil)
	}
}

func (r *runContext) ended() bool { return r.over.Load() }

// merge returns the context that ends with both parents, made on first need.
func (r *runContext) merge() *merger {
	if m := r.merged.Load(); m != nil {
		return m
	}
	m := &merger{}
	m.Context, m.cancel = context.WithCancelCause(r.parent)
	m.stop = context.AfterFunc(r.home.base, func() { m.cancel(context.Cause(r.home.base)) })
	if r.home.base.Err() != nil { // AfterFunc would say so too late
		m.cancel(context.Cause(r.home.base))
	}
	if !r.merged.CompareAndSwap(nil, m) {
		m.stop()
		m.cancel(nil)
		return r.merged.Load()
	}
	return m
}

func (r *runContext) Deadline() (time.Time, bool) {
	if r.tie == detached {
		return time.Time{}, false
	}
	return r.parent.Deadline()
}

func (r *runContext) Done() <-chan struct{} {
	switch r.tie {
	case tied:
		return r.parent.Done()
	case detached:
		return r.home.base.Done()
	default:
		return r.merge().Done()
	}
}

func (r *runContext) Err() error {
	switch r.tie {
	case tied:
		return r.parent.Err()
	case detached:
		return r.home.base.Err()
	}
	if m := r.merged.Load(); m != nil && m.Err() != nil {
		return m.Err()
	}
	// What has been told once must be told again, even if it is yet to come to
	// a merger that somebody has asked for meanwhile.
	if err := r.parent.Err(); err != nil {
		return err
	}
	if r.home.base.Err() != nil {
		return r.merge().Err()
	}
	return nil
}

func (r *runContext) Value(key any) any {
	switch k := key.(type) {
	case infoKey:
		return r
	case runstate.TimingKey:
		return &r.home.timing
	case runstate.Key:
		return &r.state
	case *home:
		if k == r.home {
			return r
		}
		if r.tie == detached { // the run that sent the input does not wait for it
			return nil
		}
	}
	switch r.tie {
	case tied:
		return r.parent.Value(key)
	case detached:
		// The key by which package context finds the nearest context that can
		// be cancelled must lead to base, not to the caller's.
		if v := r.home.base.Value(key); v != nil {
			return v
		}
		return r.parent.Value(key)
	}
	// Once merged, or once the pool is cancelled, the same key must lead to the
	// merger, whose cause tells the truth.
	m := r.merged.Load()
	if m == nil && r.home.base.Err() != nil {
		m = r.merge()
	}
	if m != nil && m != runOver {
		return m.Value(key)
	}
	return r.parent.Value(key)
}

// String keeps fmt from walking through the pool's internals.
func (r *runContext) String() string { return "remuda.run" }

// abandoned returns the error of a caller's context that ended before its run
// began, and nil if it has not, or if the run does not depend on it.
func (r *runContext) abandoned() error {
	if r.tie != untied {
		return nil
	}
	return r.parent.Err()
}
