package scenario

import (
	"errors"
	"slices"
	"time"
)

const (
	latencyWorkers = 8
	latencyEvery   = 5 * time.Microsecond
	latencySleep   = 2 * time.Millisecond
	latencySleeper = 500 // one input in as many sleeps
)

// Latency is how long a single input takes from Send until its job is done.
func Latency(contenders []Contender, spin Spin) Scenario {
	return Scenario{
		Name:  "latency",
		Title: "Latency from Send to done",
		About: "One producer sends a job of 1 µs every 5 µs to 8 workers; one in 500 sleeps for 2 ms instead, and is not counted. " +
			"The producer keeps its thread busy between inputs, so that a pool whose wake-ups wait behind it shows that here.",
		Cases: []Case{{
			Cells: []Cell{
				{Name: "median", Unit: "µs"},
				{Name: "99th percentile", Unit: "µs", Charted: true},
				{Name: "99.9th percentile", Unit: "µs", Charted: true},
			},
			Floor:    "channel",
			Ops:      100_000,
			QuickOps: 20_000,
			Entries: enter(contenders, func(c Sending, ops int) ([]Sample, error) {
				return pace(c, spin, ops)
			}),
		}},
	}
}

func pace(c Sending, spin Spin, ops int) ([]Sample, error) {
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
	due := time.Since(epoch)
	for in := range ops {
		for time.Since(epoch) < due { //nolint:revive // busy on purpose: its thread must not be free
		}
		sent[in] = time.Since(epoch)
		s.Send(in)
		due += latencyEvery
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
	if len(counted) == 0 {
		return nil, errors.New("too few inputs")
	}
	slices.Sort(counted)
	at := func(permille int) Sample {
		d := counted[min(len(counted)*permille/1000, len(counted)-1)]
		return figure(float64(d) / float64(time.Microsecond))
	}
	return []Sample{at(500), at(990), at(999)}, nil
}
