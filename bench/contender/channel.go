package contender

import (
	"context"
	"sync"

	"github.com/remuda-go/remuda/bench/scenario"
)

// channel is goroutines that receive from a buffered channel.
type channel struct{ scenario.Identity }

func newChannel() channel { return channel{floor("channel")} }

type channelOf[In any] struct {
	inputs  chan In
	workers sync.WaitGroup
}

func (c channel) Sender(workers int, job func(in int)) scenario.Sender {
	return startChannel(workers, scenario.QueueSize, job)
}

func (c channel) QueueSender(workers, queue int, job func(in int)) scenario.Sender {
	return startChannel(workers, queue, job)
}

func (c channel) WideSender(workers, queue int, job func(in scenario.Wide)) scenario.WideSender {
	return startChannel(workers, queue, job)
}

func startChannel[In any](workers, queue int, job func(in In)) *channelOf[In] {
	s := &channelOf[In]{inputs: make(chan In, queue)}
	for range workers {
		s.workers.Go(func() {
			for in := range s.inputs {
				job(in)
			}
		})
	}
	return s
}

func (s *channelOf[In]) Send(in In) { s.inputs <- in }

func (s *channelOf[In]) Close() {
	close(s.inputs)
	s.workers.Wait()
}

// unbuffered is the same without a buffer: two goroutines meet.
type unbuffered struct{ scenario.Identity }

func newUnbuffered() unbuffered { return unbuffered{floor("unbuffered")} }

func (u unbuffered) Doer(workers, callers int, job func(in int) int) scenario.Doer {
	d := scenario.NewReplies(u.UnbufferedSender, workers, callers, job)
	return plainDoer{d}
}

func (unbuffered) UnbufferedSender(workers int, job func(in int)) scenario.Sender {
	return startChannel(workers, 0, job)
}

// plainDoer waits for the answer alone, even if the context can end.
type plainDoer struct{ scenario.Doer }

func (d plainDoer) Do(_ context.Context, caller, in int) int {
	return d.Doer.Do(context.Background(), caller, in)
}
