package remuda_test

import (
	"context"
	"fmt"
	"iter"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// forever counts up forever.
func forever(yield func(int) bool) {
	for i := 0; yield(i); i++ {
	}
}

// cancelledBy are the ways to cut a loop off from outside.
var cancelledBy = map[string]func(p *remuda.Pool[int, int], cancel context.CancelFunc){
	"its context":                 func(_ *remuda.Pool[int, int], cancel context.CancelFunc) { cancel() },
	"a Close that does not wait":  func(p *remuda.Pool[int, int], _ context.CancelFunc) { _ = cut(p) },
	"a context of a type unknown": func(_ *remuda.Pool[int, int], cancel context.CancelFunc) { cancel() },
}

// foreign hides what a context is from package context, which then learns of its
// end on a goroutine of its own, some time later.
type foreign struct{ context.Context }

func (f foreign) Value(key any) any { return nil }

// Nothing begins once the call that cancelled its context has returned. Other
// workers may be about to begin a run at that instant, but for one each.
func TestNothingOfALoopBeginsAfterItsContextHasEnded(t *testing.T) {
	rounds := 20
	if raceEnabled {
		rounds = 5
	}
	for how, end := range cancelledBy {
		for name, loop := range loops {
			for _, workers := range []int{1, 4} {
				t.Run(fmt.Sprintf("%s, %s, %d workers", name, how, workers), func(t *testing.T) {
					for range rounds {
						ctx, cancel := context.WithCancel(bg)
						var late atomic.Int32
						var ended atomic.Bool
						var p *remuda.Pool[int, int]
						p = startPool(t, remuda.Config{Initial: workers}, func(_ context.Context, n int) (int, error) {
							if ended.Load() {
								late.Add(1)
							}
							if n == 5000 { // by now they are handed over by the batch
								end(p, cancel)
								ended.Store(true)
							}
							return n, nil
						})
						given := ctx
						if how == "a context of a type unknown" {
							given = foreign{ctx}
						}
						_, errs := loop(given, p, forever)
						require.Error(t, errs[len(errs)-1])
						require.Less(t, int(late.Load()), workers)
						cancel()
					}
				})
			}
		}
	}
}

// A sequence that ends when the context does leaves a loop that is cut short, and
// it says so: it must not look complete.
func TestSequenceThatEndsWithTheContext(t *testing.T) {
	rounds := 300
	if raceEnabled {
		rounds = 50
	}
	for name, loop := range loops {
		for _, workers := range []int{1, 4} {
			t.Run(fmt.Sprintf("%s, %d workers", name, workers), func(t *testing.T) {
				for round := range rounds {
					ctx, cancel := context.WithCancel(bg)
					var seq iter.Seq[int] = func(yield func(int) bool) {
						for i := 0; ctx.Err() == nil && yield(i); i++ {
						}
					}
					p := startPool(t, remuda.Config{Initial: workers}, func(_ context.Context, n int) (int, error) {
						if n == round {
							cancel()
						}
						return n, nil
					})
					_, errs := loop(ctx, p, seq)
					require.NotEmpty(t, errs)
					require.ErrorIs(t, errs[len(errs)-1], context.Canceled, "round %d", round)
					require.NoError(t, p.Close(bg))
				}
			})
		}
	}
}

// A loop that was complete before its context ended is complete.
func TestLoopThatIsCompleteBeforeItsContextEnds(t *testing.T) {
	forEachLoop(t, func(t *testing.T, loop loopFunc) {
		ctx, cancel := ending(t)
		p := startPool(t, remuda.Config{Initial: 2}, double)
		outs, errs := loop(ctx, p, counted(100))
		cancel()
		require.Len(t, outs, 100)
		for _, err := range errs {
			require.NoError(t, err)
		}
	})
}
