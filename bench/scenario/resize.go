package scenario

import (
	"sync"
	"time"
)

// Resizing is a contender whose number of workers can be changed.
type Resizing interface {
	Contender
	Resizer(workers int, job func(in int)) Resizer
}

// A Resizer is a Sender that can be resized.
type Resizer interface {
	Sender
	Resize(workers int)
}

// resizeTo is how many workers there are at the most.
const resizeTo = 10_000

// Resize is one worker to many and back.
func Resize(contenders []Contender) Scenario {
	return Scenario{
		Name:  "resize",
		Title: "Resize: 1 to 10,000 workers and back",
		About: "`bound`: nothing but the two calls. `at work`: start with one, resize to 10,000, have all of them in a job at the same time, resize to 1, let the jobs end and close. " +
			"`goroutines` starts and ends as many goroutines.",
		Cases: []Case{
			{
				Cells:    []Cell{{Name: "bound", Unit: "µs"}},
				Ops:      2_000,
				QuickOps: 200,
				Entries: enter(contenders, func(c Resizing, ops int) ([]Sample, error) {
					return rebound(c, ops), nil
				}),
			},
			{
				Cells:    []Cell{{Name: "at work", Unit: "ms", Charted: true}},
				Floor:    "goroutines",
				Ops:      10,
				QuickOps: 3,
				Entries: enter(contenders, func(c Resizing, ops int) ([]Sample, error) {
					return growAndShrink(c, ops), nil
				}),
			},
		},
	}
}

func rebound(c Resizing, ops int) []Sample {
	r := c.Resizer(1, func(int) {})
	defer r.Close()
	sample := measure(ops, func() {
		for range ops {
			r.Resize(resizeTo)
			r.Resize(1)
		}
	})
	sample.Value /= float64(time.Microsecond)
	return []Sample{sample}
}

func growAndShrink(c Resizing, ops int) []Sample {
	sample := measure(ops, func() {
		for range ops {
			var atWork sync.WaitGroup
			atWork.Add(resizeTo)
			end := make(chan struct{})
			r := c.Resizer(1, func(int) {
				atWork.Done()
				<-end
			})
			r.Resize(resizeTo)
			for range resizeTo {
				r.Send(0)
			}
			atWork.Wait()
			r.Resize(1)
			close(end)
			r.Close()
		}
	})
	sample.Value /= float64(time.Millisecond)
	return []Sample{sample}
}
