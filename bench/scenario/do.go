package scenario

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
)

// Doing is a contender that runs an input on a worker while the caller waits. A
// contender that is only Sending takes part with a channel for the answers.
type Doing interface {
	Contender
	Doer(workers, callers int, job func(in int) int) Doer
}

// InlineDoing is a contender that can run the job on the caller's goroutine.
type InlineDoing interface {
	Contender
	InlineDoer(workers, callers int, job func(in int) int) Doer
}

// A Doer runs an input and returns its output. Callers are numbered from 0, and
// each is one goroutine. Do waits for the output and for the end of ctx at the
// same time, if ctx can end and the contender has a way to; no scenario ends a
// context, so that a Doer may panic then.
type Doer interface {
	Do(ctx context.Context, caller, in int) int
	Close()
}

// The ways in which Do is called.
const (
	handOff = "hand-off"
	timeout = "timeout"
	inline  = "inline"
)

// Do is a round trip.
func Do(contenders []Contender) Scenario {
	s := Scenario{
		Name:  "do",
		Title: "Do: a round trip",
		About: "Callers wait for each output before their next input; there is a worker for each processor and the job is a no-op. " +
			"`hand-off`: the context of the call can be cancelled, so that the job runs on a worker and the call could leave it. Contenders without a call that returns " +
			"an output answer on a channel that is made for each call, and wait for it and for the context with a select; only `unbuffered` reuses its channel and can't leave. " +
			"`timeout`: the same, and each call has a `context.WithTimeout` of its own, which is part of the time. " +
			"`inline`: the context can never end, so that remuda runs the job on the caller's goroutine, in a worker's place; here all channels are reused.",
	}
	for _, way := range []string{handOff, timeout, inline} {
		for _, callers := range []int{1, 100} {
			s.Cases = append(s.Cases, doCase(contenders, way, callers))
		}
	}
	return s
}

func doCase(contenders []Contender, way string, callers int) Case {
	c := Case{
		Cells:    []Cell{{Name: fmt.Sprintf("%s, callers: %d", way, callers), Unit: "ns/op", Charted: true}},
		Floor:    "chan + fresh reply",
		Ops:      150_000,
		QuickOps: 40_000,
	}
	if way == inline {
		c.Floor = "Weighted"
		c.Entries = enter(contenders, func(c InlineDoing, ops int) ([]Sample, error) {
			return roundTrips(c.InlineDoer, way, callers, ops)
		})
	}
	for _, contender := range contenders {
		start := doerOf(contender)
		if start == nil || way == inline && contender.Kind() != Peer {
			continue
		}
		c.Entries = append(c.Entries, Entry{Contender: contender, Run: func(ops int) ([]Sample, error) {
			return roundTrips(start, way, callers, ops)
		}})
	}
	return c
}

// doerOf returns how to start a contender as a Doer, or nil if it can't be one.
func doerOf(c Contender) func(workers, callers int, job func(in int) int) Doer {
	switch c := c.(type) {
	case Doing:
		return c.Doer
	case Sending:
		return func(workers, callers int, job func(in int) int) Doer {
			return NewReplies(c.Sender, workers, callers, job)
		}
	}
	return nil
}

func roundTrips(start func(workers, callers int, job func(in int) int) Doer, way string, callers, ops int) ([]Sample, error) {
	d := start(runtime.GOMAXPROCS(0), callers, increment)
	defer d.Close()
	ctx := context.Background()
	if way != inline {
		cancellable, cancel := context.WithCancel(ctx)
		defer cancel()
		ctx = cancellable
	}
	do := d.Do
	if way == timeout {
		do = func(ctx context.Context, caller, in int) int {
			ctx, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			return d.Do(ctx, caller, in)
		}
	}
	var wrong atomic.Int64
	call := func(caller int) {
		from, to := share(caller, callers, ops)
		bad := 0
		for in := from; in < to; in++ {
			if do(ctx, caller, in) != in+1 {
				bad++
			}
		}
		wrong.Add(int64(bad))
	}
	sample := measure(ops, func() {
		if callers == 1 {
			call(0)
		} else {
			each(callers, call)
		}
	})
	if n := wrong.Load(); n > 0 {
		return nil, fmt.Errorf("%d of %d outputs are wrong", n, ops)
	}
	return []Sample{sample}, nil
}
