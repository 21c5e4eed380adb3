package remudaprom_test

import (
	"context"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
	remudaprom "github.com/remuda-go/remuda/prometheus"
)

// A scrape of one pool of 100 workers that have run.
func BenchmarkScrape(b *testing.B) {
	var metrics middleware.Metrics
	pool := remuda.Must(remuda.NewWithConfig[int, int](remuda.Config{Initial: 100}, &metrics))
	barrier := make(chan struct{})
	if err := pool.Start(remuda.NoError(func(_ context.Context, n int) int { <-barrier; return n })); err != nil {
		b.Fatal(err)
	}
	for range 100 {
		_ = pool.Send(context.Background(), 1)
	}
	close(barrier)
	reg := prometheus.NewRegistry()
	if _, err := remudaprom.Register(reg, "bench", pool.Stats, &metrics); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := reg.Gather(); err != nil {
			b.Fatal(err)
		}
	}
	_ = pool.Close(context.Background())
}

// A run of a pool costs the same whether it is registered or not.
func BenchmarkRun(b *testing.B) {
	for _, registered := range []bool{false, true} {
		name := map[bool]string{false: "alone", true: "registered"}[registered]
		b.Run(name, func(b *testing.B) {
			var metrics middleware.Metrics
			pool := remuda.New[int, int](&metrics)
			if err := pool.Start(remuda.NoError(func(_ context.Context, n int) int { return n })); err != nil {
				b.Fatal(err)
			}
			if registered {
				if _, err := remudaprom.Register(prometheus.NewRegistry(), "bench", pool.Stats, &metrics); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				_, _ = pool.Do(context.Background(), 1)
			}
			_ = pool.Close(context.Background())
		})
	}
}
