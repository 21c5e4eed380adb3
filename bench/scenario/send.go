package scenario

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
)

// Sending is a contender that takes inputs and runs them in its own time.
type Sending interface {
	Contender

	// Sender starts that many workers on job, with room for QueueSize inputs if
	// there is a queue.
	Sender(workers int, job func(in int)) Sender
}

// A Sender hands inputs to workers. Send may be called concurrently, and panics
// if it is refused; Close returns when all inputs have run.
type Sender interface {
	Send(in int)
	Close()
}

// QueueSize is the bound of the queue of those contenders that have one.
const QueueSize = 1024

// Chunking is a floor that divides inputs known beforehand.
type Chunking interface {
	Contender
	Chunks(workers, inputs int, job func(in int))
}

// A Load is what the jobs of a scenario do.
type Load struct {
	Name          string
	Micros        int // that a job busies its processor
	Ops, QuickOps int
}

// Send is fire and forget: from the first input until the contender is closed.
func Send(name string, contenders []Contender, spin Spin, load Load) Scenario {
	s := Scenario{
		Name:  name,
		Title: fmt.Sprintf("Fire and forget, %s job", load.Name),
		About: "By producers × workers. Producers hand over inputs as fast as they are taken, to workers that have all run before; the time ends when the contender has been " +
			"closed and so all jobs have run. Contenders with a queue have one of 1,024; workerpool's has no bound, ants, conc and errgroup have none. " +
			"`direct` divides the inputs between goroutines beforehand: no pool can be faster.",
	}
	procs := runtime.GOMAXPROCS(0)
	for _, producers := range distinct(1, procs, 100) {
		for _, workers := range distinct(1, procs, 100, 10_000) {
			s.Cases = append(s.Cases, sendCase(contenders, spin, load, producers, workers))
		}
	}
	return s
}

// thousands writes n, which is less than a million, with a comma.
func thousands(n int) string {
	if n < 1_000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%d,%03d", n/1_000, n%1_000)
}

// distinct returns its arguments in order, without repetitions.
func distinct(n ...int) []int {
	slices.Sort(n)
	return slices.Compact(n)
}

func sendCase(contenders []Contender, spin Spin, load Load, producers, workers int) Case {
	procs := runtime.GOMAXPROCS(0)
	work := func(int) { spin.For(load.Micros) }
	if load.Micros == 0 {
		work = func(int) {}
	}
	entries := enter(contenders, func(c Sending, ops int) ([]Sample, error) {
		return fire(nobody, c.Sender, producers, workers, ops, work)
	})
	entries = append(entries, enter(contenders, func(c Chunking, ops int) ([]Sample, error) {
		return chunk(c, min(workers, procs), ops, work)
	})...)
	return Case{
		Cells: []Cell{{
			Name:    fmt.Sprintf("%d × %s", producers, thousands(workers)),
			Unit:    "ns/op",
			Charted: producers == 1 && workers >= procs || producers == 100 && workers == 100,
		}},
		Floor:    "channel",
		Ops:      load.Ops,
		QuickOps: load.QuickOps,
		Entries:  entries,
	}
}

// fire sends ops inputs from a number of producers to warm workers.
func fire(n neighbours, start func(workers int, job func(in int)) Sender, producers, workers, ops int, work func(in int)) ([]Sample, error) {
	const warmUp = -1
	done, warm := newLedger(ops), newGate(workers)
	s := start(workers, func(in int) {
		if in == warmUp {
			warm.pass()
			return
		}
		work(in)
		done.mark(in)
	})
	for range workers {
		s.Send(warmUp)
	}
	warm.wait()
	sample := n.measure(ops, func() {
		if producers == 1 {
			sendShare(s, 0, 1, ops)
		} else {
			each(producers, func(i int) { sendShare(s, i, producers, ops) })
		}
		s.Close()
	})
	return []Sample{sample}, done.check()
}

func sendShare(s Sender, i, producers, ops int) {
	from, to := share(i, producers, ops)
	for in := from; in < to; in++ {
		s.Send(in)
	}
}

// chunk runs the same with the inputs divided beforehand.
func chunk(c Chunking, workers, ops int, work func(in int)) ([]Sample, error) {
	done := newLedger(ops)
	sample := measure(ops, func() {
		c.Chunks(workers, ops, func(in int) {
			work(in)
			done.mark(in)
		})
	})
	return []Sample{sample}, done.check()
}
