package contender

import (
	"sync"

	"github.com/remuda-go/remuda/bench/scenario"
)

// channel is goroutines that receive from a buffered channel.
type channel struct{ scenario.Identity }

func newChannel() channel { return channel{floor("channel")} }

type channelSender struct {
	inputs  chan int
	workers sync.WaitGroup
}

func (c channel) Sender(workers int, job func(in int)) scenario.Sender {
	return startChannel(workers, scenario.QueueSize, job)
}

func (c channel) QueueSender(workers, queue int, job func(in int)) scenario.Sender {
	return startChannel(workers, queue, job)
}

func startChannel(workers, queue int, job func(in int)) *channelSender {
	s := &channelSender{inputs: make(chan int, queue)}
	for range workers {
		s.workers.Go(func() {
			for in := range s.inputs {
				job(in)
			}
		})
	}
	return s
}

func (s *channelSender) Send(in int) { s.inputs <- in }

func (s *channelSender) Close() {
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
