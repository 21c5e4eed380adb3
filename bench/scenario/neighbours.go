package scenario

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

// Neighbours are what else a process does while a contender is measured. On an empty
// machine every goroutine that becomes runnable runs immediately, and a pool that
// sends its goroutines to the back of the scheduler's queues pays nothing for it; in
// a service it does.
type neighbours struct {
	name  string
	start func() (stop func())
}

// busyPairs are n pairs of goroutines that hand a token to each other, and
// each time keep a processor busy for 5 µs. Some of them are always runnable.
func busyPairs(n int, spin Spin) neighbours {
	return neighbours{fmt.Sprintf("%d busy pairs", n), func() func() {
		done := make(chan struct{})
		var wg sync.WaitGroup
		for range n {
			there, back := make(chan struct{}), make(chan struct{})
			wg.Go(func() { relay(there, back, done, spin) })
			wg.Go(func() { relay(back, there, done, spin) })
			there <- struct{}{}
		}
		return func() {
			close(done)
			wg.Wait()
		}
	}}
}

func relay(in <-chan struct{}, out chan<- struct{}, done <-chan struct{}, spin Spin) {
	for {
		select {
		case <-in:
		case <-done:
			return
		}
		spin.For(5)
		select {
		case out <- struct{}{}:
		case <-done:
			return
		}
	}
}

// burners are n goroutines that never block.
func burners(n int, spin Spin) neighbours {
	return neighbours{fmt.Sprintf("%d CPU burners", n), func() func() {
		var stopped atomic.Bool
		var wg sync.WaitGroup
		for range n {
			wg.Go(func() {
				for !stopped.Load() {
					spin.For(5)
				}
			})
		}
		return func() {
			stopped.Store(true)
			wg.Wait()
		}
	}}
}

// eightPairs are 8 on a machine of two processors.
func eightPairs(spin Spin) neighbours { return busyPairs(4*runtime.GOMAXPROCS(0), spin) }

// nobody is no neighbours at all.
var nobody neighbours

// begin starts the neighbours.
func (n neighbours) begin() (end func()) {
	if n.start == nil {
		return func() {}
	}
	return n.start()
}
