package contender

import (
	"sync"

	"github.com/remuda-go/remuda/bench/scenario"
)

// channelHerd is goroutines that receive from one channel and send to another, with
// as much room in both as a herd has. A longer channel hands over more units each time
// that a goroutine runs, and its senders know less of how far the herd has come.
type channelHerd struct{ scenario.Identity }

var _ scenario.Herding = channelHerd{}

func newChannelHerd() channelHerd { return channelHerd{floor("two channels")} }

func (channelHerd) Herd(workers int, in []int, job func(in int) int, yield func(out int)) {
	inputs, outputs := make(chan int, 32), make(chan int, 1024)
	go func() {
		for _, v := range in {
			inputs <- v
		}
		close(inputs)
	}()
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for v := range inputs {
				outputs <- job(v)
			}
		})
	}
	go func() {
		wg.Wait()
		close(outputs)
	}()
	for v := range outputs {
		yield(v)
	}
}
