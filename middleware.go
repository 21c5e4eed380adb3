package remuda

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"sync"
)

// A Handler is one run of a job, as a [Middleware] sees it. The input and the
// output are not among its arguments; [Info.Input] shows the input.
type Handler func(ctx context.Context) error

// A Middleware wraps each run of a job.
//
// Wrap is called once for each worker, before its first run. State in Wrap's
// own variables therefore belongs to one worker and needs no lock; state in the
// receiver is shared by all workers, and by all pools that use the value.
//
// The handler that Wrap returns may call next any number of times, one after
// the other; it must not return before next has. It may give next a context of
// its own, derived from the one it got, and must not keep the one it got after
// it has returned.
//
// A handler that returns an error without calling next has refused the input: its
// job never ran, so the input counts as dropped, not as failed. The caller gets the
// error, or [Pool.OnDrop] if there is no caller; [Config.StopOnErrors] ignores it. A
// job that was entered in one attempt and refused in the next has failed. What
// [Wrap] puts around a job counts as a part of the job.
//
// Beware of a handler that returns nil without calling next: the run then counts as
// a success, although the job never ran, and its caller gets the zero output and no
// error. To skip a job, return an error.
//
// A job that panics returns a [*PanicError] from next. A job that ends its
// goroutine ([runtime.Goexit], as testing.T.FailNow does) runs the deferred
// calls of each middleware and not the code after next: what must be undone has
// to be deferred.
//
// Middleware is not generic, so that a chain needs no type arguments; what
// needs the values is a wrapper around the job (see [Tap], [Fallback] and
// [Validate]).
type Middleware interface {
	Wrap(next Handler) Handler
}

// MiddlewareFunc is a function that is a [Middleware].
type MiddlewareFunc func(next Handler) Handler

// Wrap calls f.
func (f MiddlewareFunc) Wrap(next Handler) Handler {
	return f(next)
}

// Wrap returns job with mws around it, the first outermost: Wrap(job, A, B)
// runs A(B(job)), as New(A, B) does for all the jobs of a pool.
//
// The result is safe for concurrent use if job is. It keeps as many chains as
// there are concurrent runs, each of which counts as a worker for the state in
// a Middleware's Wrap. A panic in job is handed to the middleware as an error,
// as in a pool, and the result returns it as one; a panic in a middleware goes on
// to the caller. If job is an [io.Closer], the result closes it. Without mws the
// result is job itself. To a pool the result is the job: what mws refuse has
// failed, where what the pool's own middleware refuses is dropped. A nil job or
// middleware makes a job that Start refuses with [ErrNilJob].
func Wrap[In, Out any](job Job[In, Out], mws ...Middleware) Job[In, Out] {
	if err := cmp.Or(faultOf(job, "Wrap: job"), faultOfAll(mws, "Wrap: ")); err != nil {
		return faultyJob[In, Out]{err}
	}
	if len(mws) == 0 {
		return job
	}
	w := &wrapped[In, Out]{frames: sync.Pool{New: func() any {
		f := &frame[In, Out]{}
		if f.bind(job, mws); f.chain == nil { // whatever mws are, a panic is returned
			f.chain = f.call
		}
		return f
	}}}
	return made(w.Do, job)
}

// wrapped is a job inside its middleware, outside of a pool.
type wrapped[In, Out any] struct {
	frames sync.Pool // of *frame[In, Out]: one run uses one frame
}

func (w *wrapped[In, Out]) Do(ctx context.Context, in In) (Out, error) {
	f := w.frames.Get().(*frame[In, Out])
	// Not deferred: a frame whose run panicked or ended its goroutine is left
	// to the garbage collector, since its chain may be in any state.
	f.in = in
	err := f.chain(ctx)
	out := f.out
	f.clear()
	w.frames.Put(f)
	return out, err
}

// A frame carries the input and the output of a run past the middleware, which
// does not know their types. The chain is composed once, around a call that is
// bound to the frame, so that a run costs no allocation.
type frame[In, Out any] struct {
	job   Job[In, Out]
	chain Handler // all of it; nil until bind, and if there is none or it adds nothing
	in    In
	out   Out
	pool  string // its name

	entered bool // the run under way has come to the job, or can't be refused
}

// bind composes the chain around job, the first of mws outermost.
func (f *frame[In, Out]) bind(job Job[In, Out], mws []Middleware) {
	f.job, f.entered = job, true
	if len(mws) == 0 {
		return
	}
	innermost := Handler(f.call)
	chain := innermost
	for _, mw := range slices.Backward(mws) {
		if chain = mw.Wrap(chain); chain == nil { // not to be taken for no chain at all
			chain = func(context.Context) error {
				f.entered = true // this refuses nothing: it is broken
				return ErrNilJob
			}
		}
	}
	if !same(chain, innermost) { // as when each layer hands back what it gets: Logger(nil) does
		f.chain = chain
	}
}

// same reports whether a and b have the same code, which for a handler that is
// bound to a frame no other has.
func same(a, b Handler) bool {
	return reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer()
}

// do runs the job inside its chain. Without one it is called as it is, and the
// caller sees to panics: that saves a tenth of what it costs to run nothing.
func (f *frame[In, Out]) do(ctx context.Context) (err error) {
	if f.chain != nil {
		f.entered = false
		return f.chain(ctx)
	}
	f.out, err = f.job.Do(ctx, f.in)
	return err
}

// call is the innermost handler. It turns a panic into an error here, so that
// every middleware sees it.
func (f *frame[In, Out]) call(ctx context.Context) (err error) {
	f.entered = true
	returned := false
	defer func() {
		if !returned { // recover may return nil: see GODEBUG=panicnil=1
			err = newPanicError(recover()).in(f.pool)
		}
	}()
	f.out, err = f.job.Do(ctx, f.in)
	returned = true
	return err
}

// clear forgets both values, so that an idle worker keeps nothing alive.
func (f *frame[In, Out]) clear() {
	var in In
	var out Out
	f.in, f.out = in, out
}
