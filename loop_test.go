package remuda_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// A loop goes on after whatever a run does, in whichever order: errors, panics, the end
// of its goroutine, and a refusal by middleware.
func TestLoopGoesOn(t *testing.T) {
	refusal := remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
		return func(ctx context.Context) error {
			if i, _ := remuda.InfoFrom(ctx); i.Run%5 == 0 {
				return errRefused
			}
			return next(ctx)
		}
	})
	for name, mws := range map[string][]remuda.Middleware{
		"bare": nil, "in middleware": idleLayers(1), "refused each fifth time": {refusal},
	} {
		bubble(t, name, func(t *testing.T) {
			p, err := remuda.NewLoop(remuda.Config{}, mws...)
			require.NoError(t, err)
			runs := 0
			require.NoError(t, p.Start(remuda.Loop(func(ctx context.Context) error {
				runs++
				switch runs % 7 {
				case 1, 4:
					return errJob
				case 2:
					panic("boom")
				case 5:
					runtime.Goexit()
				}
				if runs >= 70 {
					<-ctx.Done()
				}
				return nil
			})))
			synctest.Wait()
			require.Equal(t, 1, p.Stats().Running)
			require.NoError(t, p.Close(bg))
			s := p.Stats()
			require.EqualValues(t, 40, s.Failed)
			require.EqualValues(t, 30, s.Succeeded)
			if name == "refused each fifth time" {
				require.EqualValues(t, 17, s.Dropped)
			} else {
				require.Zero(t, s.Dropped)
			}
		})
	}
}

// A number of attempts does not outlive its run.
func TestAttemptsOfALoop(t *testing.T) {
	for name, mws := range map[string][]remuda.Middleware{"bare": nil, "in middleware": idleLayers(1)} {
		bubble(t, name, func(t *testing.T) {
			p, err := remuda.NewLoop(remuda.Config{}, mws...)
			require.NoError(t, err)
			var attempts []int
			require.NoError(t, p.Start(remuda.Loop(func(ctx context.Context) error {
				i, _ := remuda.InfoFrom(ctx)
				attempts = append(attempts, i.Attempt)
				remuda.SetAttempt(ctx, 3)
				time.Sleep(time.Second)
				return nil
			})))
			time.Sleep(3500 * time.Millisecond)
			require.NoError(t, p.Close(bg))
			require.Equal(t, []int{1, 1, 1, 1}, attempts)
		})
	}
}
