package scenario

import "sync"

// Wide is an input of 64 bytes. The first of them is its number.
type Wide [8]int

// WideQueueing is a contender whose queue can hold as many inputs as one likes.
type WideQueueing interface {
	Contender
	WideSender(workers, queue int, job func(in Wide)) WideSender
}

// A WideSender is a Sender of wide inputs.
type WideSender interface {
	Send(in Wide)
	Close()
}

// Drained is what a queue keeps after it was long.
func Drained(contenders []Contender) Scenario {
	return Scenario{
		Name:  "drained",
		Title: "Memory after a long queue",
		About: "1,000,000 inputs of 64 bytes wait for one worker; then all of them run. `kept`: heap and stacks in use after that and a garbage collection, with the pool still open, " +
			"less what there was before. `peak`: the most that the process ever had resident, some 10 MB of which is the program. In a process of its own for each run.",
		Cases: []Case{{
			Cells: []Cell{
				{Name: "kept", Unit: "MB", Charted: true},
				{Name: "peak", Unit: "MB", Charted: true},
			},
			Floor:    "channel",
			Ops:      1_000_000,
			QuickOps: 100_000,
			Entries:  alone(enter(contenders, fillAndDrain)),
		}},
	}
}

func fillAndDrain(c WideQueueing, inputs int) ([]Sample, error) {
	ran := newLedger(inputs)
	gate := make(chan struct{})
	var pending sync.WaitGroup
	pending.Add(inputs)
	before := inUse()
	s := c.WideSender(1, inputs, func(in Wide) {
		<-gate
		ran.mark(in[0])
		pending.Done()
	})
	for i := range inputs {
		s.Send(Wide{i})
	}
	close(gate)
	pending.Wait()
	kept := figure((inUse() - before) / 1e6)
	peak, err := peakMemory()
	if err != nil {
		return nil, err
	}
	s.Close()
	return []Sample{kept, figure(peak / 1e6)}, ran.check()
}
