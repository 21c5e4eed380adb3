package scenario

import (
	"fmt"
	"runtime"
)

// Submitting is a contender that hands back something to wait for. One that is
// only Sending takes part with a channel for each of the slots.
type Submitting interface {
	Contender
	Submitter(workers, slots int, job func(in int) int) Submitter
}

// A Submitter hands over inputs and waits for their outputs, from one goroutine.
// A slot is used again once it was waited for.
type Submitter interface {
	Submit(slot, in int)
	Wait(slot int) int
	Close()
}

// submitWindow is how many inputs are in flight.
const submitWindow = 128

// Submit is to hand over, go on, and wait later.
func Submit(contenders []Contender) Scenario {
	c := Case{
		Cells:    []Cell{{Name: fmt.Sprintf("window of %d", submitWindow), Unit: "ns/op", Charted: true}},
		Floor:    "chan + fresh reply",
		Ops:      300_000,
		QuickOps: 100_000,
	}
	for _, contender := range contenders {
		if start := submitterOf(contender); start != nil {
			c.Entries = append(c.Entries, Entry{Contender: contender, Run: func(ops int) ([]Sample, error) {
				return slide(start, ops)
			}})
		}
	}
	return Scenario{
		Name:  "submit",
		Title: "Submit and wait",
		About: fmt.Sprintf("One goroutine keeps %d no-op inputs in flight and waits for the oldest; there is a worker for each processor. "+
			"Contenders without futures answer on channels that are used again, but for `chan + fresh reply`, which makes one for each input.", submitWindow),
		Cases: []Case{c},
	}
}

func submitterOf(c Contender) func(workers, slots int, job func(in int) int) Submitter {
	switch c := c.(type) {
	case Submitting:
		return c.Submitter
	case Sending:
		return func(workers, slots int, job func(in int) int) Submitter {
			return NewReplies(c.Sender, workers, slots, job)
		}
	}
	return nil
}

func slide(start func(workers, slots int, job func(in int) int) Submitter, ops int) ([]Sample, error) {
	s := start(runtime.GOMAXPROCS(0), submitWindow, func(in int) int { return in + 1 })
	defer s.Close()
	wrong := 0
	wait := func(in int) {
		if s.Wait(in%submitWindow) != in+1 {
			wrong++
		}
	}
	sample := measure(ops, func() {
		for in := range ops {
			if in >= submitWindow {
				wait(in - submitWindow)
			}
			s.Submit(in%submitWindow, in)
		}
		for in := max(0, ops-submitWindow); in < ops; in++ {
			wait(in)
		}
	})
	if wrong > 0 {
		return nil, fmt.Errorf("%d of %d outputs are wrong", wrong, ops)
	}
	return []Sample{sample}, nil
}
