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

// Map is many inputs with outputs in order.
func Map(contenders []Contender, spin Spin) Scenario {
	return Scenario{
		Name:  "map",
		Title: "Map: 400,000 inputs, outputs in input order",
		About: "There is a worker for each processor, or 100; starting and closing them is part of the time. remuda, rill, conc/stream and the floor `pipeline` yield outputs while inputs go on; " +
			"conc/iter, `chunks` and the pools that have no such function (whose jobs write to a slice) hand over all of them at the end. `loop` uses one goroutine.",
		Cases: mapCases(contenders, spin, "pipeline", mapperOf, inOrder),
	}
}

// mapperOf returns how a contender does Map, or nil if it does not.
func mapperOf(c Contender) mapper {
	switch c := c.(type) {
	case Mapping:
		return c.Map
	case Sending:
		if c.Kind() == Peer {
			return intoSlice(c)
		}
	}
	return nil
}

// mapCases are the cases of Map and Stream: find tells how a contender does it,
// or nil, and newCheck makes what looks at the outputs.
func mapCases(contenders []Contender, spin Spin, floor string, find func(Contender) mapper, newCheck func(inputs int) check) (cases []Case) {
	procs := runtime.GOMAXPROCS(0)
	spinning := func(in int) int { spin.For(1); return in + 1 }
	for _, kind := range []struct {
		name    string
		workers int
		job     func(in int) int
	}{
		{"no-op", procs, increment},
		{"no-op, 100 workers", 100, increment},
		{"1 µs", procs, spinning},
	} {
		cases = append(cases, Case{
			Cells:    []Cell{{Name: kind.name, Unit: "ns/op", Charted: true}},
			Floor:    floor,
			Ops:      400_000,
			QuickOps: 100_000,
			Entries: enterMappers(contenders, find, func(m mapper, ops int) ([]Sample, error) {
				return stream(nobody, m, kind.workers, ops, kind.job, newCheck(ops))
			}),
		})
	}
	return cases
}

// enterMappers makes an entry of each contender for which find returns a mapper.
func enterMappers(contenders []Contender, find func(Contender) mapper, run func(m mapper, ops int) ([]Sample, error)) (entries []Entry) {
	for _, c := range contenders {
		if m := find(c); m != nil {
			entries = append(entries, Entry{Contender: c, Run: func(ops int) ([]Sample, error) { return run(m, ops) }})
		}
	}
	return entries
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

func stream(n neighbours, m mapper, workers, ops int, job func(in int) int, c check) ([]Sample, error) {
	in := make([]int, ops)
	for i := range in {
		in[i] = i
	}
	sample := n.measure(ops, func() { m(workers, in, job, c.out) })
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
