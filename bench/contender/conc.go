package contender

import (
	stditer "iter"
	"slices"

	"github.com/sourcegraph/conc/iter"
	"github.com/sourcegraph/conc/pool"
	"github.com/sourcegraph/conc/stream"

	"github.com/remuda-go/remuda/bench/scenario"
)

// concPool is conc's pool of goroutines.
type concPool struct{ scenario.Identity }

func newConc() concPool { return concPool{peer("conc")} }

type concSender struct {
	*pool.Pool
	job func(in int)
}

func (concPool) Sender(workers int, job func(in int)) scenario.Sender {
	return concSender{pool.New().WithMaxGoroutines(workers), job}
}

// UnbufferedSender is the same, since there is no queue.
func (c concPool) UnbufferedSender(workers int, job func(in int)) scenario.Sender {
	return c.Sender(workers, job)
}

func (s concSender) Send(in int) { s.Go(func() { s.job(in) }) }
func (s concSender) Close()      { s.Wait() }

// concIter is conc's Map over slices.
type concIter struct{ scenario.Identity }

func newConcIter() concIter { return concIter{peer("conc/iter")} }

func (c concIter) Map(workers int, in []int, job func(in int) int, yield func(out int)) {
	for _, out := range c.DoAll(workers, in, job) {
		yield(out)
	}
}

func (concIter) DoAll(workers int, in []int, job func(in int) int) (out []int) {
	m := iter.Mapper[int, int]{MaxGoroutines: workers}
	return m.Map(in, func(in *int) int { return job(*in) })
}

// concStream is conc's ordered stream.
type concStream struct{ scenario.Identity }

func newConcStream() concStream { return concStream{peer("conc/stream")} }

func (c concStream) Map(workers int, in []int, job func(in int) int, yield func(out int)) {
	c.MapSeq(workers, slices.Values(in), job, yield)
}

func (concStream) MapSeq(workers int, in stditer.Seq[int], job func(in int) int, yield func(out int)) {
	s := stream.New().WithMaxGoroutines(workers)
	for v := range in {
		s.Go(func() stream.Callback {
			out := job(v)
			return func() { yield(out) }
		})
	}
	s.Wait()
}
