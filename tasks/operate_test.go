package tasks_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/remuda-go/remuda/middleware"
	"github.com/remuda-go/remuda/tasks"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCancel(t *testing.T) {
	t.Parallel()
	c := open(t, "", sweep(200*time.Millisecond))
	k := tasks.Define[int, int]("cancel")
	waiting := push(t, c, k, 1)
	scheduled := push(t, c, k, 1, tasks.After(time.Second))
	require.NoError(t, c.Cancel(t.Context(), waiting))
	require.NoError(t, c.Cancel(t.Context(), scheduled))
	assert.Zero(t, kindOf(t, c, "cancel").Scheduled)

	w := tasks.NewWorker(c)
	runs := make(chan error, 10)
	begun := make(chan struct{})
	handle(t, w, k, 1, func(ctx context.Context, _ int) (int, error) {
		close(begun) // panics if it is called twice
		<-ctx.Done()
		runs <- context.Cause(ctx)
		return 1, nil // what it returns is not kept
	})
	run(t, w)
	running := push(t, c, k, 1)
	receive(t, begun)
	require.NoError(t, c.Cancel(t.Context(), running))
	require.ErrorIs(t, receive(t, runs), tasks.ErrCancelled)
	for _, id := range []tasks.ID{waiting, scheduled, running} {
		_, err := k.Wait(within(t), c, id)
		require.ErrorIs(t, err, tasks.ErrCancelled)
		require.ErrorIs(t, c.Cancel(t.Context(), id), tasks.ErrEnded)
	}
	require.ErrorIs(t, c.Cancel(t.Context(), tasks.NewID("cancel", "x")), tasks.ErrNotFound)
	drained(t, c, "cancel")
	time.Sleep(1500 * time.Millisecond) // the scheduled one would run now
	assert.Empty(t, runs)
}

// drained waits until nothing of the kind waits or runs.
func drained(t testing.TB, c *tasks.Client, kind string) {
	t.Helper()
	require.Eventually(t, func() bool {
		info := kindOf(t, c, kind)
		return info.Waiting+info.Running == 0
	}, soon, 10*time.Millisecond)
}

func kindOf(t testing.TB, c *tasks.Client, kind string) tasks.KindInfo {
	t.Helper()
	kinds, err := c.Kinds(t.Context())
	require.NoError(t, err)
	for _, k := range kinds {
		if k.Kind == kind {
			return k
		}
	}
	require.Fail(t, "no such kind", kind)
	return tasks.KindInfo{}
}

func TestDeadLetters(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[int, int]("dead", tasks.Attempts(2), tasks.Backoff(func(int) time.Duration { return 0 }), tasks.Keep(100*time.Millisecond))
	w := tasks.NewWorker(c)
	broken := true
	h := handle(t, w, k, 1, func(_ context.Context, n int) (int, error) {
		switch {
		case broken && n == 3:
			return 0, middleware.Permanent(errors.New("third"))
		case broken:
			return 0, errors.New("broken")
		}
		return n, nil
	})
	run(t, w)
	var ids []tasks.ID
	for n := range 4 {
		id := push(t, c, k, n, tasks.Header("n", "x"))
		_, err := k.Wait(within(t), c, id)
		require.Error(t, err)
		ids = append(ids, id)
	}
	dead := func(f tasks.Filter) (found []tasks.DeadTask) {
		for d, err := range c.Dead(t.Context(), f) {
			require.NoError(t, err)
			found = append(found, d)
		}
		return found
	}
	all := dead(tasks.Filter{Kind: "dead"})
	require.Len(t, all, 4)
	assert.Equal(t, 4, kindOf(t, c, "dead").Dead)
	for i, d := range all {
		assert.Equal(t, ids[i], d.ID)
		assert.NotEmpty(t, d.Reason)
		assert.Equal(t, string(rune('0'+i)), string(d.Payload))
		assert.Equal(t, "x", d.Header("n"))
	}
	assert.Equal(t, 2, all[0].Attempts)
	assert.Equal(t, 1, all[3].Attempts)
	assert.Len(t, dead(tasks.Filter{Limit: 2}), 2)
	assert.Len(t, dead(tasks.Filter{After: all[1].Updated}), 2)
	assert.Len(t, dead(tasks.Filter{Before: all[1].Updated}), 1)
	assert.Empty(t, dead(tasks.Filter{Kind: "other"}))

	require.NoError(t, h.Resize(0))
	broken = false
	require.NoError(t, h.Resize(1))
	for _, d := range all[:2] {
		require.NoError(t, c.Redrive(t.Context(), d.ID))
		got, err := k.Wait(within(t), c, d.ID)
		require.NoError(t, err)
		info, err := c.Info(t.Context(), d.ID)
		require.NoError(t, err)
		assert.Equal(t, 1, info.Attempts)
		assert.Equal(t, string(d.Payload), string(rune('0'+got)))
	}
	require.NoError(t, c.Delete(t.Context(), ids[2]))
	require.ErrorIs(t, c.Delete(t.Context(), ids[2]), tasks.ErrNotFound)
	require.ErrorIs(t, c.Redrive(t.Context(), ids[2]), tasks.ErrNotFound)
	require.ErrorIs(t, c.Redrive(t.Context(), ids[0]), tasks.ErrEnded)
	_, err := c.Info(t.Context(), ids[2])
	require.ErrorIs(t, err, tasks.ErrNotFound)
	assert.Len(t, dead(tasks.Filter{}), 1)
	assert.Equal(t, 1, kindOf(t, c, "dead").Dead)
}

