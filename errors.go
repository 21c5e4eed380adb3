package remuda

import (
	"errors"
	"fmt"
)

// Errors that a pool returns, to be checked with errors.Is.
var (
	// ErrPoolClosed says that the pool takes no more inputs, or that it was
	// closed before an accepted input had run or while it ran. It is also the
	// cause ([context.Cause]) of a job's context that Close cancelled. Where the
	// pool was closed by an error, which is what Err returns, the text has that.
	ErrPoolClosed = errors.New("remuda: pool is closed")

	// ErrPoolStarted is returned by Start when the pool has been started before.
	ErrPoolStarted = errors.New("remuda: pool is already started")

	// ErrNotStarted is returned by methods that need a started pool.
	ErrNotStarted = errors.New("remuda: pool is not started")

	// ErrMinReached is returned by Less and Resize below [Config.Min].
	ErrMinReached = errors.New("remuda: minimum number of workers reached")

	// ErrMaxReached is returned by More and Resize above [Config.Max].
	ErrMaxReached = errors.New("remuda: maximum number of workers reached")

	// ErrQueueFull is returned by TrySend and TrySubmit when the input would have to
	// wait for a place in the queue.
	ErrQueueFull = errors.New("remuda: queue is full")

	// ErrInvalidMin says that [Config.Min] is negative, or not 0 in a pool that
	// starts paused.
	ErrInvalidMin = errors.New("remuda: invalid minimum number of workers")

	// ErrInvalidMax says that [Config.Max] is negative or below Min.
	ErrInvalidMax = errors.New("remuda: invalid maximum number of workers")

	// ErrInvalidInitial says that [Config.Initial] is negative, not between Min
	// and Max, or not 0 in a pool that starts paused; or that a function which
	// takes a number of workers was given fewer than one.
	ErrInvalidInitial = errors.New("remuda: invalid initial number of workers")

	// ErrInvalidQueue says that [Config.Queue] is negative and not [Unbuffered].
	ErrInvalidQueue = errors.New("remuda: invalid queue bound")

	// ErrInvalidIdleTimeout says that [Config.IdleTimeout] is negative.
	ErrInvalidIdleTimeout = errors.New("remuda: invalid idle timeout")

	// ErrNilJob says that something that must not be nil is: a job or another
	// function, a builder, a middleware, what one of these returned, a source or a
	// sequence. The error says which.
	ErrNilJob = errors.New("remuda: nil job, builder, handler, source or sequence")

	// ErrSourceFed is returned by Do, Send and the like on a pool that takes its
	// inputs from a [Source] of its own.
	ErrSourceFed = errors.New("remuda: pool takes its inputs from its source")

	// ErrGoexit is the outcome of a job that ended its goroutine instead of
	// returning: it called [runtime.Goexit], or testing.T.FailNow did.
	ErrGoexit = errors.New("remuda: job ended its goroutine (runtime.Goexit)")
)

// A CloseError is what Close and Stop return when their context ended before the
// pool had. It unwraps to the context's error.
type CloseError struct {
	Running int // runs that were cancelled and had not returned yet
	Dropped int // inputs that were accepted and never ran

	pool string
	err  error
}

// Error says how much was left undone.
func (e *CloseError) Error() string {
	return in(e.pool, fmt.Sprintf("remuda: close gave up: %d running, %d dropped: %v", e.Running, e.Dropped, e.err))
}

// Unwrap returns the error of the context.
func (e *CloseError) Unwrap() error { return e.err }
