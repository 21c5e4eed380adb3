package remuda_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// The context of a run ends with the run, whichever way the input came, if it came
// with a context that carries something. Who kept it sees that, and never the context
// of another run. Inputs without one, and those of one loop, share a context, which
// ends with the pool or the loop.
func TestContextOfARunEndsWithIt(t *testing.T) {
	for name, call := range map[string]func(ctx context.Context, p *remuda.Pool[int, int], n int) error{
		"Do":      nestedCalls["Do"],
		"Submit":  nestedCalls["Submit and Wait"],
		"Send":    func(ctx context.Context, p *remuda.Pool[int, int], n int) error { return p.Send(ctx, n) },
		"TrySend": func(ctx context.Context, p *remuda.Pool[int, int], n int) error { return p.TrySend(ctx, n) },
	} {
		for _, asks := range []bool{false, true} {
			for _, given := range []string{"endless", "endable"} {
				bubble(t, fmt.Sprintf("%s, %s, asks %v", name, given, asks), func(t *testing.T) {
					ctx := bg
					switch given {
					case "endless":
						ctx = context.WithValue(bg, key("k"), 1)
					case "endable":
						ctx, _ = ending(t)
					}
					var kept context.Context
					p := startPool(t, remuda.Config{}, func(run context.Context, n int) (int, error) {
						switch {
						case n == 1:
							kept = run
							if asks {
								run.Done()
							}
						case kept.Err() == nil:
							t.Error("it has not ended when the next run begins")
						}
						require.NoError(t, run.Err())
						return 0, nil
					})
					require.NoError(t, call(ctx, p, 1))
					synctest.Wait()
					require.ErrorIs(t, kept.Err(), context.Canceled)
					<-kept.Done()
					_, err := p.Do(bg, 2)
					require.NoError(t, err)
					require.ErrorIs(t, kept.Err(), context.Canceled)
				})
			}
		}
	}
}
