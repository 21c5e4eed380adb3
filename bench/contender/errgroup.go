package contender

import (
	"golang.org/x/sync/errgroup"

	"github.com/remuda-go/remuda/bench/scenario"
)

// errGroup is a goroutine for each input, with a limit.
type errGroup struct{ scenario.Identity }

func newErrgroup() errGroup { return errGroup{peer("errgroup")} }

type errGroupSender struct {
	*errgroup.Group
	job func(in int)
}

func (errGroup) Sender(workers int, job func(in int)) scenario.Sender {
	g := &errgroup.Group{}
	g.SetLimit(workers)
	return errGroupSender{g, job}
}

// UnbufferedSender is the same, since there is no queue.
func (e errGroup) UnbufferedSender(workers int, job func(in int)) scenario.Sender {
	return e.Sender(workers, job)
}

func (s errGroupSender) Send(in int) {
	s.Go(func() error {
		s.job(in)
		return nil
	})
}

func (s errGroupSender) Close() { must(s.Wait()) }
