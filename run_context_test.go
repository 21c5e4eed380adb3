package remuda_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// The context of a run ends with the run, whichever way the input came. Who kept
// it sees that, and never the context of another run.
func TestContextOfARunEndsWithIt(t *testing.T) {
	for name, call := range map[string]func(ctx context.Context, p *remuda.Pool[int, int], n int) error{
		"Do":      nestedCalls["Do"],
		"Submit":  nestedCalls["Submit and Wait"],
		"Map":     func(ctx context.Context, p *remuda.Pool[int, int], n int) error { return nestedCalls["Map"](ctx, p, n) },
		"DoAll":   nestedCalls["DoAll"],
		"Send":    func(ctx context.Context, p *remuda.Pool[int, int], n int) error { return p.Send(ctx, n) },
		"TrySend": func(ctx context.Context, p *remuda.Pool[int, int], n int) error { return p.TrySend(ctx, n) },
		"Map, while it goes on": func(ctx context.Context, p *remuda.Pool[int, int], n int) error {
			for range p.Map(ctx, slices.Values([]int{n, 100, 101})) {
			}
			return nil
		},
	} {
		for _, asks := range []bool{false, true} {
			for _, given := range []string{"empty", "endless", "endable"} {
				bubble(t, fmt.Sprintf("%s, %s, asks %v", name, given, asks), func(t *testing.T) {
					ended := name == "Do" || name == "Submit"
					if !ended || given == "empty" {
						t.Skip("belongs to the rebuilt core (issue 11)")
					}
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
					require.Equal(t, context.Canceled, kept.Err())
					<-kept.Done()
					_, err := p.Do(bg, 2)
					require.NoError(t, err)
					require.Equal(t, context.Canceled, kept.Err())
				})
			}
		}
	}
}
