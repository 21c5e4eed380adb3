package remuda_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/remuda-go/remuda"
)

// What it costs to have no pool to keep: beside errgroup with a limit, which is what
// one writes for few inputs, and beside a pool that is there already.
func BenchmarkOneShot(b *testing.B) {
	const workers = 8
	ctx := context.Background()
	for _, n := range []int{10, 100, 10_000} {
		ins := make([]int, n)
		seq := slices.Values(ins)
		double := func(_ context.Context, in int) (int, error) { return 2 * in, nil }
		check := func(_ context.Context, in int) error { return nil }
		p := benchPool(b, workers)
		for _, way := range []struct {
			name string
			run  func()
		}{
			{"errgroup", func() {
				g, ctx := errgroup.WithContext(ctx)
				g.SetLimit(workers)
				outs := make([]int, n)
				for i, in := range ins {
					g.Go(func() (err error) { outs[i], err = double(ctx, in); return err })
				}
				_ = g.Wait()
			}},
			{"ForEach", func() { _ = remuda.ForEach(ctx, workers, seq, check) }},
			{"Map", func() {
				for range remuda.Map(ctx, workers, seq, double) {
				}
			}},
			{"DoAll", func() { _, _ = remuda.DoAll(ctx, workers, ins, double) }},
			{"Pool.Map", func() {
				for range p.Map(ctx, seq) {
				}
			}},
			{"Pool.DoAll", func() { _, _ = p.DoAll(ctx, ins) }},
		} {
			b.Run(fmt.Sprintf("%d/%s", n, way.name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					way.run()
				}
			})
		}
	}
}
