package contender

import (
	"iter"
	"slices"
	"sync"

	"github.com/remuda-go/remuda/bench/scenario"
)

// pipeline is an ordered pipeline as one writes it by hand: each input travels
// with a channel for its output, and a second channel keeps those in order.
type pipeline struct{ scenario.Identity }

func newPipeline() pipeline { return pipeline{floor("pipeline")} }

type ask struct {
	in    int
	reply chan int
}

func (p pipeline) Map(workers int, in []int, job func(in int) int, yield func(out int)) {
	p.MapSeq(workers, slices.Values(in), job, yield)
}

func (pipeline) MapSeq(workers int, in iter.Seq[int], job func(in int) int, yield func(out int)) {
	inputs := make(chan ask, scenario.QueueSize)
	order := make(chan chan int, scenario.QueueSize)
	spare := sync.Pool{New: func() any { return make(chan int, 1) }}
	for range workers {
		go func() {
			for a := range inputs {
				a.reply <- job(a.in)
			}
		}()
	}
	go func() {
		for v := range in {
			reply := spare.Get().(chan int)
			order <- reply
			inputs <- ask{v, reply}
		}
		close(inputs)
		close(order)
	}()
	for reply := range order {
		yield(<-reply)
		spare.Put(reply)
	}
}
