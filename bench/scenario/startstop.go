package scenario

import "time"

// startWorkers is how many workers are started and stopped.
const startWorkers = 100

// StartStop is the life of a pool that does little.
func StartStop(contenders []Contender) Scenario {
	return Scenario{
		Name:  "start",
		Title: "Start and close 100 workers",
		About: "`unused` pools get no input at all; in `used` ones all workers run a job at the same time.",
		Cases: []Case{
			startCase(contenders, "unused", 0, 1_000, 100),
			startCase(contenders, "used", startWorkers, 300, 30),
		},
	}
}

func startCase(contenders []Contender, name string, inputs, ops, quickOps int) Case {
	return Case{
		Cells:    []Cell{{Name: name, Unit: "µs", Charted: true}},
		Floor:    "channel",
		Ops:      ops,
		QuickOps: quickOps,
		Entries: enter(contenders, func(c Sending, ops int) ([]Sample, error) {
			sample := measure(ops, func() {
				for range ops {
					g := newGate(inputs)
					s := c.Sender(startWorkers, func(int) { g.pass() })
					sendShare(s, 0, 1, inputs)
					s.Close()
				}
			})
			sample.Value /= float64(time.Microsecond)
			return []Sample{sample}, nil
		}),
	}
}
