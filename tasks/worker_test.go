package tasks_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
	"github.com/remuda-go/remuda/tasks"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHandlersComeAndGoWhileTheWorkerRuns(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	w := tasks.NewWorker(c)
	run(t, w)
	a, b := tasks.Define[int, int]("a"), tasks.Define[int, int]("b")
	handle(t, w, a, 1, double)
	h := handle(t, w, b, 1, double)
	_, err := a.Handle(w, remuda.Func(double), remuda.Config{})
	require.ErrorContains(t, err, "handles the kind a already")
	for _, k := range []tasks.Kind[int, int]{a, b} {
		got, err := k.Wait(within(t), c, push(t, c, k, 4))
		require.NoError(t, err)
		assert.Equal(t, 8, got)
	}
	assert.True(t, kindOf(t, c, "a").Handled)
	require.NoError(t, w.Remove(within(t), "a"))
	require.NoError(t, w.Remove(within(t), "a"), "there is none any more")
	require.NoError(t, h.Close(within(t)))
	assert.False(t, kindOf(t, c, "a").Handled)
	id := push(t, c, a, 5)
	time.Sleep(200 * time.Millisecond)
	state(t, c, id, tasks.Waiting)
	handle(t, w, a, 1, double)
	_, err = a.Wait(within(t), c, id)
	require.NoError(t, err)
}

func TestAHandlerIsAPool(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[int, int]("pool")
	w := tasks.NewWorker(c)
	var now, most atomic.Int64
	release := make(chan struct{})
	var counter middleware.Counter
	h, err := k.Handle(w, remuda.Func(func(_ context.Context, n int) (int, error) {
		most.Store(max(most.Load(), now.Add(1)))
		defer now.Add(-1)
		<-release
		return n, nil
	}), remuda.Config{Min: 1, Max: 4}, &counter)
	require.NoError(t, err)
	run(t, w)
	require.Eventually(t, func() bool { return !errors.Is(h.More(), remuda.ErrNotStarted) }, soon, time.Millisecond)
	require.NoError(t, h.Resize(3))
	require.ErrorIs(t, h.Resize(5), remuda.ErrMaxReached)
	require.ErrorIs(t, h.Resize(0), remuda.ErrMinReached)
	for i := range 6 {
		push(t, c, k, i)
	}
	require.Eventually(t, func() bool { return now.Load() == 3 }, soon, time.Millisecond)
	assert.Equal(t, 3, h.Stats().Running)
	require.NoError(t, h.Less()) // it finishes what it has
	require.NoError(t, h.Less())
	close(release)
	drained(t, c, "pool")
	assert.LessOrEqual(t, most.Load(), int64(3))
	assert.EqualValues(t, 6, counter.Snapshot().Finished)
}

func TestTimeoutEndsAnAttempt(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[int, int]("timeout", tasks.Timeout(10*time.Millisecond), tasks.Attempts(2),
		tasks.Backoff(func(int) time.Duration { panic("broken") }))
	w := tasks.NewWorker(c)
	handle(t, w, k, 1, func(ctx context.Context, n int) (int, error) {
		if r, _ := tasks.RunFrom(ctx); r.Attempt == 2 {
			return n, nil
		}
		<-ctx.Done()
		return 0, ctx.Err()
	})
	run(t, w)
	_, err := k.Wait(within(t), c, push(t, c, k, 1))
	require.NoError(t, err)
}

func TestMaxRunningHoldsOverAllWorkers(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[int, int]("bounded", tasks.MaxRunning(1), tasks.Backoff(func(int) time.Duration { return 2100 * time.Millisecond }))
	var now, most atomic.Int64
	for range 2 {
		w := tasks.NewWorker(c)
		handle(t, w, k, 4, func(ctx context.Context, n int) (int, error) {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			time.Sleep(10 * time.Millisecond)
			if r, _ := tasks.RunFrom(ctx); n == 0 && r.Attempt == 1 {
				return 0, errors.New("again")
			}
			return n, nil
		})
		run(t, w)
	}
	var ids []tasks.ID
	for i := range 20 {
		ids = append(ids, push(t, c, k, i))
	}
	for _, id := range ids[1:] { // that one waits for its next attempt does not hold up the others
		_, err := k.Wait(within(t), c, id)
		require.NoError(t, err)
	}
	_, err := k.Result(t.Context(), c, ids[0])
	require.ErrorIs(t, err, tasks.ErrNotDone)
	_, err = k.Wait(within(t), c, ids[0])
	require.NoError(t, err)
	assert.EqualValues(t, 1, most.Load())
}

func TestAJobThatEndsItsGoroutineHasFailed(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[int, int]("goexit", tasks.Backoff(func(int) time.Duration { return 0 }))
	w := tasks.NewWorker(c)
	handle(t, w, k, 1, func(ctx context.Context, n int) (int, error) {
		if r, _ := tasks.RunFrom(ctx); r.Attempt == 1 {
			(&testing.T{}).FailNow()
		}
		return n, nil
	})
	run(t, w)
	_, err := k.Wait(within(t), c, push(t, c, k, 1))
	require.NoError(t, err)
}

func TestCron(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[string, string]("cron")
	w := tasks.NewWorker(c)
	ran := make(chan tasks.ID, 100)
	handle(t, w, k, 1, func(ctx context.Context, in string) (string, error) {
		r, _ := tasks.RunFrom(ctx)
		ran <- r.ID
		return in, nil
	})
	require.Error(t, k.Cron(t.Context(), c, "bad", tasks.Spec{Expr: "every day"}, "x"))
	require.NoError(t, k.Cron(t.Context(), c, "tick", tasks.Spec{Expr: "* * * * * *", Zone: "Europe/Berlin"}, "x"))
	run(t, w)
	seen := map[tasks.ID]bool{}
	for range 4 {
		id := receive(t, ran)
		assert.False(t, seen[id], "%s ran twice", id)
		seen[id] = true
		assert.Regexp(t, `^cron\.tick@20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$`, string(id))
	}
	require.NoError(t, k.Cron(t.Context(), c, "later", tasks.Spec{Expr: "@every 1h"}, "y"))
	entries, err := c.CronEntries(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, entries, 2)
	assert.Equal(t, tasks.CronEntry{Kind: "cron", Name: "later", Spec: tasks.Spec{Expr: "@every 1h"}, Input: []byte(`"y"`)}, entries[0])
	assert.Equal(t, tasks.Spec{Expr: "* * * * * *", Zone: "Europe/Berlin"}, entries[1].Spec)
	assert.WithinDuration(t, time.Now(), entries[1].Next, soon, "it has fired")
	require.NoError(t, c.RemoveCron(t.Context(), "cron", "tick"))
	entries, err = c.CronEntries(t.Context(), "cron")
	require.NoError(t, err)
	require.Len(t, entries, 1)
	entries, err = c.CronEntries(t.Context(), "other")
	require.NoError(t, err)
	require.Empty(t, entries)
	_, err = c.CronEntries(t.Context(), "*")
	require.ErrorIs(t, err, tasks.ErrInvalidName)
	require.ErrorIs(t, c.RemoveCron(t.Context(), "cron", "tick"), tasks.ErrNotFound)
	time.Sleep(500 * time.Millisecond)
	n := len(ran)
	time.Sleep(1500 * time.Millisecond)
	assert.Len(t, ran, n)
}
