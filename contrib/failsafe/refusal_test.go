package failsafe_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	upstream "github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/ratelimiter"
	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/contrib/failsafe"
	"github.com/remuda-go/remuda/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a policy keeps from running is dropped, with an error that says so, and
// stops nobody's pool.
func TestRefusedInputsAreDropped(t *testing.T) {
	for name, c := range map[string]struct {
		policy func() upstream.Policy[any] // made in the bubble
		want   error
	}{
		"open breaker": {func() upstream.Policy[any] {
			open := circuitbreaker.NewWithDefaults[any]()
			open.Open()
			return open
		}, circuitbreaker.ErrOpen},
		"full bulkhead": {func() upstream.Policy[any] {
			full := bulkhead.NewBuilder[any](1).WithMaxWaitTime(time.Hour).Build()
			full.TryAcquirePermit()
			return full
		}, context.DeadlineExceeded},
		"no bulkhead": {func() upstream.Policy[any] { return bulkhead.New[any](0) }, bulkhead.ErrFull},
		"rate limiter": {func() upstream.Policy[any] {
			slow := ratelimiter.NewSmoothBuilder[any](1, time.Hour).WithMaxWaitTime(10 * time.Hour).Build()
			slow.TryAcquirePermit()
			return slow
		}, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var metrics middleware.Metrics
				pool, err := remuda.NewWithConfig[func(context.Context) error, remuda.Void](
					remuda.Config{StopOnErrors: true}, &metrics, failsafe.Middleware(c.policy()))
				require.NoError(t, err)
				require.NoError(t, pool.Start(remuda.NoOutput(func(context.Context, func(context.Context) error) error {
					t.Error("the job ran")
					return nil
				})))
				dropped := make(chan error, 1)
				pool.OnDrop(func(_ func(context.Context) error, err error) { dropped <- err })
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				ticket, err := pool.Submit(ctx, succeed)
				require.NoError(t, err)
				_, err = ticket.Wait(t.Context())
				require.ErrorIs(t, err, c.want)
				if c.want == context.DeadlineExceeded {
					require.ErrorContains(t, err, "remuda/failsafe: refused by a policy that waited: ")
				}
				require.NoError(t, pool.Err())
				require.EqualValues(t, 1, pool.Stats().Dropped)
				require.EqualValues(t, 1, metrics.Snapshot().Dropped)
				require.NoError(t, pool.Close(t.Context()))
			})
		})
	}
}

// However a run ends, what a policy holds for it is given back.
func TestPoliciesGetBackWhatTheyHold(t *testing.T) {
	panics := remuda.MiddlewareFunc(func(remuda.Handler) remuda.Handler {
		return func(context.Context) error { panic("middleware") }
	})
	exits := remuda.MiddlewareFunc(func(remuda.Handler) remuda.Handler {
		return func(context.Context) error { runtime.Goexit(); return nil }
	})
	for name, c := range map[string]struct {
		inside []remuda.Middleware
		job    func(context.Context) error
	}{
		"panic":                  {nil, func(context.Context) error { panic("job") }},
		"Goexit":                 {nil, func(context.Context) error { runtime.Goexit(); return nil }},
		"panic of a middleware":  {[]remuda.Middleware{panics}, succeed},
		"Goexit of a middleware": {[]remuda.Middleware{exits}, succeed},
	} {
		t.Run(name, func(t *testing.T) {
			room := bulkhead.New[any](1)
			breaker := circuitbreaker.NewBuilder[any]().WithDelay(time.Hour).Build()
			pool := start(t, 1, append([]remuda.Middleware{failsafe.Middleware(breaker, room)}, c.inside...)...)
			for range 3 {
				breaker.HalfOpen()
				require.Error(t, outcome(submit(t, pool, c.job)))
				require.True(t, room.TryAcquirePermit(), "the permit is back")
				room.ReleasePermit()
				assert.True(t, breaker.IsOpen(), "the run has failed")
			}
		})
	}
}
