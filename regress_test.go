package remuda_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// An input that is accepted while a woken worker is on its way relies on that
// worker to wake the next one. It must, even when another worker has meanwhile
// taken one of the inputs that came after it.
func TestWokenWorkerSeesWhatChangedSides(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // in this order, as good as always
	for range 3 {
		bubble(t, "", func(t *testing.T) {
			met := make(chan struct{})
			const short, waits, meets = 0, 1, 2
			p := startPool(t, remuda.Config{Paused: true, Queue: 2}, func(_ context.Context, in int) (int, error) {
				switch in {
				case short:
					runtime.Gosched()
				case waits:
					<-met
				case meets:
					close(met)
				}
				return 0, nil
			})
			for _, in := range []int{short, waits, waits, meets} {
				go func() { assert.NoError(t, p.Send(bg, in)) }()
				synctest.Wait()
			}
			require.NoError(t, p.Resize(4))
			synctest.Wait()
			s := p.Stats()
			require.Zero(t, s.Queued, "an input waits while a worker is free: %+v", s)
		})
	}
}

// A worker whose middleware could not be put together tries again with the next
// run. It must not run the job bare.
func TestMiddlewareThatPanicsInWrapIsNeverBypassed(t *testing.T) {
	wraps, seen := 0, 0
	guard := remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
		if wraps++; wraps == 1 {
			panic("wrap")
		}
		return func(ctx context.Context) error {
			seen++
			return next(ctx)
		}
	})
	ctx, _ := ending(t)
	for _, ctx := range []context.Context{bg, ctx} { // on this goroutine and on the worker's
		wraps, seen = 0, 0
		p := startPool(t, remuda.Config{}, double, guard)
		_, err := p.Do(ctx, 1)
		var panicked *remuda.PanicError
		require.ErrorAs(t, err, &panicked)
		_, err = p.Do(ctx, 1)
		require.NoError(t, err)
		require.Equal(t, 1, seen, "the second run has passed through the middleware")
	}
}

// Nor does it run the job bare if a middleware returns no handler.
func TestMiddlewareThatReturnsNoHandlerIsNeverBypassed(t *testing.T) {
	none := remuda.MiddlewareFunc(func(remuda.Handler) remuda.Handler { return nil })
	through := remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler { return next })
	for _, mws := range [][]remuda.Middleware{{none}, {through, none}} {
		p := startPool(t, remuda.Config{}, double, mws...)
		_, err := p.Do(bg, 1)
		require.ErrorIs(t, err, remuda.ErrNilJob)
	}
	_, err := remuda.Wrap(remuda.Func(double), none).Do(bg, 1)
	require.ErrorIs(t, err, remuda.ErrNilJob)
}
