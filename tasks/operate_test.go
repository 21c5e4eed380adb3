package tasks_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/remuda-go/remuda"
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

func TestRedriveOfWhatWasCancelledWhileItRuns(t *testing.T) {
	t.Parallel()
	c := open(t, "", sweep(100*time.Millisecond))
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

func TestSnoozeIsNoAttempt(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[int, int]("snooze", tasks.Attempts(2))
	w := tasks.NewWorker(c)
	runs := 0
	handle(t, w, k, 1, func(ctx context.Context, _ int) (int, error) {
		r, _ := tasks.RunFrom(ctx)
		if runs++; runs < 5 {
			return 0, tasks.Snooze(time.Millisecond)
		}
		return r.Attempt, nil
	})
	run(t, w)
	got, err := k.Wait(within(t), c, push(t, c, k, 1))
	require.NoError(t, err)
	assert.Equal(t, 1, got)
}

func TestProgressInfoAndWatch(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[int, int]("progress")
	w := tasks.NewWorker(c)
	told, release := make(chan struct{}), make(chan struct{})
	handle(t, w, k, 1, func(ctx context.Context, n int) (int, error) {
		r, ok := tasks.RunFrom(ctx)
		if !ok {
			return 0, errors.New("no run")
		}
		if err := r.Progress(0.5, "half"); err != nil {
			return 0, err
		}
		close(told)
		<-release
		return n, nil
	})
	events := make(chan tasks.Event, 10)
	watching, stop := context.WithCancel(context.Background())
	watched := make(chan struct{})
	subscribed := make(chan struct{})
	go func() {
		defer close(watched)
		seq := c.Watch(watching, "progress")
		close(subscribed)
		for e, err := range seq {
			if err == nil {
				events <- e
			}
		}
	}()
	receive(t, subscribed)
	time.Sleep(100 * time.Millisecond) // the subscription has no answer to wait for
	run(t, w)
	id := push(t, c, k, 1)
	receive(t, told)
	info, err := c.Info(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, tasks.Running, info.State)
	assert.InDelta(t, 0.5, info.Progress, 0)
	assert.Equal(t, "half", info.Note)
	close(release)
	e := receive(t, events)
	assert.Equal(t, tasks.Running, e.State)
	assert.Equal(t, "half", e.Note)
	e = receive(t, events)
	assert.Equal(t, tasks.Done, e.State)
	assert.Equal(t, id, e.ID)
	stop()
	receive(t, watched)
}

func TestExistingSettingsAreNotChanged(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	push(t, c, tasks.Define[int, int]("k", tasks.MaxQueued(5), tasks.MaxRunning(2)), 1)
	push(t, c, tasks.Define[int, int]("k"), 1) // does not ask
	for _, k := range []tasks.Kind[int, int]{
		tasks.Define[int, int]("k", tasks.MaxQueued(6)), tasks.Define[int, int]("k", tasks.MaxRunning(3)),
		tasks.Define[int, int]("k", tasks.Lease(time.Minute)),
	} {
		_, err := k.Push(t.Context(), c, 1)
		require.ErrorIs(t, err, tasks.ErrMismatch)
		_, err = k.Handle(tasks.NewWorker(c), remuda.Func(double), remuda.Config{})
		require.ErrorIs(t, err, tasks.ErrMismatch)
	}
	larger := tasks.Define[int, int]("k", tasks.MaxQueued(6), tasks.Lease(time.Minute), tasks.MaxRunning(3))
	_, err := larger.Push(t.Context(), c, 1)
	require.ErrorContains(t, err, "5, not 6")
	require.NoError(t, larger.Migrate(t.Context(), c))
	push(t, c, larger, 1)
	info := kindOf(t, c, "k")
	assert.Equal(t, 6, info.MaxQueued)
	assert.Equal(t, 3, info.MaxRunning)
	assert.Equal(t, 3, info.Waiting)
}

func TestList(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[int, int]("list", tasks.Attempts(1))
	other := tasks.Define[int, int]("other")
	w := tasks.NewWorker(c)
	h := handle(t, w, k, 1, func(_ context.Context, n int) (int, error) {
		if n == 2 {
			return 0, errors.New("two")
		}
		return n, nil
	})
	run(t, w)
	want := map[tasks.ID]tasks.State{}
	for n, state := range map[int]tasks.State{1: tasks.Done, 2: tasks.Dead} {
		id := push(t, c, k, n)
		_, _ = k.Wait(within(t), c, id)
		want[id] = state
	}
	require.NoError(t, h.Close(within(t)))
	want[push(t, c, k, 3)] = tasks.Waiting
	want[push(t, c, k, 3, tasks.After(time.Hour))] = tasks.Scheduled
	cancelled := push(t, c, k, 3)
	require.NoError(t, c.Cancel(t.Context(), cancelled))
	want[cancelled] = tasks.Cancelled
	o := push(t, c, other, 1)
	deleted := push(t, c, k, 4)
	require.NoError(t, c.Delete(t.Context(), deleted))

	list := func(f tasks.Filter) map[tasks.ID]tasks.State {
		got := map[tasks.ID]tasks.State{}
		for info, err := range c.List(t.Context(), f) {
			require.NoError(t, err)
			got[info.ID] = info.State
		}
		return got
	}
	assert.Equal(t, want, list(tasks.Filter{Kind: "list"}))
	assert.Equal(t, map[tasks.ID]tasks.State{o: tasks.Waiting}, list(tasks.Filter{Kind: "other"}))
	want[o] = tasks.Waiting
	assert.Equal(t, want, list(tasks.Filter{}))
	assert.Equal(t, map[tasks.ID]tasks.State{cancelled: tasks.Cancelled}, list(tasks.Filter{States: []tasks.State{tasks.Cancelled}}))
	assert.Len(t, list(tasks.Filter{Limit: 3}), 3)
}