// Push, Delete, Push: the second one must not be taken for stored.
func TestADeletedIDIsTaken(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[int, int]("deleted")
	id := push(t, c, k, 1, tasks.WithID("a"))
	require.NoError(t, c.Delete(t.Context(), id))
	_, err := k.Push(t.Context(), c, 1, tasks.WithID("a"))
	var there *tasks.DuplicateError
	require.ErrorAs(t, err, &there)
	_, err = k.Result(t.Context(), c, id)
	require.ErrorIs(t, err, tasks.ErrNotFound)
}

// A task that has yet to be run is there, although nothing is written of it.
func TestRedriveOfWhatWaits(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[int, int]("waits")
	require.ErrorIs(t, c.Redrive(t.Context(), push(t, c, k, 1)), tasks.ErrEnded)
	require.ErrorIs(t, c.Redrive(t.Context(), push(t, c, k, 1, tasks.After(time.Hour))), tasks.ErrEnded)
	require.ErrorIs(t, c.Redrive(t.Context(), tasks.NewID("waits", "never")), tasks.ErrNotFound)
	require.ErrorIs(t, c.Redrive(t.Context(), tasks.NewID("unknown", "never")), tasks.ErrNotFound)
}

func TestRedriveOfWhatWasCancelledWhileItRuns(t *testing.T) {
	t.Parallel()
	for name, every := range map[string]time.Duration{"sweeping": 100 * time.Millisecond, "alone": time.Hour} { // rule 3 needs no sweeper
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redriveWhileItRuns(t, open(t, "", sweep(every)))
		})
	}
}

func redriveWhileItRuns(t *testing.T, c *tasks.Client) {
	k := tasks.Define[int, int]("redrive")
	w := tasks.NewWorker(c)
	begun, release := make(chan int, 10), make(chan struct{})
	handle(t, w, k, 2, func(ctx context.Context, n int) (int, error) {
		r, _ := tasks.RunFrom(ctx)
		begun <- r.Attempt
		<-release // it does not honour its context
		return n, nil
	})
	run(t, w)
	id := push(t, c, k, 7, tasks.Unique("key"))
	receive(t, begun)
	require.NoError(t, c.Cancel(t.Context(), id))
	require.NoError(t, c.Redrive(t.Context(), id))
	select {
	case <-begun:
		require.Fail(t, "two runs of one task overlap")
	case <-time.After(time.Second):
	}
	close(release)
	got, err := k.Wait(within(t), c, id)
	require.NoError(t, err)
	assert.Equal(t, 7, got)
	assert.Equal(t, 1, receive(t, begun))
	drained(t, c, "redrive")
}

func TestPauseAndResume(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c, k := open(t, dir), tasks.Define[int, int]("pause")
	w := tasks.NewWorker(c)
	handle(t, w, k, 2, double)
	run(t, w)
	_, err := k.Wait(within(t), c, push(t, c, k, 1))
	require.NoError(t, err)
	require.NoError(t, c.Pause(t.Context(), "pause"))
	id := push(t, c, k, 1)
	assert.True(t, kindOf(t, c, "pause").Paused)
	time.Sleep(300 * time.Millisecond)
	_, err = k.Result(t.Context(), c, id)
	require.ErrorIs(t, err, tasks.ErrNotDone)
	require.NoError(t, c.Resume(t.Context(), "pause"))
	_, err = k.Wait(within(t), c, id)
	require.NoError(t, err)
	assert.False(t, kindOf(t, c, "pause").Paused)
	require.ErrorIs(t, c.Pause(t.Context(), "nosuch"), tasks.ErrNotFound)
}

// What is no ID is refused, and does not stand for other tasks: a subject may hold
// wildcards.
func TestWhatIsNoIDIsRefused(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[int, int]("real")
	id := push(t, c, k, 1, tasks.WithID("a"))
	require.NoError(t, c.Cancel(t.Context(), id))
	for _, bad := range []tasks.ID{"", "real", "real.", "*.a", ">.a", ".a", "re al.a"} {
		_, err := c.Info(t.Context(), bad)
		require.ErrorIs(t, err, tasks.ErrInvalidName, "Info(%q)", bad)
		require.ErrorIs(t, c.Cancel(t.Context(), bad), tasks.ErrInvalidName, "Cancel(%q)", bad)
		require.ErrorIs(t, c.Delete(t.Context(), bad), tasks.ErrInvalidName, "Delete(%q)", bad)
		require.ErrorIs(t, c.Redrive(t.Context(), bad), tasks.ErrInvalidName, "Redrive(%q)", bad)
		_, err = k.Result(t.Context(), c, bad)
		require.Error(t, err, "Result(%q)", bad)
		_, err = k.Wait(t.Context(), c, bad)
		require.Error(t, err, "Wait(%q)", bad)
	}
	require.ErrorIs(t, c.RemoveCron(t.Context(), "*", "a"), tasks.ErrInvalidName)
	long := strings.Repeat("x", 180) // with the time of a firing, its ID is too long
	require.ErrorIs(t, k.Cron(t.Context(), c, long, tasks.Spec{Expr: "@every 1h"}, 1), tasks.ErrInvalidName)
	require.NoError(t, k.Cron(t.Context(), c, long[1:], tasks.Spec{Expr: "@every 1h"}, 1))
	for _, bad := range []string{"", long} {
		require.ErrorIs(t, c.RemoveCron(t.Context(), "real", bad), tasks.ErrInvalidName)
	}
	require.ErrorIs(t, c.Pause(t.Context(), "*"), tasks.ErrInvalidName)
	info, err := c.Info(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, tasks.Cancelled, info.State)
}
