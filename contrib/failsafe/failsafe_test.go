package failsafe_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	upstream "github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/cachepolicy"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/hedgepolicy"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/failsafe-go/failsafe-go/timeout"
	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/contrib/failsafe"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// embedded is a policy of the user's around another.
type embedded struct{ upstream.Policy[any] }

type noCache struct{}

func (noCache) Get(string) (any, bool) { return nil, false }
func (noCache) Set(string, any)        {}

func TestRefusedPolicies(t *testing.T) {
	for name, policy := range map[string]upstream.Policy[any]{
		"nil":             nil,
		"hedge":           hedgepolicy.NewWithDelay[any](time.Hour),
		"hedge by delay":  hedgepolicy.NewBuilderWithDelayFunc[any](func(upstream.ExecutionAttempt[any]) time.Duration { return 0 }).Build(),
		"embedded hedge":  embedded{hedgepolicy.NewWithDelay[any](time.Hour)},
		"cache":           cachepolicy.New[any](noCache{}),
		"cache with keys": cachepolicy.NewBuilder[any](noCache{}).WithKey("key").Build(),
	} {
		t.Run(name, func(t *testing.T) {
			pool := start(t, 1, failsafe.Middleware(retrypolicy.NewWithDefaults[any](), policy))
			err := run(t, pool, func(context.Context) error {
				t.Error("the job ran")
				return nil
			})
			assert.ErrorIs(t, err, failsafe.ErrUnsupported)
			assert.ErrorContains(t, err, "remuda/failsafe: ")
		})
	}
}

func TestNoPolicyChangesNothing(t *testing.T) {
	pool := start(t, 1, failsafe.Middleware())
	assert.NoError(t, run(t, pool, succeed))
	assert.ErrorIs(t, run(t, pool, fail), errJob)
}

func TestFirstPolicyIsOutermost(t *testing.T) {
	retry := retrypolicy.NewBuilder[any]().WithMaxRetries(4).ReturnLastFailure().Build()
	for name, test := range map[string]struct {
		order func(breaker upstream.Policy[any]) []upstream.Policy[any]
		runs  int
		want  error
	}{
		"the breaker sees each try": {
			func(b upstream.Policy[any]) []upstream.Policy[any] { return []upstream.Policy[any]{retry, b} },
			2, circuitbreaker.ErrOpen,
		},
		"the breaker sees the outcome": {
			func(b upstream.Policy[any]) []upstream.Policy[any] { return []upstream.Policy[any]{b, retry} },
			5, errJob,
		},
	} {
		t.Run(name, func(t *testing.T) {
			breaker := circuitbreaker.NewBuilder[any]().WithFailureThreshold(2).WithDelay(time.Hour).Build()
			policies := test.order(breaker)
			mw := failsafe.Middleware(policies...)
			clear(policies) // which the middleware does not share
			pool := start(t, 1, mw)
			var attempts []int
			err := run(t, pool, func(ctx context.Context) error {
				info, _ := remuda.InfoFrom(ctx)
				attempts = append(attempts, info.Attempt)
				return errJob
			})
			assert.ErrorIs(t, err, test.want)
			assert.Len(t, attempts, test.runs)
			assert.Equal(t, []int{1, 2, 3, 4, 5}[:test.runs], attempts, "what the breaker held back is no attempt")
		})
	}
}

func TestJobGetsTheExecutionsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		pool := start(t, 1, failsafe.Middleware(retrypolicy.NewWithDefaults[any](), timeout.New[any](time.Minute)))
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "caller's"))
		defer cancel()
		ticket, err := pool.Submit(ctx, func(ctx context.Context) error {
			assert.Equal(t, "caller's", ctx.Value(key{}))
			info, ok := remuda.InfoFrom(ctx)
			assert.True(t, ok)
			assert.Equal(t, "test", info.Pool)
			assert.Equal(t, uint64(1), info.Run)
			cancel()
			<-ctx.Done()
			return context.Cause(ctx)
		})
		require.NoError(t, err)
		assert.ErrorIs(t, outcome(ticket), context.Canceled)
	})
}

func TestNestedCallsDoNotDeadlock(t *testing.T) {
	pool := start(t, 1, failsafe.Middleware(retrypolicy.NewWithDefaults[any](), timeout.New[any](time.Hour)))
	inner := 0
	require.NoError(t, run(t, pool, func(ctx context.Context) error {
		_, err := pool.Do(ctx, func(ctx context.Context) error {
			info, _ := remuda.InfoFrom(ctx)
			inner = info.Attempt
			if inner == 1 {
				return errJob
			}
			return nil
		})
		info, _ := remuda.InfoFrom(ctx)
		assert.Equal(t, 1, info.Attempt, "the inner run counts for itself")
		return err
	}))
	assert.Equal(t, 2, inner)
}

func TestGoexitPasses(t *testing.T) {
	breaker := circuitbreaker.NewWithDefaults[any]()
	pool := start(t, 1, failsafe.Middleware(retrypolicy.NewWithDefaults[any](), breaker))
	runs := 0
	ticket := submit(t, pool, func(context.Context) error {
		runs++
		runtime.Goexit()
		return nil
	})
	assert.ErrorIs(t, outcome(ticket), remuda.ErrGoexit)
	assert.Equal(t, 1, runs, "the run is over: nothing is retried")
	require.NoError(t, run(t, pool, succeed), "the worker lives on")
}

func TestWorkersDoNotShareARun(t *testing.T) {
	const jobs = 2000
	retry := retrypolicy.NewBuilder[any]().WithMaxRetries(2).ReturnLastFailure().Build()
	breaker := circuitbreaker.NewBuilder[any]().WithFailureThreshold(jobs * 3).Build()
	pool := start(t, 8, failsafe.Middleware(retry, bulkhead.NewBuilder[any](4).WithMaxWaitTime(time.Hour).Build(), breaker))
	var wrong atomic.Int32
	var tickets []*remuda.Ticket[remuda.Void]
	for i := range jobs {
		fails, calls := i%4, 0
		tickets = append(tickets, submit(t, pool, func(ctx context.Context) error {
			calls++
			if info, _ := remuda.InfoFrom(ctx); info.Attempt != calls {
				wrong.Add(1)
			}
			if calls <= fails {
				return errJob
			}
			return nil
		}))
	}
	for i, ticket := range tickets {
		if err := outcome(ticket); i%4 == 3 {
			assert.ErrorIs(t, err, errJob)
		} else {
			assert.NoError(t, err)
		}
	}
	assert.Zero(t, wrong.Load())
}

func TestOutsideOfAPool(t *testing.T) {
	calls := 0
	job := remuda.Wrap(remuda.Func(func(context.Context, string) (int, error) {
		if calls++; calls < 3 {
			return 0, errJob
		}
		return calls, nil
	}), failsafe.Middleware(retrypolicy.NewWithDefaults[any]()))
	out, err := job.Do(t.Context(), "in")
	require.NoError(t, err)
	assert.Equal(t, 3, out)
}
