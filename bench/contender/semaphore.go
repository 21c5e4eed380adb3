package contender

import (
	"context"

	"github.com/remuda-go/remuda/bench/scenario"
)

// semaphore bounds the callers and lets them run the job themselves, with a
// buffered channel. A caller that waits can't leave.
type semaphore struct{ scenario.Identity }

func newSemaphore() semaphore { return semaphore{floor("semaphore")} }

type semaphoreDoer struct {
	places chan struct{}
	job    func(in int) int
}

func (semaphore) InlineDoer(workers, _ int, job func(in int) int) scenario.Doer {
	return semaphoreDoer{make(chan struct{}, workers), job}
}

func (d semaphoreDoer) Do(_ context.Context, _, in int) int {
	d.places <- struct{}{}
	out := d.job(in)
	<-d.places
	return out
}

func (semaphoreDoer) Close() {}
