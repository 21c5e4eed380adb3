package contender

import (
	"context"
	"sync"

	"github.com/remuda-go/remuda/bench/scenario"
)

// direct is a call of the job, on as many goroutines as are useful.
type direct struct{ scenario.Identity }

func newDirect() direct { return direct{floor("direct")} }

func (direct) Chunks(workers, inputs int, job func(in int)) {
	chunked(workers, inputs, func(from, to int) {
		for in := from; in < to; in++ {
			job(in)
		}
	})
}

// InlineDoer calls the job.
func (direct) InlineDoer(_, _ int, job func(in int) int) scenario.Doer { return directDoer{job} }

type directDoer struct{ job func(in int) int }

func (d directDoer) Do(_ context.Context, _, in int) int { return d.job(in) }
func (d directDoer) Close()                              {}

// chunks is a slice divided between goroutines.
type chunks struct{ scenario.Identity }

func newChunks() chunks { return chunks{floor("chunks")} }

func (c chunks) Map(workers int, in []int, job func(in int) int, yield func(out int)) {
	for _, v := range c.DoAll(workers, in, job) {
		yield(v)
	}
}

func (chunks) DoAll(workers int, in []int, job func(in int) int) (out []int) {
	out = make([]int, len(in))
	chunked(workers, len(in), func(from, to int) {
		for i := from; i < to; i++ {
			out[i] = job(in[i])
		}
	})
	return out
}

// Stream is the same: no order is cheaper than that of the input.
func (c chunks) Stream(workers int, in []int, job func(in int) int, yield func(out int)) {
	c.Map(workers, in, job, yield)
}

// chunked divides 0 to n between workers.
func chunked(workers, n int, f func(from, to int)) {
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() { f(w*n/workers, (w+1)*n/workers) })
	}
	wg.Wait()
}
