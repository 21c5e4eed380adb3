package contender

import (
	"time"

	"github.com/panjf2000/ants/v2"

	"github.com/remuda-go/remuda/bench/scenario"
)

// antsPool is ants with one function for all inputs, its fastest pool: an input
// needs no closure.
type antsPool struct{ scenario.Identity }

func newAnts() antsPool { return antsPool{peer("ants")} }

type antsSender struct {
	*ants.PoolWithFuncGeneric[int]
}

func (a antsPool) Sender(workers int, job func(in int)) scenario.Sender {
	return a.Resizer(workers, job)
}

// UnbufferedSender is the same, since there is no queue.
func (a antsPool) UnbufferedSender(workers int, job func(in int)) scenario.Sender {
	return a.Sender(workers, job)
}

func (antsPool) Resizer(workers int, job func(in int)) scenario.Resizer {
	p, err := ants.NewPoolWithFuncGeneric(workers, job)
	must(err)
	return antsSender{p}
}

func (s antsSender) Send(in int)        { must(s.Invoke(in)) }
func (s antsSender) Close()             { must(s.ReleaseTimeout(time.Minute)) }
func (s antsSender) Resize(workers int) { s.Tune(workers) }
