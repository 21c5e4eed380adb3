package remuda_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/remuda-go/remuda"
)

// What it costs to have no pool to keep: beside errgroup with a limit for few inputs,
// and beside the methods of a pool that is there already for many. The two take turns,
// so that their ratio says something on a machine that does other things, too.
func BenchmarkOneShot(b *testing.B) {
	const workers = 8
	for _, job := range []struct {
		name string
		of   time.Duration
	}{{"noop", 0}, {"10us", 10 * time.Microsecond}} {
		double := func(_ context.Context, in int) (int, error) { spin(job.of); return 2 * in, nil }
		check := func(_ context.Context, in int) error { spin(job.of); return nil }
		for _, n := range []int{10, 100, 1_000_000} {
			if n > 100 && job.of > 0 {
				continue // what it costs to begin and to end is nothing beside them
			}
			ins := make([]int, n)
			seq := slices.Values(ins)
			p := remuda.Must(remuda.NewWithConfig[int, int](remuda.Config{Initial: workers}))
			if err := p.Start(remuda.Func(double)); err != nil { // the same job: a nanosecond more of it is 2 %
				b.Fatal(err)
			}
			b.Cleanup(func() { drain(b, p) })
			group := func() { doWithErrgroup(workers, ins, double) }
			poolMap := func() { consume(p.Map(bg, seq)) }
			poolDoAll := func() { _, _ = p.DoAll(bg, ins) }
			if n <= 100 {
				poolMap, poolDoAll = group, group
			}
			for _, way := range []struct {
				name         string
				run, against func()
			}{
				{"Map", func() { consume(remuda.Map(bg, workers, seq, double)) }, poolMap},
				{"ForEach", func() { _ = remuda.ForEach(bg, workers, seq, check) }, poolMap},
				{"DoAll", func() { _, _ = remuda.DoAll(bg, workers, ins, double) }, poolDoAll},
			} {
				b.Run(fmt.Sprintf("%s/%d/%s", job.name, n, way.name), func(b *testing.B) { inTurns(b, max(1, 100/n), way.run, way.against) })
			}
		}
	}
}

// inTurns measures both, so many calls a turn, and reports run's time and the median of
// its ratios to the other.
func inTurns(b *testing.B, turn int, run, against func()) {
	var ratios []float64
	var total time.Duration
	for b.Loop() {
		var took [2]time.Duration
		for i, f := range []func(){run, against} {
			begun := time.Now()
			for range turn {
				f()
			}
			took[i] = time.Since(begun)
		}
		total += took[0]
		ratios = append(ratios, took[0].Seconds()/took[1].Seconds())
	}
	slices.Sort(ratios)
	b.ReportMetric(float64(total.Nanoseconds())/float64(len(ratios)*turn), "ns/call")
	b.ReportMetric(ratios[len(ratios)/2], "ratio")
	b.ReportMetric(0, "ns/op")
}

func doWithErrgroup(workers int, ins []int, f func(context.Context, int) (int, error)) {
	g, ctx := errgroup.WithContext(bg)
	g.SetLimit(workers)
	outs := make([]int, len(ins))
	for i, in := range ins {
		g.Go(func() (err error) { outs[i], err = f(ctx, in); return err })
	}
	_ = g.Wait()
}

func consume(seq func(yield func(int, error) bool)) {
	for range seq {
	}
}

// spin takes d of a processor's time. With none it is inlined.
func spin(d time.Duration) {
	if d > 0 {
		spinUntil(time.Now().Add(d))
	}
}

func spinUntil(end time.Time) {
	for time.Now().Before(end) {
	}
}
