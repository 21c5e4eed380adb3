package tasks_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/remuda-go/remuda/middleware"
	"github.com/remuda-go/remuda/tasks"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func double(_ context.Context, n int) (int, error) { return 2 * n, nil }

func TestATaskRunsAndItsResultIsThere(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[int, int]("double")
	id, err := k.Push(t.Context(), c, 21)
	require.NoError(t, err)
	_, err = k.Result(t.Context(), c, id)
	require.ErrorIs(t, err, tasks.ErrNotDone)

	w := tasks.NewWorker(c)
	handle(t, w, k, 2, double)
	run(t, w)
	got, err := k.Wait(within(t), c, id)
	require.NoError(t, err)
	assert.Equal(t, 42, got)
	got, err = k.Result(t.Context(), c, id)
	require.NoError(t, err)
	assert.Equal(t, 42, got)

	_, err = k.Result(t.Context(), c, tasks.NewID("double", "never"))
	require.ErrorIs(t, err, tasks.ErrNotFound)
}

func TestATaskIsTriedAgainAfterShortAndLongDelays(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	for name, delay := range map[string]time.Duration{"short": time.Millisecond, "long": 2100 * time.Millisecond} {
		k := tasks.Define[int, int](name, tasks.Attempts(3), tasks.Backoff(func(int) time.Duration { return delay }))
		w := tasks.NewWorker(c)
		handle(t, w, k, 2, func(ctx context.Context, n int) (int, error) {
			r, _ := tasks.RunFrom(ctx)
			if r.Attempt < n {
				return 0, errors.New("not yet")
			}
			return r.Attempt, nil
		})
		run(t, w)
		id, err := k.Push(t.Context(), c, 2)
		require.NoError(t, err)
		got, err := k.Wait(within(t), c, id)
		require.NoError(t, err)
		assert.Equal(t, 2, got)
	}
}

func TestATaskIsDeadAfterItsAttempts(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[string, int]("fail", tasks.Attempts(3), tasks.Backoff(func(int) time.Duration { return 0 }))
	w := tasks.NewWorker(c)
	runs := 0
	handle(t, w, k, 1, func(_ context.Context, how string) (int, error) {
		runs++
		switch how {
		case "permanent":
			return 0, middleware.Permanent(errors.New("no use"))
		case "panic":
			panic("boom")
		}
		return 0, errors.New("no luck")
	})
	run(t, w)
	for how, want := range map[string]int{"each": 3, "permanent": 1, "panic": 3} {
		runs = 0
		id, err := k.Push(t.Context(), c, how)
		require.NoError(t, err)
		_, err = k.Wait(within(t), c, id)
		var failed *tasks.TaskError
		require.ErrorAs(t, err, &failed)
		assert.Equal(t, tasks.Dead, failed.State)
		assert.Equal(t, want, failed.Attempts, how)
		assert.Equal(t, want, runs, how)
		info, err := c.Info(t.Context(), id)
		require.NoError(t, err)
		if how == "panic" {
			assert.Contains(t, info.Stack, "tasks_test.go")
			assert.Contains(t, info.Reason, "boom")
		}
	}
	n := 0
	for d, err := range c.Dead(t.Context(), tasks.Filter{}) {
		require.NoError(t, err)
		assert.NotEmpty(t, d.Payload)
		assert.NotEmpty(t, d.Reason)
		n++
	}
	assert.Equal(t, 3, n)
}
