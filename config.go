package remuda

import (
	"fmt"
	"time"
)

const (
	// DefaultQueue is the bound of a pool's queue when [Config.Queue] is 0.
	DefaultQueue = 1024

	// Unbuffered as [Config.Queue] makes the pool accept an input only when a
	// worker is free to take it, as an unbuffered channel does.
	Unbuffered = -1
)

// A Config holds the settings of a [Pool]. The zero value is a pool of one worker
// that can grow without bound and shrink to none.
//
// A pool never scales by itself: it has Initial workers, one if that is 0, until
// somebody calls More, Less or Resize. Package autoscale does, by the load.
type Config struct {
	// Name appears in Info, logs, metrics and errors. It may be empty.
	Name string

	// Min and Max bound what More, Less and Resize may make of the number of
	// workers; Max 0 is no upper bound. They do not start or end workers by
	// themselves.
	Min, Max int

	// Initial is the number of workers to start with; 0 means max(1, Min).
	Initial int

	// Paused starts the pool with no workers: it accepts inputs, and runs them
	// once More or Resize adds a worker. Min and Initial must be 0.
	Paused bool

	// Queue bounds the accepted inputs that wait for a worker. 0 means
	// [DefaultQueue]; [Unbuffered] means none. Memory is allocated as it is needed.
	Queue int

	// IdleTimeout frees the memory of workers that nobody needs. Once per
	// IdleTimeout, the pool ends as many workers as were idle throughout that time;
	// their built jobs are closed. They are made again when needed, so Current does
	// not change. 0 keeps them. It costs one timer while a worker is idle, and
	// nothing a run. The workers of a pool that is fed by a [Source] are never idle.
	IdleTimeout time.Duration

	// StopOnErrors closes the pool on the first error of a job: it takes no more
	// inputs, runs those it has accepted and ends. Run and Err return the error.
	// An input that a middleware refused does not stop the pool, since its job
	// never ran. Nor does a run whose context had ended, because its owner cancelled
	// it or, in a loop, its worker was retired, unless it panicked.
	StopOnErrors bool

	// Inline promises that jobs honour their context. Do may then run the job on the
	// caller's goroutine, in the slot of a worker that is free; it returns when the
	// job does. That costs a fifth of a hand-off with a context that can be
	// cancelled, two fifths with one that has a timeout for each call, most of which
	// is the timeout, and a thirteenth with one that can never end (its Done returns
	// nil). Without Inline, Do does so only for a context that can never end.
	//
	// The state of a built job stays exclusive to one run at a time. A job must not
	// rely on its goroutine: neither runtime.LockOSThread nor a shallow stack.
	Inline bool
}

// validate reports the first setting that contradicts another.
func (c Config) validate() error {
	switch {
	case c.Min < 0:
		return fmt.Errorf("%w: Min %d is negative", ErrInvalidMin, c.Min)
	case c.Paused && c.Min > 0:
		return fmt.Errorf("%w: Min %d in a pool that starts paused", ErrInvalidMin, c.Min)
	case c.Max < 0:
		return fmt.Errorf("%w: Max %d is negative", ErrInvalidMax, c.Max)
	case c.Max > 0 && c.Max < c.Min:
		return fmt.Errorf("%w: Max %d is less than Min %d", ErrInvalidMax, c.Max, c.Min)
	case c.Initial < 0:
		return fmt.Errorf("%w: Initial %d is negative", ErrInvalidInitial, c.Initial)
	case c.Paused && c.Initial > 0:
		return fmt.Errorf("%w: Initial %d in a pool that starts paused", ErrInvalidInitial, c.Initial)
	case c.Initial > 0 && c.Initial < c.Min:
		return fmt.Errorf("%w: Initial %d is less than Min %d", ErrInvalidInitial, c.Initial, c.Min)
	case c.Max > 0 && c.Initial > c.Max:
		return fmt.Errorf("%w: Initial %d is more than Max %d", ErrInvalidInitial, c.Initial, c.Max)
	case c.Queue < Unbuffered:
		return fmt.Errorf("%w: Queue %d", ErrInvalidQueue, c.Queue)
	case c.IdleTimeout < 0:
		return fmt.Errorf("%w: %v is negative", ErrInvalidIdleTimeout, c.IdleTimeout)
	}
	return nil
}

// initial is the number of workers to start with.
func (c Config) initial() int {
	switch {
	case c.Paused:
		return 0
	case c.Initial > 0:
		return c.Initial
	default:
		return max(1, c.Min)
	}
}

// bound is the number of inputs that the queue may hold.
func (c Config) bound() int {
	switch c.Queue {
	case 0:
		return DefaultQueue
	case Unbuffered:
		return 0
	default:
		return c.Queue
	}
}
