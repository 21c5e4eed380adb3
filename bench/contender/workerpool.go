package contender

import (
	"github.com/gammazero/workerpool"

	"github.com/remuda-go/remuda/bench/scenario"
)

// workerPool is gammazero/workerpool. Its queue has no bound, so that a sender
// never waits, and what it is ahead of the workers takes up memory.
type workerPool struct{ scenario.Identity }

func newWorkerpool() workerPool { return workerPool{peer("workerpool")} }

type workerPoolSender struct {
	*workerpool.WorkerPool
	job func(in int)
}

func (workerPool) Sender(workers int, job func(in int)) scenario.Sender {
	return workerPoolSender{workerpool.New(workers), job}
}

func (workerPool) WideSender(workers, _ int, job func(in scenario.Wide)) scenario.WideSender {
	return workerPoolWideSender{workerPoolSender{workerpool.New(workers), nil}, job}
}

type workerPoolWideSender struct {
	workerPoolSender
	job func(in scenario.Wide)
}

func (s workerPoolWideSender) Send(in scenario.Wide) { s.Submit(func() { s.job(in) }) }

func (s workerPoolSender) Send(in int) { s.Submit(func() { s.job(in) }) }
func (s workerPoolSender) Close()      { s.StopWait() }
