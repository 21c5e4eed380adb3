package scenario

import (
	"runtime"
	"time"
)

// Gathering is a contender that takes a slice of inputs and returns one of
// their outputs. One that is only Sending takes part by having its jobs write
// into a slice.
type Gathering interface {
	Contender
	DoAll(workers int, in []int, job func(in int) int) (out []int)
}

// DoAll is a slice in, a slice out.
func DoAll(contenders []Contender) Scenario {
	const quick, slow, workers, run = 7, 16, 16, 20 * time.Millisecond
	return Scenario{
		Name:  "doall",
		Title: "DoAll: a slice in, a slice out",
		About: "`no-op`: 400,000 inputs, and a worker for each processor; `chunks` divides the slice beforehand. `7 quick, 16 slow`: seven no-ops and then sixteen jobs that sleep for 20 ms, on 16 workers: " +
			"20 ms if all of them sleep at the same time, and a multiple of it if a worker has several of them in a row. Starting and closing the workers is part of the time.",
		Cases: []Case{
			{
				Cells:    []Cell{{Name: "no-op", Unit: "ns/op", Charted: true}},
				Floor:    "chunks",
				Ops:      400_000,
				QuickOps: 100_000,
				Entries: enterMappers(contenders, gathererOf, func(m mapper, ops int) ([]Sample, error) {
					return stream(nobody, m, runtime.GOMAXPROCS(0), ops, increment, inOrder(ops))
				}),
			},
			{
				Cells:    []Cell{{Name: "7 quick, 16 slow", Unit: "ms", Charted: true}},
				Floor:    "channel",
				Ops:      quick + slow,
				QuickOps: quick + slow,
				Entries: enterMappers(contenders, gathererOf, func(m mapper, ops int) ([]Sample, error) {
					samples, err := stream(nobody, m, workers, ops, func(in int) int {
						if in >= quick {
							time.Sleep(run)
						}
						return in + 1
					}, inOrder(ops))
					return inTotal(samples, ops, time.Millisecond), err
				}),
			},
		},
	}
}

// gathererOf returns how a contender does DoAll, or nil if it does not.
func gathererOf(c Contender) mapper {
	switch c := c.(type) {
	case Gathering:
		return func(workers int, in []int, job func(in int) int, yield func(out int)) {
			for _, out := range c.DoAll(workers, in, job) {
				yield(out)
			}
		}
	case Sending:
		return intoSlice(c)
	}
	return nil
}
