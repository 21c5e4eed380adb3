package scenario

import (
	"context"
	"time"
)

const (
	saturatedWorkers = 100
	saturatedCallers = 200
	saturatedSleep   = time.Millisecond
)

// Saturated is a round trip where callers outnumber workers.
func Saturated(contenders []Contender, spin Spin) Scenario {
	c := Case{
		Cells:    percentileCells("a call", "ms"),
		Floor:    "Weighted",
		Ops:      20_000,
		QuickOps: 10_000,
	}
	c.Cells[0].Charted = true
	c.Cells[2].Charted, c.Cells[2].Guarded = true, true
	job := func(in int) int {
		spin.For(20)
		time.Sleep(saturatedSleep)
		return in + 1
	}
	for _, contender := range contenders {
		start := doerOf(contender)
		if inline, ok := contender.(InlineDoing); ok {
			start = inline.InlineDoer
		} else if contender.Kind() != Peer {
			continue
		}
		if start == nil {
			continue
		}
		c.Entries = append(c.Entries, Entry{Contender: contender, Run: func(ops int) ([]Sample, error) {
			d := start(saturatedWorkers, saturatedCallers, job)
			defer d.Close()
			took, err := timeCalls(context.Background(), d, saturatedCallers, ops, 0)
			if err != nil {
				return nil, err
			}
			return percentileSamples(took, time.Millisecond)
		}})
	}
	return Scenario{
		Name:  "saturated",
		Title: "Do at saturation",
		About: "200 callers on 100 workers, one call after the other; the job takes 20 µs of processor time and sleeps for 1 ms. The context can never end, so that remuda runs the job " +
			"on the caller's goroutine. If those who wait are not served in the order in which they came, some wait for ever longer: see the last percentile. " +
			"`direct` has no bound at all, and `semaphore` is a channel, where a caller that waits can't leave.",
		Cases: []Case{c},
	}
}
