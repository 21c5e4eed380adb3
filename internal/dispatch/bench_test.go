package dispatch_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/remuda-go/remuda/internal/dispatch"
	"github.com/remuda-go/remuda/internal/queuetime"
)

// BenchmarkQueue is what the queue costs alone: items of which nothing comes, from
// some senders to some workers, beside a channel.
func BenchmarkQueue(b *testing.B) {
	for _, bound := range []int{16, 1024} {
		for _, senders := range []int{1, 2, 100} {
			for _, workers := range []int{1, 2, 100} {
				name := fmt.Sprintf("queue=%d/senders=%d/workers=%d/", bound, senders, workers)
				b.Run(name+"dispatcher", func(b *testing.B) { benchDispatcher(b, bound, senders, workers) })
				b.Run(name+"channel", func(b *testing.B) { benchChannel(b, bound, senders, workers) })
			}
		}
	}
}

func benchDispatcher(b *testing.B, bound, senders, workers int) {
	var d dispatch.Dispatcher[[3]int, struct{}]
	var clock queuetime.Clock
	clock.Start()
	ended := make(chan struct{})
	var all sync.WaitGroup // of the workers
	all.Add(workers)
	d.Open(dispatch.Config[[3]int, struct{}]{
		Target: workers, Bound: bound, Clock: &clock,
		Idle: func() {},
		Run: func(w *dispatch.Worker[[3]int, struct{}]) {
			for d.Fetch(w) {
				if w.Item[1] > 0 {
					all.Done()
					all.Wait()
				}
				w.Last = dispatch.Succeeded
			}
			d.Gone()
		},
		Ended: func() { close(ended) },
	})
	sendOne := func(item [3]int) {
		_, err := d.Send(item)
		if err != dispatch.ErrFull {
			return
		}
		if _, w, _ := d.SendSlowly(item, true, nil); w != nil {
			<-w.Answer()
			d.Release(w)
		}
	}
	for range workers { // all of them are there from the start, as at a channel
		sendOne([3]int{1: 1})
	}
	_ = d.WaitAll(b.Context())
	b.ReportAllocs()
	b.ResetTimer()
	send(b.N, senders, func(n int) { sendOne([3]int{n}) })
	d.Drain(nil)
	<-ended
	if got := d.Stats().Tally[dispatch.Succeeded]; got < uint64(b.N) {
		b.Fatal(got)
	}
}

func benchChannel(b *testing.B, bound, senders, workers int) {
	ch := make(chan [3]int, bound)
	var all sync.WaitGroup
	counts := make([][16]uint64, workers) // as the dispatcher counts, and without a lock
	for i := range workers {
		all.Go(func() {
			for range ch {
				counts[i][0]++
			}
		})
	}
	b.ReportAllocs()
	b.ResetTimer()
	send(b.N, senders, func(n int) { ch <- [3]int{n} })
	close(ch)
	all.Wait()
	got := uint64(0)
	for _, c := range counts {
		got += c[0]
	}
	if got != uint64(b.N) {
		b.Fatal(got)
	}
}

// send calls f n times, from so many goroutines.
func send(n, senders int, f func(int)) {
	var all sync.WaitGroup
	for i := range senders {
		all.Go(func() {
			for k := i; k < n; k += senders {
				f(k)
			}
		})
	}
	all.Wait()
}
