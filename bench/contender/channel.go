package contender

import (
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

// unbuffered is the same without a buffer: two goroutines meet. Only round
// trips are interesting.
type unbuffered struct{ scenario.Identity }

func newUnbuffered() unbuffered { return unbuffered{floor("unbuffered")} }

func (u unbuffered) Doer(workers, callers int, job func(in int) int) scenario.Doer {
	return scenario.NewReplies(func(workers int, job func(in int)) scenario.Sender {
		return startChannel(workers, 0, job)
	}, workers, callers, job)
}
