package tasks_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/embedded"
)

// modes are how the store is synced.
func modes(b *testing.B, f func(b *testing.B, opts ...embedded.Option)) {
	b.Run("synced", func(b *testing.B) { f(b) })
	b.Run("relaxed", func(b *testing.B) { f(b, embedded.RelaxedSync()) })
}

// BenchmarkPush is the time of one push, with so many pushers at a time.
func BenchmarkPush(b *testing.B) {
	modes(b, func(b *testing.B, opts ...embedded.Option) {
		for _, pushers := range []int{1, 16} {
			b.Run(fmt.Sprintf("pushers=%d", pushers), func(b *testing.B) {
				c := open(b, b.TempDir(), opts...)
				k := tasks.Define[int, int]("bench")
				push(b, c, k, 0)
				b.ResetTimer()
				var pushing sync.WaitGroup
				for p := range pushers {
					pushing.Go(func() {
						for i := p; i < b.N; i += pushers {
							if _, err := k.Push(context.Background(), c, i); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				pushing.Wait()
			})
		}
	})
}

// BenchmarkPushAll is the time of one task of many that are pushed together.
func BenchmarkPushAll(b *testing.B) {
	modes(b, func(b *testing.B, opts ...embedded.Option) {
		c := open(b, b.TempDir(), opts...)
		k := tasks.Define[int, int]("bench", tasks.MaxQueued(10_000_000))
		push(b, c, k, 0)
		ins := make([]int, b.N)
		b.ResetTimer()
		for _, err := range k.PushAll(context.Background(), c, slices.Values(ins)) {
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkRun is the time of one task of many that wait, with so many workers.
func BenchmarkRun(b *testing.B) {
	modes(b, func(b *testing.B, opts ...embedded.Option) {
		for _, workers := range []int{1, 8} {
			b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
				c := open(b, b.TempDir(), opts...)
				k := tasks.Define[int, int]("bench", tasks.MaxQueued(10_000_000))
				for _, err := range k.PushAll(context.Background(), c, slices.Values(make([]int, b.N))) {
					if err != nil {
						b.Fatal(err)
					}
				}
				w := tasks.NewWorker(c)
				var done sync.WaitGroup
				done.Add(b.N)
				b.ResetTimer()
				_, err := k.Handle(w, remuda.Func(func(_ context.Context, n int) (int, error) {
					defer done.Done()
					return n, nil
				}), remuda.Config{Initial: workers})
				if err != nil {
					b.Fatal(err)
				}
				go func() { _ = w.Run(context.Background()) }()
				done.Wait()
				if err := w.Close(context.Background()); err != nil { // with it, all are recorded
					b.Fatal(err)
				}
			})
		}
	})
}

// BenchmarkRoundTrip is the time from a push to its result at whoever waits for it,
// with nothing else to do.
func BenchmarkRoundTrip(b *testing.B) {
	modes(b, func(b *testing.B, opts ...embedded.Option) {
		c := open(b, b.TempDir(), opts...)
		k := tasks.Define[int, int]("bench")
		w := tasks.NewWorker(c)
		if _, err := k.Handle(w, remuda.Func(double), remuda.Config{Initial: 1}); err != nil {
			b.Fatal(err)
		}
		run(b, w)
		for b.Loop() {
			id, err := k.Push(context.Background(), c, 1)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := k.Wait(context.Background(), c, id); err != nil {
				b.Fatal(err)
			}
		}
	})
}
