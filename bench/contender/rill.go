package contender

import (
	"iter"
	"slices"

	"github.com/destel/rill"

	"github.com/remuda-go/remuda/bench/scenario"
)

// rillMap is rill's Map and OrderedMap.
type rillMap struct{ scenario.Identity }

func newRill() rillMap { return rillMap{peer("rill")} }

func (r rillMap) Map(workers int, in []int, job func(in int) int, yield func(out int)) {
	r.MapSeq(workers, slices.Values(in), job, yield)
}

func (rillMap) MapSeq(workers int, in iter.Seq[int], job func(in int) int, yield func(out int)) {
	drain(rill.OrderedMap(rill.FromSeq(in, nil), workers, noError(job)), yield)
}

func (rillMap) Stream(workers int, in []int, job func(in int) int, yield func(out int)) {
	drain(rill.Map(rill.FromSlice(in, nil), workers, noError(job)), yield)
}

func noError(job func(in int) int) func(in int) (int, error) {
	return func(in int) (int, error) { return job(in), nil }
}

func drain(outs <-chan rill.Try[int], yield func(out int)) {
	for out := range outs {
		must(out.Error)
		yield(out.Value)
	}
}
