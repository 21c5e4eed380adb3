package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

// attempts is a task that fails so many times, with err, and then succeeds. It
// counts in n.
func attempts(n *int, failures int, err error) task {
	return func(context.Context) error {
		if *n++; *n <= failures {
			return err
		}
		return nil
	}
}

func TestRetryAttempts(t *testing.T) {
	errPermanent := middleware.Permanent(errJob)
	all := middleware.RetryIf(func(error) bool { return true })
	none := middleware.RetryIf(func(error) bool { return false })
	panicked := &remuda.PanicError{Value: "on purpose"}
	cases := map[string]struct {
		retry    remuda.Middleware
		failures int
		err      error // of the failures
		attempts int
		fails    bool
	}{
		"success":                          {middleware.Retry(3), 0, nil, 1, false},
		"success after a failure":          {middleware.Retry(3), 1, errJob, 2, false},
		"success at the last":              {middleware.Retry(3), 3, errJob, 4, false},
		"failure to the last":              {middleware.Retry(3), 4, errJob, 4, true},
		"no retries":                       {middleware.Retry(0), 1, errJob, 1, true},
		"as many as it takes":              {middleware.Retry(math.MaxUint), 1000, errJob, 1001, false},
		"not retryable":                    {middleware.Retry(3), 9, middleware.ErrNotRetryable, 1, true},
		"wraps not retryable":              {middleware.Retry(3), 9, fmt.Errorf("it: %w", middleware.ErrNotRetryable), 1, true},
		"permanent":                        {middleware.Retry(3), 9, errPermanent, 1, true},
		"invalid input":                    {middleware.Retry(3), 9, remuda.ErrInvalidInput, 1, true},
		"invalid input, if RetryIf says":   {middleware.Retry(3, all), 9, remuda.ErrInvalidInput, 4, true},
		"not if RetryIf says no":           {middleware.Retry(3, none), 9, errJob, 1, true},
		"permanent, whatever RetryIf says": {middleware.Retry(3, all), 9, errPermanent, 1, true},
		"panic":                            {middleware.Retry(3), 9, panicked, 1, true},
		"panic, if RetryIf says":           {middleware.Retry(3, all), 9, panicked, 4, true},
		"a timeout that is not the run's":  {middleware.Retry(3), 2, context.DeadlineExceeded, 3, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			n := 0
			err := run(start(t, c.retry), attempts(&n, c.failures, c.err))
			require.Equal(t, c.attempts, n)
			if c.fails {
				require.ErrorIs(t, err, c.err)
			} else {
				require.NoError(t, err)
			}
		})
	}
}

func TestRetryDoesNotRetryAPanic(t *testing.T) {
	n := 0
	err := run(start(t, middleware.Retry(3)), func(context.Context) error { n++; panic("on purpose") })
	var p *remuda.PanicError
	require.ErrorAs(t, err, &p)
	require.Equal(t, 1, n)
}

func TestRetryLetsAGoroutineEnd(t *testing.T) {
	n := 0
	err := run(start(t, middleware.Retry(3)), func(ctx context.Context) error { n++; return exits(ctx) })
	require.ErrorIs(t, err, remuda.ErrGoexit)
	require.Equal(t, 1, n)
}

func TestPermanent(t *testing.T) {
	require.NoError(t, middleware.Permanent(nil))
	err := middleware.Permanent(errJob)
	require.ErrorIs(t, err, errJob)
	require.ErrorIs(t, err, middleware.ErrNotRetryable)
	require.EqualError(t, err, errJob.Error())
}

// Info and OnRetry tell the attempt, counted on through nested retries.
func TestRetryTellsTheAttempt(t *testing.T) {
	var infos, calls []int
	var errs []error
	note := middleware.OnRetry(func(ctx context.Context, attempt int, err error) {
		info, ok := remuda.InfoFrom(ctx)
		require.True(t, ok)
		require.Equal(t, attempt, info.Attempt)
		calls = append(calls, attempt)
		errs = append(errs, err)
	})
	pool := start(t, middleware.Retry(1, note), middleware.Retry(2, note))
	job := func(ctx context.Context) error {
		info, _ := remuda.InfoFrom(ctx)
		infos = append(infos, info.Attempt)
		return errJob
	}
	require.ErrorIs(t, run(pool, job), errJob)
	require.Equal(t, []int{1, 2, 3, 4, 5, 6}, infos)
	require.Equal(t, []int{2, 3, 4, 5, 6}, calls)
	for _, err := range errs {
		require.ErrorIs(t, err, errJob)
	}
	infos = nil
	require.ErrorIs(t, run(pool, job), errJob)
	require.Equal(t, []int{1, 2, 3, 4, 5, 6}, infos, "each input counts from 1")
}

// Without a pool there is no Info, and OnRetry counts all the same.
func TestRetryOutsideOfAPool(t *testing.T) {
	var calls []int
	job := remuda.Wrap(remuda.NoOutput(perform), middleware.Retry(2, middleware.OnRetry(func(_ context.Context, attempt int, _ error) {
		calls = append(calls, attempt)
	})))
	_, err := job.Do(t.Context(), fail)
	require.ErrorIs(t, err, errJob)
	require.Equal(t, []int{2, 3}, calls)
}

