package failsafe_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	upstream "github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/adaptivelimiter"
	"github.com/failsafe-go/failsafe-go/adaptivethrottler"
	"github.com/failsafe-go/failsafe-go/budget"
	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/fallback"
	"github.com/failsafe-go/failsafe-go/ratelimiter"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/failsafe-go/failsafe-go/timeout"
	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/contrib/failsafe"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRetryPolicyRunsTheJobAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		retry := retrypolicy.NewBuilder[any]().WithMaxRetries(2).WithDelay(time.Second).Build()
		pool := start(t, 1, failsafe.Middleware(retry))
		var attempts []int
		began := time.Now()
		err := run(t, pool, func(ctx context.Context) error {
			info, _ := remuda.InfoFrom(ctx)
			attempts = append(attempts, info.Attempt)
			return errJob
		})
		assert.ErrorIs(t, err, retrypolicy.ErrExceeded)
		assert.ErrorIs(t, err, errJob, "the job's own error can be told")
		assert.Equal(t, []int{1, 2, 3}, attempts)
		assert.Equal(t, 2*time.Second, time.Since(began))

		attempts = nil
		require.NoError(t, run(t, pool, func(ctx context.Context) error {
			info, _ := remuda.InfoFrom(ctx)
			if attempts = append(attempts, info.Attempt); len(attempts) < 2 {
				return errJob
			}
			return nil
		}))
		assert.Equal(t, []int{1, 2}, attempts, "each input counts from 1")
	})
}

func TestRetryPolicyStopsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		retry := retrypolicy.NewBuilder[any]().WithMaxRetries(-1).WithDelay(time.Hour).Build()
		pool := start(t, 1, failsafe.Middleware(retry))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		ticket, err := pool.Submit(ctx, fail)
		require.NoError(t, err)
		began := time.Now()
		assert.ErrorIs(t, outcome(ticket), context.DeadlineExceeded)
		assert.Equal(t, time.Minute, time.Since(began))
	})
}

func TestPanicIsAnErrorToThePolicies(t *testing.T) {
	for name, test := range map[string]struct {
		retry retrypolicy.RetryPolicy[any]
		runs  int
	}{
		"which retry it": {retrypolicy.NewWithDefaults[any](), 3},
		"which can be told not to": {
			retrypolicy.NewBuilder[any]().AbortOnErrorTypes(&remuda.PanicError{}).Build(), 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			pool := start(t, 1, failsafe.Middleware(test.retry))
			runs := 0
			err := run(t, pool, func(context.Context) error {
				runs++
				panic("boom")
			})
			var panicked *remuda.PanicError
			require.ErrorAs(t, err, &panicked)
			assert.Equal(t, "boom", panicked.Value)
			assert.Equal(t, test.runs, runs)
		})
	}
}

func TestBudgetBoundsRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := budget.NewBuilder().WithMaxRate(0).WithMinConcurrency(1).Build()
		retry := retrypolicy.NewBuilder[any]().WithBudget(one).Build()
		pool := start(t, 2, failsafe.Middleware(retry))
		release := make(chan struct{})
		first := submit(t, pool, func(ctx context.Context) error {
			if info, _ := remuda.InfoFrom(ctx); info.Attempt == 1 {
				return errJob
			}
			<-release
			return nil
		})
		synctest.Wait() // it is at its retry, which is all the budget allows
		assert.ErrorIs(t, run(t, pool, fail), budget.ErrExceeded)
		close(release)
		assert.NoError(t, outcome(first))
		assert.Zero(t, one.Rate(), "everything was given back")
	})
}

func TestCircuitBreakerKeepsJobsFromRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		breaker := circuitbreaker.NewBuilder[any]().WithFailureThreshold(2).WithDelay(time.Minute).Build()
		pool := start(t, 2, failsafe.Middleware(breaker))
		var runs atomic.Int32
		counted := func(do step) step {
			return func(ctx context.Context) error {
				runs.Add(1)
				return do(ctx)
			}
		}
		assert.ErrorIs(t, run(t, pool, counted(fail)), errJob)
		assert.ErrorIs(t, run(t, pool, counted(fail)), errJob)
		assert.ErrorIs(t, run(t, pool, counted(succeed)), circuitbreaker.ErrOpen)
		assert.EqualValues(t, 2, runs.Load())

		time.Sleep(time.Minute)
		require.NoError(t, run(t, pool, counted(succeed)))
		assert.True(t, breaker.IsClosed())
	})
}

func TestBulkheadBoundsSeveralPools(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		two := failsafe.Middleware(bulkhead.NewBuilder[any](2).WithMaxWaitTime(time.Second).Build())
		a, b := start(t, 2, two), start(t, 2, two)
		release := make(chan struct{})
		hold := func(context.Context) error {
			<-release
			return nil
		}
		first, second := submit(t, a, hold), submit(t, b, hold)
		synctest.Wait()
		assert.ErrorIs(t, run(t, a, succeed), bulkhead.ErrFull)
		waiting := submit(t, b, succeed)
		synctest.Wait()
		close(release)
		for _, ticket := range []*remuda.Ticket[remuda.Void]{first, second, waiting} {
			assert.NoError(t, outcome(ticket))
		}
	})
}

func TestRateLimiterSpacesJobsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := ratelimiter.NewSmoothBuilderWithMaxRate[any](time.Second).WithMaxWaitTime(time.Hour).Build()
		pool := start(t, 4, failsafe.Middleware(limiter))
		var mu sync.Mutex
		var at []time.Duration
		began := time.Now()
		var tickets []*remuda.Ticket[remuda.Void]
		for range 4 {
			tickets = append(tickets, submit(t, pool, func(context.Context) error {
				mu.Lock()
				defer mu.Unlock()
				at = append(at, time.Since(began))
				return nil
			}))
		}
		for _, ticket := range tickets {
			require.NoError(t, outcome(ticket))
		}
		assert.Equal(t, []time.Duration{0, time.Second, 2 * time.Second, 3 * time.Second}, at)
	})
}

func TestTimeoutCancelsAndWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := start(t, 1, failsafe.Middleware(timeout.New[any](time.Second)))
		began := time.Now()
		returned := false
		err := run(t, pool, func(ctx context.Context) error {
			<-ctx.Done()
			assert.Equal(t, time.Second, time.Since(began))
			time.Sleep(time.Minute) // a job that takes its time to give up
			returned = true
			return nil
		})
		assert.ErrorIs(t, err, timeout.ErrExceeded)
		assert.True(t, returned, "the job was not abandoned")
		assert.Equal(t, time.Second+time.Minute, time.Since(began))
		require.NoError(t, run(t, pool, succeed))
	})
}

func TestTimeoutInsideRetryIsPerAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		retry := retrypolicy.NewBuilder[any]().HandleErrors(timeout.ErrExceeded).Build()
		pool := start(t, 1, failsafe.Middleware(retry, timeout.New[any](time.Second)))
		var contexts []context.Context
		began := time.Now()
		require.NoError(t, run(t, pool, func(ctx context.Context) error {
			if contexts = append(contexts, ctx); len(contexts) == 3 {
				return ctx.Err()
			}
			<-ctx.Done()
			return ctx.Err()
		}))
		assert.Len(t, contexts, 3)
		assert.Equal(t, 2*time.Second, time.Since(began))
	})
}

func TestFallback(t *testing.T) {
	errOther := errors.New("other")
	for name, test := range map[string]struct {
		policy upstream.Policy[any]
		want   []error
	}{
		"another error": {fallback.NewWithError[any](errOther), []error{errOther}},
		"none":          {fallback.NewWithResult[any](nil), nil},
		"a result": {
			fallback.NewWithResult[any]("lost"),
			[]error{failsafe.ErrUnsupported, errJob},
		},
	} {
		t.Run(name, func(t *testing.T) {
			pool := start(t, 1, failsafe.Middleware(test.policy))
			err := run(t, pool, fail)
			if test.want == nil {
				assert.NoError(t, err)
			}
			for _, want := range test.want {
				assert.ErrorIs(t, err, want)
			}
			assert.NoError(t, run(t, pool, succeed), "nothing to fall back from")
		})
	}
}

func TestAdaptiveThrottlerRefusesAfterFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		throttler := adaptivethrottler.NewBuilder[any]().
			WithFailureRateThreshold(0, 10, time.Minute).
			Build()
		pool := start(t, 1, failsafe.Middleware(throttler))
		ran, refused := 0, 0
		for range 1000 {
			err := run(t, pool, func(context.Context) error {
				ran++
				return errJob
			})
			if errors.Is(err, adaptivethrottler.ErrExceeded) {
				refused++
			}
		}
		assert.Greater(t, refused, ran)
		assert.Equal(t, 1000, ran+refused)
	})
}

func TestAdaptiveLimiterRefusesAboveItsLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := adaptivelimiter.NewBuilder[any]().WithLimits(2, 2, 2).Build()
		pool := start(t, 4, failsafe.Middleware(limiter))
		release := make(chan struct{})
		hold := func(context.Context) error {
			<-release
			return nil
		}
		first, second := submit(t, pool, hold), submit(t, pool, hold)
		synctest.Wait()
		assert.Equal(t, 2, limiter.Inflight())
		assert.ErrorIs(t, run(t, pool, succeed), adaptivelimiter.ErrExceeded)
		close(release)
		assert.NoError(t, outcome(first))
		assert.NoError(t, outcome(second))
		assert.Zero(t, limiter.Inflight())
		require.NoError(t, run(t, pool, succeed))
	})
}

// A service that takes longer the more jobs use it: the limiter finds its
// capacity, and the pool follows, as the package documentation shows.
func TestPoolFollowsAdaptiveLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const capacity, most = 4, 32
		var pool *remuda.Pool[step, remuda.Void]
		var mu sync.Mutex // listeners are called concurrently
		last, changes := most, 0
		limiter := adaptivelimiter.NewBuilder[any]().
			WithLimits(1, most, most).
			WithMaxWaitTime(-1).
			WithRecentWindow(100*time.Millisecond, time.Second, 10).
			OnLimitChanged(func(e adaptivelimiter.LimitChangedEvent) {
				mu.Lock()
				defer mu.Unlock()
				last = int(e.NewLimit)
				changes++
				assert.NoError(t, pool.Resize(last))
			}).
			Build()
		pool = start(t, most, failsafe.Middleware(limiter))
		var busy atomic.Int32
		var slow atomic.Bool
		job := func(context.Context) error {
			load := max(1, int(busy.Add(1))/capacity)
			defer busy.Add(-1)
			took := 10 * time.Millisecond
			if slow.Load() {
				took *= time.Duration(load * load)
			}
			time.Sleep(took)
			return nil
		}
		var tickets []*remuda.Ticket[remuda.Void]
		for i := range 10_000 {
			if i == 2_000 {
				slow.Store(true)
			}
			tickets = append(tickets, submit(t, pool, job))
		}
		for _, ticket := range tickets {
			require.NoError(t, outcome(ticket), "inputs wait in the queue, none is refused")
		}
		assert.Positive(t, changes)
		assert.Equal(t, last, pool.Current())
		assert.Less(t, last, most)
	})
}
