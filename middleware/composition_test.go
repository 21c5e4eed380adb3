package middleware_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

func TestFirstIsOutermost(t *testing.T) {
	var order []string
	note := func(name string) remuda.Middleware {
		return remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
			return func(ctx context.Context) error {
				order = append(order, name)
				defer func() { order = append(order, "/"+name) }()
				return next(ctx)
			}
		})
	}
	want := []string{"a", "b", "c", "/c", "/b", "/a"}
	require.NoError(t, run(start(t, note("a"), note("b"), note("c")), succeed))
	require.Equal(t, want, order)

	order = nil
	job := remuda.Wrap(remuda.NoOutput(perform), note("b"), note("c"))
	pool := remuda.New[task, remuda.Void](note("a"))
	require.NoError(t, pool.Start(job))
	require.NoError(t, run(pool, succeed))
	require.NoError(t, pool.Close(t.Context()))
	require.Equal(t, want, order, "Wrap around the job is inside of the pool's")
}

// Outside of Retry, Timeout bounds all attempts together.
func TestTimeoutOutsideOfRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := start(t, middleware.Timeout(time.Second), middleware.Retry(9))
		begin, n := time.Now(), 0
		err := run(pool, func(ctx context.Context) error {
			n++
			select {
			case <-time.After(400 * time.Millisecond):
			case <-ctx.Done():
			}
			return errJob
		})
		require.Equal(t, time.Second, time.Since(begin))
		require.Equal(t, 3, n)
		require.ErrorIs(t, err, errJob)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		var timeout *middleware.TimeoutError
		require.ErrorAs(t, err, &timeout)
	})
}

// Inside of Retry, Timeout bounds each attempt, and is a failure to retry.
func TestTimeoutInsideOfRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := start(t, middleware.Retry(2), middleware.Timeout(time.Second))
		begin, n := time.Now(), 0
		err := run(pool, func(ctx context.Context) error { n++; return until(ctx) })
		require.Equal(t, 3*time.Second, time.Since(begin))
		require.Equal(t, 3, n)
		var timeout *middleware.TimeoutError
		require.ErrorAs(t, err, &timeout)
	})
}

// Inside of Retry, Rate spaces the attempts; outside of it, the inputs.
func TestRetryWithRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for inside, want := range map[bool][]time.Duration{
			true:  {0, time.Second, 2 * time.Second, 3 * time.Second},
			false: {0, 0, time.Second, time.Second},
		} {
			limit := middleware.Rate(rate.NewLimiter(rate.Every(time.Second), 1))
			mws := []remuda.Middleware{limit, middleware.Retry(1)}
			if inside {
				mws = []remuda.Middleware{middleware.Retry(1), limit}
			}
			pool := start(t, mws...)
			begin := time.Now()
			var starts []time.Duration
			for range 2 {
				require.ErrorIs(t, run(pool, func(context.Context) error {
					starts = append(starts, time.Since(begin))
					return errJob
				}), errJob)
			}
			require.Equal(t, want, starts, "inside: %v", inside)
		}
	})
}

// A Counter counts inputs outside of Retry, and attempts inside of it.
func TestCounterAroundRetry(t *testing.T) {
	var inputs, attempted middleware.Counter
	pool := start(t, &inputs, middleware.Retry(3), &attempted)
	require.ErrorIs(t, run(pool, fail), errJob) // 4 attempts
	n := 0
	require.NoError(t, run(pool, attempts(&n, 1, errJob))) // 2
	require.NoError(t, run(pool, succeed))                 // 1
	require.Equal(t, middleware.CounterSnapshot{Started: 3, Finished: 3, Failed: 1}, inputs.Snapshot())
	require.Equal(t, middleware.CounterSnapshot{Started: 7, Finished: 7, Failed: 5}, attempted.Snapshot())
}

// Wait inside of Retry spaces the attempts on one worker.
func TestWaitInsideOfRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := start(t, middleware.Retry(2), middleware.Wait(time.Second))
		begin := time.Now()
		require.ErrorIs(t, run(pool, fail), errJob)
		require.Equal(t, 3*time.Second, time.Since(begin))
	})
}

// One value may stand in a chain twice, and in several chains.
func TestOneValueTwice(t *testing.T) {
	var c middleware.Counter
	retry := middleware.Retry(1)
	pool := start(t, retry, &c, retry, &c)
	require.ErrorIs(t, run(pool, fail), errJob)
	require.EqualValues(t, 2+4, c.Finished())
}
