package scenario

import (
	"fmt"
	"runtime"
	"sync/atomic"
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
// each is one goroutine.
type Doer interface {
	Do(caller, in int) int
	Close()
}

// Do is a round trip.
func Do(contenders []Contender) Scenario {
	s := Scenario{
		Name:  "do",
		Title: "Do: a round trip",
		About: "Callers wait for each output before their next input; there is a worker for each processor and the job is a no-op. " +
			"`hand-off`: remuda's Do gets a context that can be cancelled, so that the job runs on a worker and Do could leave it; the others have no such promise to keep. " +
			"`inline`: its context can never end, so that the job runs on the caller's goroutine, in a worker's place; the peers are the same in both. " +
			"Contenders without a call that returns an output answer on a channel that each caller reuses.",
	}
	for _, inline := range []bool{false, true} {
		for _, callers := range []int{1, 100} {
			s.Cases = append(s.Cases, doCase(contenders, inline, callers))
		}
	}
	return s
}

func doCase(contenders []Contender, inline bool, callers int) Case {
	c := Case{
		Cells:    []Cell{{Name: fmt.Sprintf("hand-off, callers: %d", callers), Unit: "ns/op", Charted: true}},
		Floor:    "unbuffered",
		Ops:      150_000,
		QuickOps: 40_000,
	}
	if inline {
		c.Cells[0].Name = fmt.Sprintf("inline, callers: %d", callers)
		c.Floor = "semaphore"
		c.Entries = enter(contenders, func(c InlineDoing, ops int) ([]Sample, error) {
			return roundTrips(c.InlineDoer, callers, ops)
		})
	}
	for _, contender := range contenders {
		start := doerOf(contender)
		if start == nil || inline && contender.Kind() != Peer {
			continue
		}
		c.Entries = append(c.Entries, Entry{Contender: contender, Run: func(ops int) ([]Sample, error) {
			return roundTrips(start, callers, ops)
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

func roundTrips(start func(workers, callers int, job func(in int) int) Doer, callers, ops int) ([]Sample, error) {
	d := start(runtime.GOMAXPROCS(0), callers, func(in int) int { return in + 1 })
	defer d.Close()
	var wrong atomic.Int64
	call := func(caller int) {
		from, to := share(caller, callers, ops)
		bad := 0
		for in := from; in < to; in++ {
			if d.Do(caller, in) != in+1 {
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
