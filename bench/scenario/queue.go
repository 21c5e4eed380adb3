package scenario

import "runtime"

// Queueing is a contender whose queue has a bound that can be chosen.
type Queueing interface {
	Contender
	QueueSender(workers, queue int, job func(in int)) Sender
}

// Queue is fire and forget by the bound of the queue.
func Queue(contenders []Contender) Scenario {
	s := Scenario{
		Name:  "queue",
		Title: "Fire and forget by size of the queue, no-op job",
		About: "As above, with one producer and a worker for each processor, among the contenders whose queue has a bound.",
	}
	workers := runtime.GOMAXPROCS(0)
	for _, size := range []int{1, 16, 128, 16_384} {
		s.Cases = append(s.Cases, Case{
			Cells:    []Cell{{Name: "queue of " + thousands(size), Unit: "ns/op", Charted: true}},
			Floor:    "channel",
			Ops:      400_000,
			QuickOps: 200_000,
			Entries: enter(contenders, func(c Queueing, ops int) ([]Sample, error) {
				start := func(workers int, job func(in int)) Sender { return c.QueueSender(workers, size, job) }
				return fire(nobody, start, 1, workers, ops, func(int) {})
			}),
		})
	}
	return s
}
