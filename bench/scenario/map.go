package scenario

import (
	"fmt"
	"runtime"
)

// Mapping is a contender that yields the outputs of a slice in input order. A
// peer that is only Sending takes part by having its jobs write into a slice.
type Mapping interface {
	Contender
	Map(workers int, in []int, job func(in int) int, yield func(out int))
}

// A mapper is the method of Mapping and Streaming.
type mapper func(workers int, in []int, job func(in int) int, yield func(out int))

// Map is one million inputs with outputs in order.
func Map(contenders []Contender, spin Spin) Scenario {
	return Scenario{
		Name:  "map",
		Title: "Map: 1,000,000 inputs, outputs in input order",
		About: "There is a worker for each processor; starting and closing them is part of the time. remuda, conc/stream and the floor `pipeline` yield outputs while inputs go on; " +
			"conc/iter, `chunks` and the pools that have no such function (whose jobs write to a slice) hand over all of them at the end. `loop` uses one goroutine.",
		Cases: mapCases(contenders, spin, func(c Contender) mapper {
			switch c := c.(type) {
			case Mapping:
				return c.Map
			case Sending:
				if c.Kind() == Peer {
					return intoSlice(c)
				}
			}
			return nil
		}, inOrder),
	}
}

// mapCases are the cases of Map and Stream: find tells how a contender does it,
// or nil, and newCheck makes what looks at the outputs.
func mapCases(contenders []Contender, spin Spin, find func(Contender) mapper, newCheck func(inputs int) check) (cases []Case) {
	for _, micros := range []int{0, 1} {
		c := Case{
			Cells:    []Cell{{Name: "no-op", Unit: "ns/op", Charted: true}},
			Floor:    "chunks",
			Ops:      1_000_000,
			QuickOps: 100_000,
		}
		job := func(in int) int { return in + 1 }
		if micros > 0 {
			c.Cells[0].Name = "1 µs"
			job = func(in int) int { spin.For(micros); return in + 1 }
		}
		for _, contender := range contenders {
			if m := find(contender); m != nil {
				c.Entries = append(c.Entries, Entry{Contender: contender, Run: func(ops int) ([]Sample, error) {
					return stream(m, ops, job, newCheck(ops))
				}})
			}
		}
		cases = append(cases, c)
	}
	return cases
}

// A check looks at each output, and at the end tells what was wrong.
type check struct {
	out func(out int)
	end func() error
}

// inOrder expects 1 to inputs, in that order.
func inOrder(inputs int) check {
	n, wrong := 0, 0
	return check{
		out: func(out int) {
			if n++; out != n {
				wrong++
			}
		},
		end: func() error {
			if n != inputs || wrong > 0 {
				return fmt.Errorf("%d outputs of %d inputs, %d of them wrong", n, inputs, wrong)
			}
			return nil
		},
	}
}

func stream(m mapper, ops int, job func(in int) int, c check) ([]Sample, error) {
	in := make([]int, ops)
	for i := range in {
		in[i] = i
	}
	sample := measure(ops, func() { m(runtime.GOMAXPROCS(0), in, job, c.out) })
	return []Sample{sample}, c.end()
}

// intoSlice is Map for a contender that runs functions and no more.
func intoSlice(c Sending) mapper {
	return func(workers int, in []int, job func(in int) int, yield func(out int)) {
		out := make([]int, len(in))
		s := c.Sender(workers, func(i int) { out[i] = job(in[i]) })
		sendShare(s, 0, 1, len(in))
		s.Close()
		for _, v := range out {
			yield(v)
		}
	}
}
