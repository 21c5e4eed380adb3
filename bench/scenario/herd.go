package scenario

import (
	"fmt"
	"runtime"
)

// Herding is a contender that takes units of work in and puts them out on a
// channel. One that is only Sending takes part by having its jobs send to one.
type Herding interface {
	Contender
	Herd(workers int, in []int, job func(in int) int, yield func(out int))
}

// Herd is from SendWork to OutputChan.
func Herd(contenders []Contender) Scenario {
	s := Scenario{
		Name:  "herd",
		Title: "Herd: from SendWork to OutputChan",
		About: "One goroutine sends units of work that are done at once, another reads them when they are finished. " +
			"The others do the same with a channel that their jobs send to.",
	}
	for _, gophers := range distinct(runtime.GOMAXPROCS(0), 100) {
		s.Cases = append(s.Cases, Case{
			Cells:    []Cell{{Name: fmt.Sprintf("gophers: %d", gophers), Unit: "ns/op", Charted: true}},
			Floor:    "channel",
			Ops:      300_000,
			QuickOps: 100_000,
			Entries: enterMappers(contenders, herderOf, func(m mapper, ops int) ([]Sample, error) {
				return stream(nobody, m, gophers, ops, increment, inAnyOrder(ops))
			}),
		})
	}
	return s
}

// herderOf returns how a contender does what a herd does, or nil if it does not.
func herderOf(c Contender) mapper {
	switch c := c.(type) {
	case Herding:
		return c.Herd
	case Sending:
		return intoChannel(c)
	}
	return nil
}
