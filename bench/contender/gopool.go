package contender

import (
	"sync"

	"github.com/bytedance/gopkg/util/gopool"

	"github.com/remuda-go/remuda/bench/scenario"
)

// goPool is gopool of bytedance/gopkg. Its queue has no bound, and it has no
// way to wait for its jobs, which is why the adapter counts them.
type goPool struct{ scenario.Identity }

func newGopool() goPool { return goPool{peer("gopool")} }

type goPoolSender struct {
	gopool.Pool
	job     func(in int)
	pending *sync.WaitGroup
}

func (g goPool) Sender(workers int, job func(in int)) scenario.Sender {
	return g.Resizer(workers, job)
}

func (goPool) Resizer(workers int, job func(in int)) scenario.Resizer {
	return goPoolSender{startGopool(workers), job, &sync.WaitGroup{}}
}

func startGopool(workers int) gopool.Pool {
	return gopool.NewPool("bench", int32(workers), gopool.NewConfig())
}

func (s goPoolSender) Send(in int) {
	s.pending.Add(1)
	s.Go(func() {
		defer s.pending.Done()
		s.job(in)
	})
}

func (s goPoolSender) Close()             { s.pending.Wait() }
func (s goPoolSender) Resize(workers int) { s.SetCap(int32(workers)) }

func (goPool) WideSender(workers, _ int, job func(in scenario.Wide)) scenario.WideSender {
	return goPoolWideSender{startGopool(workers), job, &sync.WaitGroup{}}
}

type goPoolWideSender struct {
	gopool.Pool
	job     func(in scenario.Wide)
	pending *sync.WaitGroup
}

func (s goPoolWideSender) Send(in scenario.Wide) {
	s.pending.Add(1)
	s.Go(func() {
		defer s.pending.Done()
		s.job(in)
	})
}

func (s goPoolWideSender) Close() { s.pending.Wait() }
