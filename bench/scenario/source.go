package scenario

import (
	"iter"
	"time"
)

// SeqMapping is a contender that takes a sequence in and yields its outputs in
// input order while it goes on.
type SeqMapping interface {
	Contender
	MapSeq(workers int, in iter.Seq[int], job func(in int) int, yield func(out int))
}

const (
	sourceWorkers = 2
	sourceJob     = 10 // µs
	sourceBurst   = 50
	sourceEvery   = 2 * time.Millisecond
	sourceSteady  = 30 * time.Microsecond
)

// Source is the latency of Map over a sequence that takes its time.
func Source(contenders []Contender, spin Spin) Scenario {
	return Scenario{
		Name:  "source",
		Title: "Map: latency of an item from a slow source",
		About: "From the moment at which the source yields an item until the loop has its output, in input order; 2 workers, and a job of 10 µs. " +
			"`bursts`: the source sleeps, and yields 50 items each 2 ms. `each 30 µs`: it keeps a processor busy until its next item is due. " +
			"An item that is taken from the source before a worker is free waits longer from there than one that is left in it, where nobody sees it wait. " +
			"`since due` is from the moment at which the item is there to be taken, which is what a user waits for.",
		Cases: []Case{
			sourceCase(contenders, spin, "bursts", 5_000, func(in int, start time.Time) time.Duration {
				due := time.Duration(in/sourceBurst) * sourceEvery
				if in%sourceBurst == 0 {
					time.Sleep(due - time.Since(start))
				}
				return due
			}),
			sourceCase(contenders, spin, "each 30 µs", 10_000, func(in int, start time.Time) time.Duration {
				due := time.Duration(in) * sourceSteady
				for time.Since(start) < due { //nolint:revive // busy on purpose
				}
				return due
			}),
		},
	}
}

func sourceCase(contenders []Contender, spin Spin, name string, ops int, wait func(in int, start time.Time) (due time.Duration)) Case {
	c := Case{
		Cells:    append(percentileCells(name, "µs"), percentileCells(name+", since due", "µs")...),
		Floor:    "pipeline",
		Ops:      ops,
		QuickOps: ops / 5,
		Entries: enter(contenders, func(c SeqMapping, ops int) ([]Sample, error) {
			return trickle(c, spin, ops, wait)
		}),
	}
	c.Cells[0].Charted, c.Cells[1].Charted = true, true
	return c
}

// trickle returns the latencies since the source has yielded an item, and those since it
// was due.
func trickle(c SeqMapping, spin Spin, ops int, wait func(in int, start time.Time) (due time.Duration)) ([]Sample, error) {
	start := time.Now()
	due, yielded := make([]time.Duration, ops), make([]time.Duration, ops)
	var sinceDue, sinceYielded []time.Duration
	seq := func(yield func(int) bool) {
		for in := range ops {
			due[in] = wait(in, start)
			yielded[in] = time.Since(start)
			if !yield(in) {
				return
			}
		}
	}
	check := inOrder(ops)
	c.MapSeq(sourceWorkers, seq, func(in int) int { spin.For(sourceJob); return in + 1 }, func(out int) {
		if in := len(sinceDue); in < ops {
			now := time.Since(start)
			sinceDue, sinceYielded = append(sinceDue, now-due[in]), append(sinceYielded, now-yielded[in])
		}
		check.out(out)
	})
	if err := check.end(); err != nil {
		return nil, err
	}
	samples, err := percentileSamples(sinceYielded, time.Microsecond)
	if err != nil {
		return nil, err
	}
	more, err := percentileSamples(sinceDue, time.Microsecond)
	return append(samples, more...), err
}
