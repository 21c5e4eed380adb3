package contender

import (
	"context"

	"github.com/go-pkgz/pool"

	"github.com/remuda-go/remuda/bench/scenario"
)

// goPkgz is go-pkgz/pool. Its batches are off: an input would wait in one until
// nine others have come, or until Close.
type goPkgz struct{ scenario.Identity }

func newGoPkgz() goPkgz { return goPkgz{peer("go-pkgz")} }

type goPkgzSender struct{ *pool.WorkerGroup[int] }

// Sender leaves the queue as it is where it has room for an input of each
// worker: to choose its bound makes channels of that size for each worker too.
func (g goPkgz) Sender(workers int, job func(in int)) scenario.Sender {
	if workers < scenario.QueueSize {
		return g.QueueSender(workers, scenario.QueueSize, job)
	}
	return startPkgz(newPkgz(workers, job))
}

func (goPkgz) QueueSender(workers, queue int, job func(in int)) scenario.Sender {
	return startPkgz(newPkgz(workers, job).WithWorkerChanSize(queue))
}

func newPkgz(workers int, job func(in int)) *pool.WorkerGroup[int] {
	return pool.New(workers, pool.WorkerFunc[int](func(_ context.Context, in int) error {
		job(in)
		return nil
	})).WithBatchSize(0)
}

func startPkgz(g *pool.WorkerGroup[int]) goPkgzSender {
	must(g.Go(context.Background()))
	return goPkgzSender{g}
}

func (s goPkgzSender) Send(in int) { s.WorkerGroup.Send(in) }
func (s goPkgzSender) Close()      { must(s.WorkerGroup.Close(context.Background())) }