// Pauses are random between 0 and a ceiling that doubles up to the highest.
func TestRetryBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const base, most = time.Second, 5 * time.Second
		ceilings := []time.Duration{base, 2 * base, 4 * base, most, most}
		longest := make([]time.Duration, len(ceilings))
		shortest := []time.Duration{most, most, most, most, most}
		pool := start(t, middleware.Retry(uint(len(ceilings)), middleware.Backoff(base, most)))
		for range 300 {
			i, last := 0, time.Now()
			require.Error(t, run(pool, func(context.Context) error {
				if i > 0 {
					pause := time.Since(last)
					longest[i-1] = max(longest[i-1], pause)
					shortest[i-1] = min(shortest[i-1], pause)
				}
				i, last = i+1, time.Now()
				return errJob
			}))
		}
		for i, c := range ceilings { // 300 draws miss a tenth at an end with a chance of 1e-14
			require.Less(t, longest[i], c)
			require.Greater(t, longest[i], c*9/10)
			require.Less(t, shortest[i], c/10)
		}
	})
}

// However many retries there were, the ceiling is what was asked for.
func TestRetryBackoffNeverOverflows(t *testing.T) {
	cases := map[string]struct{ base, most, ceiling time.Duration }{
		"small":           {1, time.Second, time.Second},
		"large":           {math.MaxInt64 / 2, math.MaxInt64, math.MaxInt64},
		"largest":         {math.MaxInt64, math.MaxInt64, math.MaxInt64},
		"base above most": {time.Hour, time.Second, time.Second},
		"no base":         {0, time.Second, 1},
		"negative base":   {-time.Second, time.Second, 1},
		"no most":         {time.Second, 0, 1},
		"negative most":   {time.Second, -time.Second, 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := 0
				last := time.Now()
				pool := start(t, middleware.Retry(70, middleware.Backoff(c.base, min(c.most, 1<<55))))
				require.Error(t, run(pool, func(context.Context) error {
					require.GreaterOrEqual(t, time.Since(last), time.Duration(0))
					require.Less(t, time.Since(last), max(c.ceiling, 1))
					n, last = n+1, time.Now()
					return errJob
				}))
				require.Equal(t, 71, n)
			})
		})
	}
}

func TestRetryBudget(t *testing.T) {
	t.Run("no retry begins after it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			n := 0
			pool := start(t, middleware.Retry(math.MaxUint, middleware.Budget(5*time.Second)))
			begin := time.Now()
			require.ErrorIs(t, run(pool, lasting(2*time.Second, attempts(&n, 99, errJob))), errJob)
			require.Equal(t, 3, n) // at 0, 2 and 4 seconds
			require.Equal(t, 6*time.Second, time.Since(begin), "the last attempt is not cut short")
		})
	})
	t.Run("no pause goes beyond it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			pool := start(t, middleware.Retry(math.MaxUint, middleware.Budget(time.Minute), middleware.Backoff(time.Second, time.Hour)))
			for range 20 {
				begin := time.Now()
				require.ErrorIs(t, run(pool, fail), errJob)
				require.LessOrEqual(t, time.Since(begin), time.Minute)
			}
		})
	})
	t.Run("none is no retry", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			n := 0
			pool := start(t, middleware.Retry(3, middleware.Budget(0)))
			require.ErrorIs(t, run(pool, lasting(1, attempts(&n, 99, errJob))), errJob)
			require.Equal(t, 1, n)
		})
	})
}

// The end of the context ends a pause at once, and what comes back tells both
// what went wrong and why it was not tried again.
func TestRetryStopsWithTheContext(t *testing.T) {
	t.Run("in a pause", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			n := 0
			pool := start(t, middleware.Retry(math.MaxUint, middleware.Backoff(1<<60, 1<<60)))
			ctx, cancel := context.WithCancel(t.Context())
			ticket, err := pool.Submit(ctx, attempts(&n, 99, errJob))
			require.NoError(t, err)
			time.Sleep(time.Second)
			begin := time.Now()
			cancel()
			_, err = ticket.Wait(context.Background())
			require.Zero(t, time.Since(begin))
			require.ErrorIs(t, err, errJob)
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, 1, n)
		})
	})
	t.Run("in an attempt", func(t *testing.T) {
		n := 0
		pool := start(t, middleware.Retry(math.MaxUint))
		ctx, cancel := context.WithCancel(t.Context())
		ticket, err := pool.Submit(ctx, func(context.Context) error {
			if n++; n == 3 {
				cancel()
			}
			return errJob
		})
		require.NoError(t, err)
		_, err = ticket.Wait(context.Background())
		require.ErrorIs(t, err, errJob)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, 3, n)
	})
	t.Run("says it once", func(t *testing.T) {
		h := middleware.Retry(3).Wrap(func(ctx context.Context) error { return ctx.Err() })
		require.Equal(t, context.Canceled, h(endedContext()))
	})
	t.Run("has the last error", func(t *testing.T) {
		n := 0
		ctx, cancel := context.WithCancel(t.Context())
		h := middleware.Retry(9).Wrap(func(context.Context) error {
			if n++; n == 2 {
				cancel()
			}
			return fmt.Errorf("attempt %d", n)
		})
		err := h(ctx)
		require.EqualError(t, err, errors.Join(errors.New("remuda: retry: after 2 attempts: attempt 2"), context.Canceled).Error())
	})
	t.Run("Close that gives up", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			pool := start(t, middleware.Retry(math.MaxUint, middleware.Backoff(1<<60, 1<<60)))
			ticket, err := pool.Submit(t.Context(), fail)
			require.NoError(t, err)
			require.ErrorIs(t, pool.CloseWithTimeout(time.Second), context.DeadlineExceeded)
			_, err = ticket.Wait(t.Context())
			require.ErrorIs(t, err, errJob)
			require.ErrorIs(t, err, context.Canceled)
			<-pool.Done()
		})
	})
}
