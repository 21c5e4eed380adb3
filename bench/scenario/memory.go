package scenario

import (
	"fmt"
	"runtime"
)

const (
	memoryWorkers = 10_000
	memoryInputs  = 100_000
)

// Memory is what idle workers and queued inputs take up.
func Memory(contenders []Contender) Scenario {
	return Scenario{
		Name:  "memory",
		Title: "Memory",
		About: "Heap and stacks in use after a garbage collection, in a process of its own for each run: " +
			"of 10,000 workers that have never run, of the same after all have run at the same time and are idle again, " +
			"and of 100,000 inputs (8 bytes each) that wait for one worker.",
		Cases: []Case{
			memoryCase("idle worker that never ran", enter(contenders, func(c Sending, ops int) ([]Sample, error) {
				return idle(c, ops, false)
			}), memoryWorkers),
			memoryCase("idle worker that has run", enter(contenders, func(c Sending, ops int) ([]Sample, error) {
				return idle(c, ops, true)
			}), memoryWorkers),
			memoryCase("queued input", enter(contenders, queued), memoryInputs),
		},
	}
}

func memoryCase(name string, entries []Entry, ops int) Case {
	return Case{
		Cells:    []Cell{{Name: name, Unit: "bytes", Charted: true}},
		Floor:    "channel",
		Ops:      ops,
		QuickOps: ops,
		Entries:  alone(entries),
	}
}

// inUse returns the bytes of heap and stacks that are in use.
func inUse() float64 {
	runtime.GC()
	runtime.GC() // what finalizers and pools held
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc + m.StackInuse)
}

func idle(c Sending, workers int, run bool) ([]Sample, error) {
	before := inUse()
	var g *gate
	s := c.Sender(workers, func(int) { g.pass() })
	if run {
		g = newGate(workers)
		sendShare(s, 0, 1, workers)
		g.wait()
	}
	g = nil
	sample := figure((inUse() - before) / float64(workers))
	s.Close()
	return []Sample{sample}, nil
}

func queued(c Queueing, inputs int) ([]Sample, error) {
	block, running := make(chan struct{}), make(chan struct{})
	ran := newLedger(inputs)
	before := inUse()
	s := c.QueueSender(1, inputs, func(in int) {
		if in < 0 {
			close(running)
			<-block
			return
		}
		ran.mark(in)
	})
	s.Send(-1)
	<-running
	sendShare(s, 0, 1, inputs)
	sample := figure((inUse() - before) / float64(inputs))
	close(block)
	s.Close()
	if err := ran.check(); err != nil {
		return nil, fmt.Errorf("after the queue was full: %w", err)
	}
	return []Sample{sample}, nil
}
