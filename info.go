package remuda

import (
	"context"
	"math"
	"time"

	"github.com/remuda-go/remuda/internal/runstate"
)

// Info says which run a context belongs to. It is valid during that run.
type Info struct {
	Pool    string // the pool's Config.Name
	Worker  int    // the worker's number in its pool, counted from 1 and never used again
	Run     uint64 // the run's number on that worker, counted from 1
	Attempt int    // 1, and more when middleware runs the job again; see SetAttempt

	run *runContext
}

// InfoFrom returns the Info of the run that ctx belongs to, and false if ctx
// does not come from a pool. It allocates nothing. A run that calls another
// pool has, in that pool's job, the Info of the inner run.
func InfoFrom(ctx context.Context) (Info, bool) {
	r, ok := ctx.Value(infoKey{}).(*runContext)
	if !ok {
		return Info{}, false
	}
	return Info{
		Pool:    r.ref.name,
		Worker:  r.info.id,
		Run:     r.info.runs,
		Attempt: int(r.state.Attempt.Load()),
		run:     r,
	}, true
}

// SetAttempt sets the Attempt of [Info] to n for the run that ctx belongs to, until
// it is called again. It is for a [Middleware] that runs a job several times: it
// calls SetAttempt before each further time, with one more than the Attempt that it
// finds, since a middleware around it may do the same. One whose inputs were tried
// elsewhere before says so with it. Every input starts at 1, and a lower n counts as
// 1.
//
// Outside of a run SetAttempt does nothing. It is safe for concurrent use and
// allocates nothing.
func SetAttempt(ctx context.Context, n int) {
	if r, ok := ctx.Value(infoKey{}).(*runContext); ok {
		r.state.Attempt.Store(int32(max(1, min(n, math.MaxInt32))))
	}
}

// Input returns the input of the run, converted to any only now, since that may
// allocate. It is nil in the zero Info. In a pool of [StartBatches] it is the slice
// of the inputs in the batch. It must not be called once the run has ended: its
// worker may have the next input by then.
func (i Info) Input() any {
	if i.run == nil || i.run.ended() {
		return nil
	}
	return i.run.info.input()
}

// Entered reports whether the run has reached its job, past all middleware. A
// Middleware whose next has returned an error can tell by it where the error comes
// from: while it is false, a middleware further inside has refused the input. Such
// an input counts as Dropped in [Stats] and not as Failed. It is true once one of
// several attempts has reached the job, and false in the zero Info.
func (i Info) Entered() bool {
	if i.run == nil || i.run.ended() {
		return false
	}
	entered := i.run.info.entered
	return entered == nil || *entered
}

// Queued returns how long the input waited for its worker after it had been
// accepted. It is 0 when Do ran on the caller's goroutine and in pools that are fed
// by a [Source]; an input of Map or Stream waits from the time its worker took it
// out of the sequence.
//
// A pool takes the time of inputs only once somebody asks, since a clock costs
// more than a queue: what was accepted before the first call of Queued reports
// 0, unless it is in the sample that middleware.Metrics takes. A [Middleware]
// that needs the first input too has a method WantsQueueTime() bool that returns
// true.
func (i Info) Queued() time.Duration {
	if i.run == nil {
		return 0
	}
	if t := &i.run.ref.clock.Timing; t.Load() != runstate.Timed { // all workers read it: no needless write
		t.Store(runstate.Timed)
	}
	return i.run.state.Queued
}

type infoKey struct{}
