package middleware_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

// taken is a semaphore of which there is nothing to be had.
func taken() *semaphore.Weighted {
	sem := semaphore.NewWeighted(1)
	sem.TryAcquire(1)
	return sem
}

// What refuses says so, and why: errors.Is finds the end of the context where
// that is the reason.
func TestRefusalsSayWhatRefuses(t *testing.T) {
	slow := func() *rate.Limiter {
		l := rate.NewLimiter(rate.Every(time.Hour), 1)
		l.Allow()
		return l
	}
	waiting := func() remuda.Middleware { return middleware.Wait(time.Hour) }
	for name, tt := range map[string]struct {
		mw       func() remuda.Middleware
		canceled string // while it waits
		deadline string // that comes too soon
	}{
		"Rate": {
			func() remuda.Middleware { return middleware.Rate(slow()) },
			"remuda: rate: no token: context canceled",
			"remuda: rate: no token before the deadline: context deadline exceeded",
		},
		"Limit": {
			func() remuda.Middleware { return middleware.Limit(taken()) },
			"remuda: limit: no slot: context canceled",
			"remuda: limit: no slot: context deadline exceeded",
		},
		"Wait": {
			waiting,
			"remuda: wait: pause cut short: context canceled",
			"remuda: wait: pause cut short: context deadline exceeded",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := tt.mw().Wrap(func(context.Context) error { panic("not to be called") })
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Minute, cancel)
				err := h(ctx)
				require.ErrorIs(t, err, context.Canceled)
				require.EqualError(t, err, tt.canceled)
				require.EqualError(t, h(ctx), tt.canceled, "before it waits")

				ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				err = h(ctx)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.EqualError(t, err, tt.deadline)
			})
		})
	}
}

// A limiter that never lets anything through is not the deadline's fault.
func TestRateWithoutABurst(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	for _, ctx := range []context.Context{t.Context(), ctx} {
		err := middleware.Rate(rate.NewLimiter(1, 0)).Wrap(succeed)(ctx)
		require.ErrorContains(t, err, "remuda: rate: the limiter's burst is below 1")
		require.NotErrorIs(t, err, context.DeadlineExceeded)
	}
}

// One caller with little time closes the pool for nobody.
func TestRefusalsStopNoPool(t *testing.T) {
	for name, mw := range map[string]remuda.Middleware{
		"Rate":  middleware.Rate(rate.NewLimiter(rate.Every(time.Hour), 1)),
		"Limit": middleware.Limit(semaphore.NewWeighted(1)),
		"Wait":  middleware.Wait(time.Hour),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var counter middleware.Counter
				var elapsed middleware.Elapsed
				var metrics middleware.Metrics
				pool := startWith(t, remuda.Config{Initial: 2, StopOnErrors: true}, &counter, &elapsed, &metrics, mw)
				long, cancel := context.WithCancel(t.Context())
				go pool.Do(long, lasting(time.Hour, succeed)) // takes the token, or the slot
				synctest.Wait()

				short, stop := context.WithTimeout(t.Context(), time.Second)
				defer stop()
				_, err := pool.Do(short, succeed)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				time.Sleep(time.Second)
				require.NoError(t, pool.Err())
				require.Equal(t, 2, pool.Current())

				time.Sleep(3 * time.Hour)
				cancel()
				synctest.Wait()
				s := pool.Stats()
				require.EqualValues(t, 1, s.Dropped)
				require.EqualValues(t, 1, s.Succeeded)
				require.Zero(t, s.Failed)

				// Whoever counts says the same as the pool.
				require.Equal(t, middleware.CounterSnapshot{Started: 2, Finished: 2, Dropped: 1}, counter.Snapshot())
				require.EqualValues(t, 1, counter.Dropped())
				require.Equal(t, middleware.CounterSnapshot{Started: 2, Finished: 2, Dropped: 1}, elapsed.Snapshot().CounterSnapshot)
				require.EqualValues(t, 1, elapsed.Dropped())
				m := metrics.Snapshot()
				require.Equal(t, [5]uint64{2, 1, 0, 1, 0}, [5]uint64{m.Started, m.Succeeded, m.Failed, m.Dropped, m.Running})
				require.EqualValues(t, 2, m.Finished())
				require.Zero(t, m.Canceled)
				require.Contains(t, metrics.String(), `"dropped":1`)
				require.EqualValues(t, 2, m.Merge(m).Dropped)
			})
		})
	}
}

// A refusal of an attempt after one that has run is the end of a run that has
// failed, not of one that did not get there.
func TestRefusalOfARetry(t *testing.T) {
	var outside, inside middleware.Counter
	var metrics middleware.Metrics
	attempts := 0
	second := remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
		return func(ctx context.Context) error {
			if attempts++; attempts > 1 {
				return errors.New("refused")
			}
			return next(ctx)
		}
	})
	pool := start(t, &outside, &metrics, middleware.Retry(1), &inside, second)
	require.EqualError(t, run(pool, fail), "remuda: retry: after 2 attempts: refused")
	require.EqualValues(t, 1, pool.Stats().Failed)
	require.Equal(t, middleware.CounterSnapshot{Started: 1, Finished: 1, Failed: 1}, outside.Snapshot())
	require.Equal(t, middleware.CounterSnapshot{Started: 2, Finished: 2, Failed: 2}, inside.Snapshot())
	require.EqualValues(t, 1, metrics.Snapshot().Failed)
}

// Outside of a pool, and in a middleware around the job alone, nobody can tell.
func TestRefusalOutsideOfAPool(t *testing.T) {
	var c middleware.Counter
	job := remuda.Wrap(remuda.NoOutput(perform), &c, middleware.Limit(taken()))
	ctx, cancel := context.WithTimeout(t.Context(), 1)
	defer cancel()
	_, err := job.Do(ctx, succeed)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, middleware.CounterSnapshot{Started: 1, Finished: 1, Failed: 1}, c.Snapshot())
}

func TestLoggerOfARefusal(t *testing.T) {
	var log records
	refuse := remuda.MiddlewareFunc(func(remuda.Handler) remuda.Handler { return fail })
	require.Error(t, run(start(t, middleware.Logger(log.logger(0)), refuse), succeed))
	got := log.next(t)
	require.Equal(t, "job dropped", got["msg"])
	require.Equal(t, "ERROR", got["level"])
	require.Equal(t, "job failed", got["err"])
}
