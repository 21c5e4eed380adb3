package tasks_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/tasks"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

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
	seq, err := c.Watch(watching, "progress")
	require.NoError(t, err)
	run(t, w)
	id := push(t, c, k, 1)
	receive(t, told)
	watched := make(chan struct{})
	go func() { // what came before the loop is not lost
		defer close(watched)
		for e, err := range seq {
			if err == nil {
				events <- e
			}
		}
	}()
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
	_, err = c.Watch(watching, "progress")
	require.ErrorIs(t, err, context.Canceled)
	_, err = c.Watch(t.Context(), "no kind")
	require.ErrorIs(t, err, tasks.ErrInvalidName)
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
