package scenario

// Looping is a contender whose worker runs one job non-stop, within a number of
// layers that do nothing.
type Looping interface {
	Contender

	// Loop starts the worker. Stop waits until it has ended.
	Loop(layers int, run func()) (stop func())
}

// Loop is the cost of a run of a worker that runs non-stop.
func Loop(contenders []Contender) Scenario {
	return Scenario{
		Name:  "loop",
		Title: "Loop: a worker that runs its job non-stop",
		About: "One worker, a no-op job; a run of remuda catches panics and counts outcomes. `loop` asks its context for its error and calls a function that has one; " +
			"`select` asks its context with a select, catches panics and looks at the error. None of the peers at hand has such a mode.",
		Cases: []Case{
			loopCase(contenders, "run", 0),
			loopCase(contenders, "run with one middleware", 1),
		},
	}
}

func loopCase(contenders []Contender, name string, layers int) Case {
	return Case{
		Cells:    []Cell{{Name: name, Unit: "ns/op", Charted: true}},
		Floor:    "loop",
		Ops:      20_000_000,
		QuickOps: 2_000_000,
		Entries: enter(contenders, func(c Looping, ops int) ([]Sample, error) {
			return runs(c, layers, ops), nil
		}),
	}
}

func runs(c Looping, layers, ops int) []Sample {
	n, done := 0, make(chan struct{})
	var stop func()
	sample := measure(ops, func() {
		stop = c.Loop(layers, func() { // on one worker, so that n needs no lock
			if n++; n == ops {
				close(done)
			}
		})
		<-done
	})
	stop()
	return []Sample{sample}
}
