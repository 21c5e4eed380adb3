// Package runstate is what a pool and the middleware of this module tell each
// other about a run, beyond what everybody sees in remuda.Info.
package runstate

import (
	"context"
	"sync/atomic"
	"time"
)

// A State belongs to one run, and is part of its context.
type State struct {
	Attempt atomic.Int32 // counts from 1

	// How long the input had waited when the run began, and how many inputs
	// that stands for: itself, and others whose time was not taken, run or not.
	// Both are 0 if its own was not.
	Inputs uint32
	Queued time.Duration
}

// Key is the context key of a run's *State.
type Key struct{}

// Of returns the state of the run that ctx belongs to, and nil if there is none.
// It allocates nothing.
func Of(ctx context.Context) *State {
	s, _ := ctx.Value(Key{}).(*State)
	return s
}

// A Deadline is the context that a middleware of this module derives from another to
// end it sooner. It has the values of its parent and no others.
type Deadline interface {
	context.Context
	Parent() context.Context
}

// A Timing says of which inputs a pool takes the time that they wait. Reading
// the clock twice costs more than the queue does.
type Timing struct{ atomic.Uint32 }

// What a Timing can be.
const (
	Untimed uint32 = iota
	Sampled        // all, unless they are too many: see package sampling; of a stream, one of each batch
	Timed          // all
)

// TimingKey is the context key of the *Timing of a run's pool.
type TimingKey struct{}

// SampleQueueTime makes the pool of the run that ctx belongs to, if there is
// one, take the time of inputs from now on. It allocates nothing.
func SampleQueueTime(ctx context.Context) {
	if t, ok := ctx.Value(TimingKey{}).(*Timing); ok && t.Load() == Untimed { // all workers read it: no needless write
		t.CompareAndSwap(Untimed, Sampled)
	}
}
