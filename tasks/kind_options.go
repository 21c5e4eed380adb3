package tasks

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// A KindOption is a choice about a [Kind], for [Define].
type KindOption func(*settings)

func (s *settings) failf(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf("remuda: "+format, args...)
	}
}

// Attempts bounds how often a task is run before it is dead. The default is 20.
func Attempts(n int) KindOption {
	return func(s *settings) {
		if s.attempts = n; n < 1 {
			s.failf("Attempts(%d): at least 1", n)
		}
	}
}

// Backoff chooses how long a task waits after the given failed attempt, the first
// of which is 1. The default is a random time from the upper half of one that
// doubles, from a second to ten minutes, so that tasks that failed together do
// not come back together. f must be safe for concurrent use. Delays of more than
// 2 seconds are kept to about a quarter of a second.
func Backoff(f func(attempt int) time.Duration) KindOption {
	return func(s *settings) {
		if s.backoff = f; f == nil {
			s.failf("Backoff: nil")
		}
	}
}

func defaultBackoff(attempt int) time.Duration {
	d := min(time.Second<<min(max(attempt-1, 0), 20), 10*time.Minute)
	return d/2 + rand.N(d/2)
}

// Timeout bounds each attempt: the context of the run ends. The default is none.
func Timeout(d time.Duration) KindOption {
	return func(s *settings) {
		if s.timeout = d; d <= 0 {
			s.failf("Timeout(%v): must be positive", d)
		}
	}
}

// Lease is how long a worker may be out of the server's reach before another one
// runs its task. It does not bound the run: the lease is renewed while that
// lasts. The default is 30 seconds.
func Lease(d time.Duration) KindOption {
	return func(s *settings) {
		s.lease, s.asked.lease = d, true
		if d < 100*time.Millisecond {
			s.failf("Lease(%v): at least 100ms", d)
		}
	}
}

// Keep is how long the outcome of a task, and its ID, are remembered after its
// end. Dead tasks are remembered until they are redriven or deleted. The default
// is an hour.
func Keep(d time.Duration) KindOption {
	return func(s *settings) {
		if s.keep = d; d < 100*time.Millisecond {
			s.failf("Keep(%v): at least 100ms", d)
		}
	}
}

// MaxQueued bounds the tasks that wait or run; more are refused with ErrQueueFull.
// The default is a million.
func MaxQueued(n int) KindOption {
	return func(s *settings) {
		s.maxQueued, s.asked.maxQueued = int64(n), true
		if n < 1 {
			s.failf("MaxQueued(%d): at least 1", n)
		}
	}
}

// MaxRunning bounds the tasks that run at the same time, over all processes. The
// default is none.
func MaxRunning(n int) KindOption {
	return func(s *settings) {
		s.maxRunning, s.asked.maxRunning = n, true
		if n < 1 {
			s.failf("MaxRunning(%d): at least 1", n)
		}
	}
}

// Codec chooses how inputs and outputs become bytes. The default is [JSON].
func Codec(e Encoding) KindOption {
	return func(s *settings) {
		if s.codec = e; e == nil {
			s.failf("Codec: nil")
		}
	}
}
