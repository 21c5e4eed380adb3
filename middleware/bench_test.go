package middleware_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

// layers is each middleware in the state in which it does no more than it must:
// no retry, no pause, no waiting, no line in the log.
func layers() []layer {
	return []layer{
		{"none", remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler { return next }), 0},
		{"pass", remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
			return func(ctx context.Context) error { return next(ctx) }
		}), 0},
		{"counter", new(middleware.Counter), 0},
		{"elapsed", new(middleware.Elapsed), 0},
		{"metrics", new(middleware.Metrics), 0},
		{"retry", middleware.Retry(3, middleware.Backoff(time.Millisecond, time.Second)), 0},
		{"wait", middleware.Wait(1), 0},
		{"logger", middleware.Logger(slog.New(slog.DiscardHandler)), 0},
		{"timeout", middleware.Timeout(time.Hour), 1},
		{"rate", middleware.Rate(rate.NewLimiter(rate.Inf, 1)), 0},
		{"limit", middleware.Limit(semaphore.NewWeighted(1)), 0},
	}
}

type layer struct {
	name   string
	mw     remuda.Middleware
	allocs float64 // per run
}

// One run through one layer, of a job that does nothing. What is around it, in
// "none", is not the layer's.
func BenchmarkLayer(b *testing.B) {
	for _, l := range layers() {
		b.Run(l.name, func(b *testing.B) {
			run := chain(b, l.mw)
			b.ReportAllocs()
			for b.Loop() {
				run()
			}
		})
	}
}

// chain returns a function that runs a job that does nothing inside of mws, on
// one worker of a pool and without a hand-over.
func chain(tb testing.TB, mws ...remuda.Middleware) (run func()) {
	job := remuda.NoError(func(_ context.Context, n int) int { return n })
	pool := remuda.New[int, int](mws...)
	if err := pool.Start(job); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := pool.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	return func() {
		if _, err := pool.Do(context.Background(), 1); err != nil {
			tb.Fatal(err)
		}
	}
}

// Jobs of 1 µs, sent to a pool of 100 workers: what Metrics costs where it is
// to be cheap.
func BenchmarkPool(b *testing.B) {
	spins := calibrate(time.Microsecond)
	for _, l := range []struct {
		name string
		mws  []remuda.Middleware
	}{
		{"none", nil},
		{"metrics", []remuda.Middleware{new(middleware.Metrics)}},
		{"counter", []remuda.Middleware{new(middleware.Counter)}},
	} {
		b.Run(l.name, func(b *testing.B) {
			pool := remuda.Must(remuda.NewWithConfig[int, uint64](remuda.Config{Initial: 100}, l.mws...))
			if err := pool.Start(remuda.NoError(func(context.Context, int) uint64 { return spin(spins) })); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.ResetTimer() // not Loop: the jobs that are still queued are to be timed too
			for range b.N {
				if err := pool.Send(context.Background(), 1); err != nil {
					b.Fatal(err)
				}
			}
			if err := pool.Close(context.Background()); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// spin does work that takes the time n tells, and no clock.
//
//go:noinline
func spin(n int) uint64 {
	x := uint64(1)
	for range n {
		x = x*6364136223846793005 + 1442695040888963407
	}
	return x
}

// calibrate returns how much to spin for d.
func calibrate(d time.Duration) int {
	const n = 1_000_000
	best := time.Hour
	for range 10 {
		begin := time.Now()
		//lint:ignore SA4017 only the time it takes counts
		spin(n)
		best = min(best, time.Since(begin))
	}
	return int(int64(d) * n / int64(best))
}
