package remuda

import (
	"context"
	"strconv"
)

// Status is the state of a unit of [Work]. A process function returns one of
// Success, Retry and Failure; anything else counts as Failure.
type Status int

const (
	// Pending is the zero Status: the work was not processed yet. So work that
	// nobody processed never seems successful.
	Pending Status = iota

	// Success says that the work is done.
	Success

	// Retry says that the work is to be processed again, up to the number of
	// retries that [Herd.SetMaxRetries] allows.
	Retry

	// Failure says that the work is not done and is not to be tried again.
	Failure
)

// String returns "pending", "success", "retry" or "failure".
func (s Status) String() string {
	switch s {
	case Pending:
		return "pending"
	case Success:
		return "success"
	case Retry:
		return "retry"
	case Failure:
		return "failure"
	default:
		return "status(" + strconv.Itoa(int(s)) + ")"
	}
}

// Work is a unit of work of a [Herd]: a problem on its way in, the problem with
// its solution on its way out. Make one with its exported fields alone:
//
//	remuda.Work[string, int]{ID: "1", Body: url}
//
// Work is a plain value: a copy does not change with the original. The herd
// gives the process function a pointer to a copy of its own, which belongs to
// that function until it returns; its methods are not safe for concurrent use.
type Work[Body, Result any] struct {
	ID   string // for the user; it need not be unique
	Body Body   // the problem; the process function may change it

	result  Result
	status  Status
	retries int
	err     error
	ctx     context.Context // of the run; nil outside of one
}

// SetResult sets the solution. It is kept when the work is retried.
func (w *Work[Body, Result]) SetResult(result Result) { w.result = result }

// Result returns what SetResult set last, or the zero Result.
func (w Work[Body, Result]) Result() Result { return w.result }

// Status returns the state of the work. Inside of a process function that is Pending
// at first, and Retry when the work is tried again.
func (w Work[Body, Result]) Status() Status { return w.status }

// Retries returns how many times the work was sent back to be tried again. It
// is 0 during the first try.
func (w Work[Body, Result]) Retries() int { return w.retries }

// Err returns why the work failed, if it was not the process function that said
// so: a [*PanicError] or [ErrGoexit] if that function did not return, an error
// that names the Status if it returned one that does not exist, [ErrPoolClosed]
// if [Herd.Close] had given up waiting before the work was processed, or before
// it was tried again, or if the herd was never started.
//
// It is a *PanicError or ErrGoexit, too, if a callback or the [Logger] did not
// return; the first of them, and together with why the work failed if there is a
// reason ([errors.Join]). Otherwise it is nil.
func (w Work[Body, Result]) Err() error { return w.err }

// Context returns the context of the run, inside of a process function. It ends
// when Herd.Close gives up waiting, and has the values of the context given to
// [Herd.SendWorkContext]. [InfoFrom] knows it. Outside of a process function it
// is context.Background().
func (w Work[Body, Result]) Context() context.Context {
	if w.ctx == nil {
		return context.Background()
	}
	return w.ctx
}
