package scenario

import "time"

// Layering is a contender that can put middleware around a job.
type Layering interface {
	Contender

	// Layered returns a call of job within that many layers that do nothing,
	// and what ends it.
	Layered(layers int, job func(in int) int) (call func(in int) int, stop func())
}

// Gauging is a contender that can count and time the runs of a job.
type Gauging interface {
	Contender

	// Gauged returns a call of job, with or without its metrics being taken,
	// and what ends it.
	Gauged(metrics bool, job func(in int) int) (call func(in int) int, stop func())
}

// layers is how many layers are compared with none.
const layers = 10

// Layer is the cost of middleware.
func Layer(contenders []Contender, spin Spin) Scenario {
	return Scenario{
		Name:  "middleware",
		Title: "Middleware",
		About: "What a layer that does nothing adds to a run: the difference between ten and none, by ten. `composed` is a chain of typed functions, put together once. " +
			"`metrics` is what middleware.Metrics adds to a job of 1 µs, in percent. None of the peers at hand has middleware.",
		Cases: []Case{
			{
				Cells:    []Cell{{Name: "one layer", Unit: "ns/op", Charted: true}},
				Floor:    "composed",
				Ops:      2_000_000,
				QuickOps: 200_000,
				Entries: enter(contenders, func(c Layering, ops int) ([]Sample, error) {
					bare := calls(ops, func() (func(int) int, func()) { return c.Layered(0, increment) })
					wrapped := calls(ops, func() (func(int) int, func()) { return c.Layered(layers, increment) })
					return []Sample{{
						Value:  (wrapped.Value - bare.Value) / layers,
						Allocs: (wrapped.Allocs - bare.Allocs) / layers,
					}}, nil
				}),
			},
			{
				Cells:    []Cell{{Name: "metrics", Unit: "% of 1 µs"}},
				Ops:      400_000,
				QuickOps: 40_000,
				Entries: enter(contenders, func(c Gauging, ops int) ([]Sample, error) {
					return gauge(c, spin, ops), nil
				}),
			},
		},
	}
}

func increment(in int) int { return in + 1 }

// calls measures calls, one after the other.
func calls(ops int, start func() (call func(in int) int, stop func())) Sample {
	call, stop := start()
	defer stop()
	return measure(ops, func() {
		for in := range ops {
			if call(in) != in+1 {
				panic("wrong output")
			}
		}
	})
}

// gauge measures by short turns, since the difference is smaller than what the
// machine's clock drifts within a run.
func gauge(c Gauging, spin Spin, ops int) []Sample {
	const turns = 50
	job := func(in int) int { spin.For(1); return in + 1 }
	bare, stopBare := c.Gauged(false, job)
	defer stopBare()
	gauged, stopGauged := c.Gauged(true, job)
	defer stopGauged()
	var took [2]time.Duration
	for range turns {
		for i, call := range []func(int) int{bare, gauged} {
			start := time.Now()
			for in := range ops / turns {
				call(in)
			}
			took[i] += time.Since(start)
		}
	}
	return []Sample{figure(100 * float64(took[1]-took[0]) / float64(took[0]))}
}
