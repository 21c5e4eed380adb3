package contender

import (
	"context"

	"github.com/remuda-go/remuda/bench/scenario"
)

// freshReply is a round trip as one writes it by hand for a caller that may
// leave: it waits for both channels beside a context, and each call has a
// channel of its own for the answer, or the answer to a call that was left
// would go to the next.
type freshReply struct{ scenario.Identity }

func newFreshReply() freshReply { return freshReply{floor("chan + fresh reply")} }

type question struct {
	in     int
	answer chan<- int
}

func (q question) run(job func(in int) int) { q.answer <- job(q.in) }

// Doer hands over from goroutine to goroutine, without a buffer.
func (freshReply) Doer(workers, _ int, job func(in int) int) scenario.Doer {
	return freshDoer{startChannel(workers, 0, func(q question) { q.run(job) })}
}

type freshDoer struct{ *channelOf[question] }

func (d freshDoer) Do(ctx context.Context, _, in int) int {
	answer := make(chan int, 1)
	select {
	case d.inputs <- question{in, answer}:
	case <-ctx.Done():
		panic(ctx.Err())
	}
	select {
	case out := <-answer:
		return out
	case <-ctx.Done():
		panic(ctx.Err())
	}
}

// Submitter has a buffered channel of inputs.
func (freshReply) Submitter(workers, slots int, job func(in int) int) scenario.Submitter {
	return freshSubmitter{
		startChannel(workers, scenario.QueueSize, func(q question) { q.run(job) }),
		make([]<-chan int, slots),
	}
}

type freshSubmitter struct {
	*channelOf[question]
	answers []<-chan int
}

func (s freshSubmitter) Submit(slot, in int) {
	answer := make(chan int, 1)
	s.answers[slot] = answer
	s.inputs <- question{in, answer}
}

func (s freshSubmitter) Wait(slot int) int { return <-s.answers[slot] }
