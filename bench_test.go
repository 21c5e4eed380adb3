package remuda_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/remuda-go/remuda"
)

// The hot paths, by themselves. How they compare with other pools is measured
// by the module in bench.

// benchPool starts a pool that adds one, and closes it with the test.
func benchPool(tb testing.TB, workers int, mws ...remuda.Middleware) *remuda.Pool[int, int] {
	tb.Helper()
	p := remuda.Must(remuda.NewWithConfig[int, int](remuda.Config{Initial: workers}, mws...))
	err := p.Start(remuda.Func(func(_ context.Context, in int) (int, error) { return in + 1, nil }))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { drain(tb, p) })
	return p
}

// drain waits until all that p has accepted has run.
func drain[In, Out any](tb testing.TB, p *remuda.Pool[In, Out]) {
	tb.Helper()
	if err := p.Close(context.Background()); err != nil {
		tb.Fatal(err)
	}
}

func BenchmarkSend(b *testing.B) {
	for _, workers := range []int{1, 2, 100} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			p := remuda.Must(remuda.NewWithConfig[int, int](remuda.Config{Initial: workers}))
			if err := p.Start(remuda.Func(func(_ context.Context, in int) (int, error) { return in, nil })); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			ctx := context.Background()
			for b.Loop() {
				if err := p.Send(ctx, 1); err != nil {
					b.Fatal(err)
				}
			}
			drain(b, p) // so that the time is that of runs, not of sending alone
		})
	}
}

func BenchmarkSendParallel(b *testing.B) {
	p := benchPool(b, 100)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		ctx := context.Background()
		for pb.Next() {
			if err := p.Send(ctx, 1); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkDo(b *testing.B) {
	endless := context.Background()
	cancelable, cancel := context.WithCancel(endless)
	defer cancel()
	for _, bm := range []struct {
		name string
		ctx  context.Context
	}{{"inline", endless}, {"hand-off", cancelable}} {
		b.Run(bm.name, func(b *testing.B) {
			p := benchPool(b, 2)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Do(bm.ctx, 1); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(bm.name+"/parallel", func(b *testing.B) {
			p := benchPool(b, 2)
			b.ReportAllocs()
			b.SetParallelism(50)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := p.Do(bm.ctx, 1); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

func BenchmarkSubmitWait(b *testing.B) {
	p := benchPool(b, 2)
	ctx := context.Background()
	var window [128]*remuda.Ticket[int]
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		at := &window[i%len(window)]
		if *at != nil {
			if _, err := (*at).Wait(ctx); err != nil {
				b.Fatal(err)
			}
		}
		t, err := p.Submit(ctx, i)
		if err != nil {
			b.Fatal(err)
		}
		*at = t
	}
}

// zeros is a sequence of n inputs.
func zeros(n int) func(yield func(int) bool) { return slices.Values(make([]int, n)) }

func BenchmarkMap(b *testing.B) {
	p := benchPool(b, 2)
	seq := zeros(b.N)
	b.ReportAllocs()
	b.ResetTimer()
	for _, err := range p.Map(context.Background(), seq) {
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStream(b *testing.B) {
	p := benchPool(b, 2)
	seq := zeros(b.N)
	b.ReportAllocs()
	b.ResetTimer()
	for r := range p.Stream(context.Background(), seq) {
		if r.Err != nil {
			b.Fatal(r.Err)
		}
	}
}

// loopEvery starts a pool of NewLoop that ticks on the channel it returns with
// every nth run.
func loopEvery(tb testing.TB, n int) <-chan struct{} {
	tb.Helper()
	p := remuda.Must(remuda.NewLoop(remuda.Config{}))
	ticks, i := make(chan struct{}), 0
	err := p.Start(remuda.Func(func(ctx context.Context, _ remuda.Void) (v remuda.Void, err error) {
		if i++; i%n == 0 { // there is one worker
			select {
			case ticks <- struct{}{}:
			case <-ctx.Done():
			}
		}
		return v, nil
	}))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { drain(tb, p) })
	return ticks
}

func BenchmarkLoop(b *testing.B) {
	ticks := loopEvery(b, b.N)
	b.ReportAllocs()
	<-ticks
}

// idleLayers are n middlewares that do nothing.
func idleLayers(n int) []remuda.Middleware {
	layer := remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
		return func(ctx context.Context) error { return next(ctx) }
	})
	return slices.Repeat([]remuda.Middleware{layer}, n)
}

func BenchmarkMiddleware(b *testing.B) {
	for _, n := range []int{0, 1, 10} {
		b.Run(fmt.Sprintf("layers=%d", n), func(b *testing.B) {
			p := benchPool(b, 1, idleLayers(n)...)
			ctx := context.Background()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Do(ctx, 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkResize(b *testing.B) {
	p := benchPool(b, 1)
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Resize(10_000); err != nil {
			b.Fatal(err)
		}
		if err := p.Resize(1); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStartClose(b *testing.B) {
	job := remuda.Func(func(_ context.Context, in int) (int, error) { return in, nil })
	b.ReportAllocs()
	for b.Loop() {
		p := remuda.Must(remuda.NewWithConfig[int, int](remuda.Config{Initial: 100}))
		if err := p.Start(job); err != nil {
			b.Fatal(err)
		}
		drain(b, p)
	}
}

// What an input costs in a batch of 500, beside what the function does.
func BenchmarkBatches(b *testing.B) {
	ctx := context.Background()
	start := func(b *testing.B) *remuda.Pool[int, int] {
		p := remuda.Must(remuda.StartBatches(1, 500, time.Second, func(_ context.Context, ins []int) ([]int, error) { return ins, nil }))
		b.ReportAllocs()
		return p
	}
	b.Run("Send", func(b *testing.B) {
		p := start(b)
		for b.Loop() {
			if err := p.Send(ctx, 1); err != nil {
				b.Fatal(err)
			}
		}
		drain(b, p)
	})
	b.Run("Map", func(b *testing.B) {
		p := start(b)
		n := 0
		for range p.Map(ctx, func(yield func(int) bool) {
			for b.Loop() && yield(1) {
			}
		}) {
			n++
		}
		drain(b, p)
	})
	b.Run("DoAll", func(b *testing.B) {
		p := start(b)
		ins := make([]int, 10_000)
		for b.Loop() {
			if _, err := p.DoAll(ctx, ins); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed())/float64(b.N*len(ins)), "ns/input")
		drain(b, p)
	})
}
