package scenario

// Looping is a contender whose worker runs one job non-stop.
type Looping interface {
	Contender

	// Loop starts the worker. Stop waits until it has ended.
	Loop(run func()) (stop func())
}

// Loop is the cost of a run of a worker that runs non-stop.
func Loop(contenders []Contender) Scenario {
	return Scenario{
		Name:  "loop",
		Title: "Loop: a worker that runs its job non-stop",
		About: "One worker, a no-op job; a run of remuda catches panics and counts outcomes. `loop` is a bare loop that an atomic flag ends; " +
			"`select` is the loop one writes by hand: it asks its context with a select, catches panics and looks at the error. None of the peers at hand has such a mode.",
		Cases: []Case{{
			Cells:    []Cell{{Name: "run", Unit: "ns/op", Charted: true}},
			Floor:    "loop",
			Ops:      20_000_000,
			QuickOps: 2_000_000,
			Entries: enter(contenders, func(c Looping, ops int) ([]Sample, error) {
				return runs(c, ops), nil
			}),
		}},
	}
}

func runs(c Looping, ops int) []Sample {
	n, done := 0, make(chan struct{})
	var stop func()
	sample := measure(ops, func() {
		stop = c.Loop(func() { // on one worker, so that n needs no lock
			if n++; n == ops {
				close(done)
			}
		})
		<-done
	})
	stop()
	return []Sample{sample}
}
