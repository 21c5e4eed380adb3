package scenario

import "time"

const (
	latencyWorkers = 8
	latencyEvery   = 5 * time.Microsecond
	latencyPause   = 100 * time.Microsecond
	latencySleep   = 2 * time.Millisecond
	latencySleeper = 500 // one input in as many sleeps
)

// Latency is how long a single input takes from Send until its job is done.
func Latency(contenders []Contender, spin Spin) Scenario {
	return Scenario{
		Name:  "latency",
		Title: "Latency from Send to done",
		About: "One producer sends jobs of 1 µs to 8 workers; one in 500 sleeps for 2 ms instead, and is not counted. " +
			"`busy producer`: an input every 5 µs, and between them it keeps its thread busy, so that a pool whose wake-ups wait behind it shows that here. " +
			"`pausing producer`: it sleeps for 100 µs after each input, as one that waits for its own inputs does.",
		Cases: []Case{
			latencyCase(contenders, spin, "busy producer", 100_000, 20_000, busyUntilDue),
			latencyCase(contenders, spin, "pausing producer", 600, 300, asleep),
		},
	}
}

func latencyCase(contenders []Contender, spin Spin, name string, ops, quickOps int, newPause func() (pause func())) Case {
	c := Case{
		Cells:    percentileCells(name, "µs"),
		Floor:    "channel",
		Ops:      ops,
		QuickOps: quickOps,
		Entries: enter(contenders, func(c Sending, ops int) ([]Sample, error) {
			return pace(c, spin, ops, newPause)
		}),
	}
	c.Cells[1].Charted = true
	return c
}

// busyUntilDue returns a pause that keeps its thread busy until the next input
// is due.
func busyUntilDue() (pause func()) {
	due := time.Now()
	return func() {
		due = due.Add(latencyEvery)
		for time.Now().Before(due) { //nolint:revive // busy on purpose: its thread must not be free
		}
	}
}

// asleep returns a pause that lets others run.
func asleep() (pause func()) { return func() { time.Sleep(latencyPause) } }

func pace(c Sending, spin Spin, ops int, newPause func() (pause func())) ([]Sample, error) {
	epoch := time.Now()
	sent, took := make([]time.Duration, ops), make([]time.Duration, ops)
	done := newLedger(ops)
	s := c.Sender(latencyWorkers, func(in int) {
		if in%latencySleeper == 0 {
			time.Sleep(latencySleep)
		} else {
			spin.For(1)
		}
		took[in] = time.Since(epoch) - sent[in]
		done.mark(in)
	})
	pause := newPause()
	for in := range ops {
		sent[in] = time.Since(epoch)
		s.Send(in)
		pause()
	}
	s.Close()
	if err := done.check(); err != nil {
		return nil, err
	}
	counted := make([]time.Duration, 0, ops)
	for in, d := range took {
		if in%latencySleeper != 0 {
			counted = append(counted, d)
		}
	}
	return percentileSamples(counted, time.Microsecond)
}
