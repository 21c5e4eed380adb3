package middleware_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda/middleware"
)

// until is a task that waits for the end of its context, and returns its error.
func until(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestTimeoutCancelsARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := start(t, middleware.Timeout(time.Second))
		begin := time.Now()
		err := run(pool, func(ctx context.Context) error {
			at, ok := ctx.Deadline()
			require.True(t, ok)
			require.Equal(t, begin.Add(time.Second), at)
			require.NoError(t, ctx.Err())
			<-ctx.Done()
			require.ErrorIs(t, ctx.Err(), context.DeadlineExceeded)
			require.Equal(t, &middleware.TimeoutError{After: time.Second}, context.Cause(ctx))
			return ctx.Err()
		})
		require.Equal(t, time.Second, time.Since(begin))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		var timeout *middleware.TimeoutError
		require.ErrorAs(t, err, &timeout)
		require.Equal(t, time.Second, timeout.After)
		require.EqualError(t, timeout, "remuda: timeout after 1s")
		require.NoError(t, run(pool, succeed), "the next run has its own time")
	})
}

// net/http returns the cause of a context that has ended.
func TestTimeoutIsNamedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := start(t, middleware.Timeout(time.Second))
		err := run(pool, func(ctx context.Context) error {
			<-ctx.Done()
			return fmt.Errorf("get: %w", context.Cause(ctx))
		})
		require.EqualError(t, err, "get: remuda: timeout after 1s")
	})
}

// What a run returns stands, however late: nobody is told that it ended before
// it did.
func TestTimeoutNeverAbandonsARun(t *testing.T) {
	cases := map[string]struct {
		f    task
		want []any // errors, as the value or for errors.As
	}{
		"that succeeds":     {succeed, nil},
		"that fails":        {fail, []any{errJob, context.DeadlineExceeded}},
		"that looks at Err": {func(ctx context.Context) error { return ctx.Err() }, []any{context.DeadlineExceeded}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pool := start(t, middleware.Timeout(time.Second))
				begin := time.Now()
				err := run(pool, lasting(time.Hour, c.f))
				require.Equal(t, time.Hour, time.Since(begin))
				if c.want == nil {
					require.NoError(t, err)
					return
				}
				var timeout *middleware.TimeoutError
				require.ErrorAs(t, err, &timeout)
				for _, want := range c.want {
					require.ErrorIs(t, err, want.(error))
				}
			})
		})
	}
}

// Only what this timeout has ended is called so.
func TestTimeoutBlamesNobodyElse(t *testing.T) {
	check := func(t *testing.T, ctx context.Context, f task, want error) {
		t.Helper()
		err := middleware.Timeout(time.Second).Wrap(func(ctx context.Context) error { return f(ctx) })(ctx)
		require.ErrorIs(t, err, want)
		var timeout *middleware.TimeoutError
		require.NotErrorAs(t, err, &timeout)
	}
	t.Run("a failure in time", func(t *testing.T) {
		check(t, t.Context(), fail, errJob)
	})
	t.Run("a run with a deadline of its own", func(t *testing.T) {
		check(t, t.Context(), func(context.Context) error { return context.DeadlineExceeded }, context.DeadlineExceeded)
	})
	t.Run("a caller that has left", func(t *testing.T) {
		check(t, endedContext(), until, context.Canceled)
		check(t, endedContext(), func(ctx context.Context) error { return ctx.Err() }, context.Canceled)
	})
	t.Run("a caller's deadline", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			begin := time.Now()
			check(t, ctx, func(ctx context.Context) error {
				at, ok := ctx.Deadline()
				require.True(t, ok)
				require.Equal(t, begin.Add(time.Millisecond), at)
				return until(ctx)
			}, context.DeadlineExceeded)
			require.Equal(t, time.Millisecond, time.Since(begin))
		})
	})
	t.Run("a timeout further out", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			inner := middleware.Timeout(time.Hour).Wrap(until)
			err := middleware.Timeout(time.Second).Wrap(inner)(t.Context())
			var timeout *middleware.TimeoutError
			require.ErrorAs(t, err, &timeout)
			require.Equal(t, time.Second, timeout.After)
			require.NotContains(t, err.Error(), "1h")
		})
	})
}

func TestTimeoutOfNothing(t *testing.T) {
	for _, d := range []time.Duration{0, -time.Second} {
		err := middleware.Timeout(d).Wrap(func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		})(t.Context())
		var timeout *middleware.TimeoutError
		require.ErrorAs(t, err, &timeout)
	}
}

// The context is a whole one: values, children and callbacks work, whether its
// Done was asked for before or not.
func TestTimeoutContext(t *testing.T) {
	type key struct{}
	for _, armed := range []bool{false, true} {
		t.Run(fmt.Sprint("armed ", armed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				parent := context.WithValue(t.Context(), key{}, "value")
				var outlived context.Context
				called := false
				err := middleware.Timeout(time.Second).Wrap(func(ctx context.Context) error {
					if armed {
						_ = ctx.Done()
					}
					require.Equal(t, "value", ctx.Value(key{}))
					require.NotContains(t, fmt.Sprint(ctx), "value")
					context.AfterFunc(ctx, func() { called = true })
					child, cancel := context.WithCancel(ctx)
					defer cancel()
					<-child.Done()
					var timeout *middleware.TimeoutError
					require.ErrorAs(t, context.Cause(child), &timeout)
					outlived = context.WithoutCancel(ctx)
					return nil
				})(parent)
				require.NoError(t, err)
				synctest.Wait()
				require.True(t, called)
				require.NoError(t, outlived.Err())
				require.Equal(t, "value", outlived.Value(key{}))
			})
		})
	}
}

// The end of the run ends what was derived from its context, in whatever way
// the run ended.
func TestTimeoutReleases(t *testing.T) {
	for name, f := range map[string]task{"success": succeed, "failure": fail, "panic": panics, "goroutine's end": exits} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pool := start(t, middleware.Timeout(time.Hour))
				begin := time.Now()
				ended := make(chan struct{})
				var kept context.Context
				_ = run(pool, func(ctx context.Context) error {
					kept = ctx
					child, cancel := context.WithCancel(ctx)
					context.AfterFunc(child, func() { defer cancel(); close(ended) })
					return f(ctx)
				})
				<-ended
				require.ErrorIs(t, kept.Err(), context.Canceled)
				require.Zero(t, time.Since(begin))
			})
		})
	}
}

// A job may use its context on several goroutines, and all see the same end.
func TestTimeoutIsSafeForConcurrentUse(t *testing.T) {
	err := middleware.Timeout(time.Millisecond).Wrap(func(ctx context.Context) error {
		var wg sync.WaitGroup
		done := make([]<-chan struct{}, 8)
		for i := range done {
			wg.Go(func() {
				_ = ctx.Err()
				done[i] = ctx.Done()
				_ = ctx.Value("key")
				<-done[i]
			})
		}
		wg.Wait()
		for _, d := range done {
			require.Equal(t, done[0], d)
		}
		return ctx.Err()
	})(t.Context())
	require.ErrorIs(t, err, context.DeadlineExceeded)
}
