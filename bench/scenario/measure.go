package scenario

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"
)

// measure times f, which performs ops operations, and counts what it allocates.
// The unit of the value is nanoseconds per operation.
func measure(ops int, f func()) Sample { return nobody.measure(ops, f) }

// measure does the same beside the neighbours. They start after the garbage
// collection, which takes seconds beside them.
func (n neighbours) measure(ops int, f func()) Sample {
	var before, after runtime.MemStats
	runtime.GC()
	defer n.begin()()
	runtime.ReadMemStats(&before)
	start := time.Now()
	f()
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	per := float64(ops)
	return Sample{
		Value:  float64(took.Nanoseconds()) / per,
		Allocs: float64(after.Mallocs-before.Mallocs) / per,
	}
}

// A ledger notes which inputs have run. Every input has a byte of its own,
// which costs a job next to nothing, where a shared counter would cost as much
// as a fast pool; in return it may be read only once the contender has been
// closed.
type ledger []uint8

func newLedger(inputs int) ledger { return make(ledger, inputs) }

// mark notes a run of an input.
func (l ledger) mark(in int) { l[in]++ }

// check returns an error unless each input has run once.
func (l ledger) check() error {
	if i := slices.IndexFunc(l, func(runs uint8) bool { return runs != 1 }); i >= 0 {
		return fmt.Errorf("input %d of %d ran %d times", i, len(l), l[i])
	}
	return nil
}

// A gate is a job that ends when as many of it run at a time as there are
// workers. It proves that a contender has that many, and warms them up.
type gate struct {
	arrived sync.WaitGroup
	left    sync.WaitGroup
}

func newGate(workers int) *gate {
	g := &gate{}
	g.arrived.Add(workers)
	g.left.Add(workers)
	return g
}

// pass is the job.
func (g *gate) pass() {
	g.arrived.Done()
	g.arrived.Wait()
	g.left.Done()
}

// wait blocks until all have passed.
func (g *gate) wait() { g.left.Wait() }

// per runs f on n goroutines and waits for them.
func each(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

// share is the half-open range of 0 to total that is the part i of parts.
func share(i, parts, total int) (from, to int) {
	return i * total / parts, (i + 1) * total / parts
}
