package remuda_test

import (
	"context"
	"math"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

func TestInfoOutsideOfARun(t *testing.T) {
	info, ok := remuda.InfoFrom(bg)
	require.False(t, ok)
	require.Equal(t, remuda.Info{}, info)
	require.Nil(t, info.Input())
	require.Zero(t, info.Queued())
}

// A run knows its pool, its worker, its number on that worker, and its input;
// so does what is derived from its context.
func TestInfoOfARun(t *testing.T) {
	for name, way := range ways {
		bubble(t, name, func(t *testing.T) {
			var infos []remuda.Info
			cfg := way.cfg
			cfg.Name = "mill"
			p := startPool(t, cfg, func(ctx context.Context, n int) (int, error) {
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				info, ok := remuda.InfoFrom(ctx)
				assert.True(t, ok)
				assert.Equal(t, n, info.Input())
				assert.Zero(t, info.Queued())
				infos = append(infos, info)
				return n, nil
			})
			ctx, _ := ending(t)
			for i := range 3 {
				_, err := way.call(ctx, p, 10+i)
				require.NoError(t, err)
				synctest.Wait()
			}
			require.Len(t, infos, 3)
			for i, info := range infos {
				assert.Equal(t, "mill", info.Pool)
				assert.Equal(t, 1, info.Worker)
				assert.EqualValues(t, i+1, info.Run)
				assert.Equal(t, 1, info.Attempt)
				if name == "Do" || name == "Do inline" || name == "Submit" {
					assert.Nil(t, info.Input(), "the run is over")
				}
			}
		})
	}
}

// The number of a worker is never used again.
func TestWorkersAreNumbered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPool(t, remuda.Config{}, func(ctx context.Context, _ int) (int, error) {
			info, _ := remuda.InfoFrom(ctx)
			return info.Worker, nil
		})
		ctx, _ := ending(t)
		for i := range 5 {
			for _, ctx := range []context.Context{ctx, bg} {
				out, err := p.Do(ctx, 1)
				require.NoError(t, err)
				require.Equal(t, i+1, out)
				synctest.Wait()
			}
			require.NoError(t, p.Less())
			require.NoError(t, p.More())
		}
	})
}

// A pool that is called by another's job tells of its own run.
func TestInfoOfTheInnermostRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		name := func(ctx context.Context) string {
			info, _ := remuda.InfoFrom(ctx)
			return info.Pool
		}
		inner := startPool(t, remuda.Config{Name: "inner"}, func(ctx context.Context, _ int) (string, error) {
			return name(ctx), nil
		})
		outer := startPool(t, remuda.Config{Name: "outer"}, func(ctx context.Context, n int) (string, error) {
			out, err := inner.Do(ctx, n)
			return out + " in " + name(ctx), err
		})
		out, err := outer.Do(bg, 1)
		require.NoError(t, err)
		require.Equal(t, "inner in outer", out)
	})
}

// Middleware that runs a job again says so to those inside of it.
func TestInfoCountsAttempts(t *testing.T) {
	ctx, _ := ending(t)
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			var attempts []int
			p := startPool(t, way.cfg, func(ctx context.Context, n int) (int, error) {
				info, _ := remuda.InfoFrom(ctx)
				attempts = append(attempts, info.Attempt)
				return n, nil
			}, remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
				return func(ctx context.Context) error {
					for n := 1; n <= 3; n++ {
						if n > 1 {
							remuda.SetAttempt(ctx, n)
						}
						if err := next(ctx); err != nil {
							return err
						}
					}
					return nil
				}
			}))
			for range 2 {
				_, err := way.call(ctx, p, 1)
				require.NoError(t, err)
			}
			require.Equal(t, []int{1, 2, 3, 1, 2, 3}, attempts)
		})
	}
	remuda.SetAttempt(bg, 2) // outside of a run it does nothing
}

// InfoFrom and SetAttempt allocate nothing.
func TestInfoIsFree(t *testing.T) {
	p := startPool(t, remuda.Config{}, func(ctx context.Context, _ int) (float64, error) {
		return testing.AllocsPerRun(100, func() {
			remuda.SetAttempt(ctx, 2)
			info, ok := remuda.InfoFrom(ctx)
			if !ok || info.Worker != 1 || info.Attempt != 2 || info.Queued() != 0 {
				t.Error("no run")
			}
		}), nil
	})
	allocs, err := p.Do(bg, 1)
	require.NoError(t, err)
	require.Zero(t, allocs)
}

// An attempt is never below 1, and never wraps around.
func TestSetAttemptKeepsToWhatCanBe(t *testing.T) {
	p := startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
		remuda.SetAttempt(ctx, n)
		info, _ := remuda.InfoFrom(ctx)
		return info.Attempt, nil
	})
	for n, want := range map[int]int{-1: 1, 0: 1, 1: 1, 7: 7, math.MaxInt32: math.MaxInt32, math.MaxInt: math.MaxInt32, math.MinInt: 1} {
		got, err := p.Do(bg, n)
		require.NoError(t, err)
		require.Equal(t, want, got, "SetAttempt(%d)", n)
	}
}

// SetAttempt tells the innermost run, as InfoFrom does, and no other.
func TestSetAttemptOfTheInnermostRun(t *testing.T) {
	inner := startPool(t, remuda.Config{}, func(ctx context.Context, _ int) (int, error) {
		remuda.SetAttempt(ctx, 5)
		info, _ := remuda.InfoFrom(ctx)
		return info.Attempt, nil
	})
	outer := startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
		remuda.SetAttempt(ctx, 2)
		out, err := inner.Do(ctx, n)
		info, _ := remuda.InfoFrom(ctx)
		return 10*info.Attempt + out, err
	})
	out, err := outer.Do(bg, 1)
	require.NoError(t, err)
	require.Equal(t, 25, out)
}

// A run begins to count anew on a worker whose context is used again.
func TestInfoCountsAttemptsOfEachRun(t *testing.T) {
	var seen []int
	p := startPool(t, remuda.Config{}, double, remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
		return func(ctx context.Context) error {
			info, _ := remuda.InfoFrom(ctx)
			seen = append(seen, info.Attempt)
			remuda.SetAttempt(ctx, 3)
			return next(ctx)
		}
	}))
	for range 3 {
		_, err := p.Do(bg, 1)
		require.NoError(t, err)
	}
	require.Equal(t, []int{1, 1, 1}, seen)
}

// A middleware can tell a job that fails from an input that did not get there.
func TestInfoTellsWhetherTheJobWasEntered(t *testing.T) {
	for name, way := range ways {
		bubble(t, name, func(t *testing.T) {
			var before, after []bool
			watch := remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
				return func(ctx context.Context) error {
					info, _ := remuda.InfoFrom(ctx)
					before = append(before, info.Entered())
					err := next(ctx)
					after = append(after, info.Entered())
					return err
				}
			})
			p := startPool(t, way.cfg, func(ctx context.Context, n int) (int, error) {
				info, _ := remuda.InfoFrom(ctx)
				assert.True(t, info.Entered())
				return n, nil
			}, watch, refusing(odd))
			for i := range 4 {
				_, _ = way.call(bg, p, i)
				synctest.Wait()
			}
			require.Equal(t, []bool{false, false, false, false}, before)
			require.Equal(t, []bool{true, false, true, false}, after)
		})
	}
	bubble(t, "without middleware", func(t *testing.T) {
		p := startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
			info, _ := remuda.InfoFrom(ctx)
			assert.True(t, info.Entered())
			return n, nil
		})
		_, err := p.Do(bg, 1)
		require.NoError(t, err)
	})
	require.False(t, remuda.Info{}.Entered())
}
