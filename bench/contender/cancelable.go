package contender

import (
	"context"

	"github.com/remuda-go/remuda/bench/scenario"
)

// cancelable is what unbuffered becomes when the caller may leave: both
// channels are waited for beside a context, and each call has an answer channel
// of its own, or the answer to a call that was left would go to the next.
type cancelable struct{ scenario.Identity }

func newCancelable() cancelable { return cancelable{floor("unbuffered, ctx")} }

type cancelableDoer struct {
	*channelOf[question]
	ctx    context.Context
	cancel context.CancelFunc
}

type question struct {
	in     int
	answer chan<- int
}

func (cancelable) Doer(workers, _ int, job func(in int) int) scenario.Doer {
	ctx, cancel := context.WithCancel(context.Background())
	return cancelableDoer{startChannel(workers, 0, func(q question) { q.answer <- job(q.in) }), ctx, cancel}
}

func (d cancelableDoer) Do(_, in int) int {
	answer := make(chan int, 1)
	select {
	case d.inputs <- question{in, answer}:
	case <-d.ctx.Done():
		panic(d.ctx.Err())
	}
	select {
	case out := <-answer:
		return out
	case <-d.ctx.Done():
		panic(d.ctx.Err())
	}
}

func (d cancelableDoer) Close() {
	d.channelOf.Close()
	d.cancel()
}
