package contender

import (
	"runtime"
	"time"

	"github.com/panjf2000/ants/v2"

	"github.com/remuda-go/remuda/bench/scenario"
)

// antsMulti is ants divided into a pool for each processor, so that senders
// meet less often.
type antsMulti struct{ scenario.Identity }

func newAntsMulti() antsMulti { return antsMulti{peer("ants multi")} }

type antsMultiSender struct {
	*ants.MultiPoolWithFuncGeneric[int]
}

func (antsMulti) Sender(workers int, job func(in int)) scenario.Sender {
	pools := min(runtime.GOMAXPROCS(0), workers)
	p, err := ants.NewMultiPoolWithFuncGeneric(pools, (workers+pools-1)/pools, job, ants.RoundRobin)
	must(err)
	return antsMultiSender{p}
}

func (s antsMultiSender) Send(in int) { must(s.Invoke(in)) }
func (s antsMultiSender) Close()      { must(s.ReleaseTimeout(time.Minute)) }
