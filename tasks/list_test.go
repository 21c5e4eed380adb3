package tasks_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/remuda-go/remuda/tasks"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A task that waits and is pushed again under its ID, to be run later, is one task that
// waits; so is one that was to run later and is pushed again to run now.
func TestATaskThatWaitsTwiceIsListedOnce(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[int, int]("twice")
	soonest := push(t, c, k, 1, tasks.WithID("now"))
	push(t, c, k, 1, tasks.WithID("now"), tasks.After(time.Hour))
	push(t, c, k, 1, tasks.WithID("later"), tasks.After(time.Hour))
	later := push(t, c, k, 1, tasks.WithID("later"))
	other := push(t, c, k, 1, tasks.After(time.Hour))
	list := func(f tasks.Filter) (all []tasks.ID) {
		for i, err := range c.List(t.Context(), f) {
			require.NoError(t, err)
			info, err := c.Info(t.Context(), i.ID)
			require.NoError(t, err)
			assert.Equal(t, info.State, i.State, i.ID)
			all = append(all, i.ID)
		}
		return all
	}
	assert.ElementsMatch(t, []tasks.ID{soonest, later, other}, list(tasks.Filter{}))
	assert.ElementsMatch(t, []tasks.ID{soonest, later}, list(tasks.Filter{Kind: "twice", States: []tasks.State{tasks.Waiting}}))
	assert.ElementsMatch(t, []tasks.ID{other}, list(tasks.Filter{States: []tasks.State{tasks.Scheduled}}))
}

func listed(t *testing.T, c *tasks.Client, f tasks.Filter) (all []tasks.Info) {
	t.Helper()
	for i, err := range c.List(t.Context(), f) {
		require.NoError(t, err)
		all = append(all, i)
	}
	return all
}

// What List says of a task is what Info says, also of one that runs: for the first time,
// again, or in a kind beside others.
func TestATaskThatRunsIsListedAsRunning(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[int, int]("busy", tasks.Backoff(func(int) time.Duration { return time.Millisecond }))
	begun, release := make(chan struct{}, 2), make(chan struct{})
	w := tasks.NewWorker(c)
	handle(t, w, k, 2, func(ctx context.Context, n int) (int, error) {
		if r, _ := tasks.RunFrom(ctx); n == 2 && r.Attempt == 1 {
			return 0, errors.New("once")
		}
		begun <- struct{}{}
		<-release
		return n, nil
	})
	run(t, w)
	first, again := push(t, c, k, 1), push(t, c, k, 2)
	receive(t, begun)
	receive(t, begun)
	waits := push(t, c, k, 3)
	elsewhere := push(t, c, tasks.Define[int, int]("idle"), 3)
	ids := func(f tasks.Filter) (all []tasks.ID) {
		for _, i := range listed(t, c, f) {
			info, err := c.Info(t.Context(), i.ID)
			require.NoError(t, err)
			assert.Equal(t, info.State, i.State, i.ID)
			assert.Equal(t, info.Attempts, i.Attempts, i.ID)
			assert.True(t, info.Due.Equal(i.Due), i.ID)
			assert.True(t, i.State != tasks.Running || i.Due.IsZero(), i.ID)
			all = append(all, i.ID)
		}
		return all
	}
	assert.ElementsMatch(t, []tasks.ID{first, again, waits, elsewhere}, ids(tasks.Filter{}))
	assert.ElementsMatch(t, []tasks.ID{first, again}, ids(tasks.Filter{States: []tasks.State{tasks.Running}}))
	assert.ElementsMatch(t, []tasks.ID{first, again}, ids(tasks.Filter{Kind: "busy", States: []tasks.State{tasks.Running}, Limit: 9}))
	assert.ElementsMatch(t, []tasks.ID{waits, elsewhere}, ids(tasks.Filter{States: []tasks.State{tasks.Waiting, tasks.Retrying}}))
	assert.Empty(t, ids(tasks.Filter{Kind: "none"}))
	close(release)
}

// With a limit, List yields the newest, wherever they are, and reads from the end.
func TestALimitIsTheNewest(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	a, b := tasks.Define[int, int]("a"), tasks.Define[int, int]("b")
	for _, err := range a.PushAll(t.Context(), c, slices.Values(make([]int, 1500))) { // more than are read at once
		require.NoError(t, err)
	}
	last := func(f tasks.Filter) (all []tasks.ID) {
		for _, i := range listed(t, c, f) {
			all = append(all, i.ID)
		}
		return all
	}
	ids := last(tasks.Filter{})
	require.Len(t, ids, 1500)
	assert.Equal(t, ids[500:], last(tasks.Filter{Limit: 1000}))
	assert.Equal(t, ids, last(tasks.Filter{Limit: 1501}))
	ids = append(ids, push(t, c, b, 1), push(t, c, b, 1, tasks.After(time.Hour)), push(t, c, a, 1))
	require.NoError(t, c.Cancel(t.Context(), ids[0]))
	assert.Equal(t, append(ids[1499:], ids[0]), last(tasks.Filter{Limit: 5}), "over all kinds, states and places")
	assert.Equal(t, append(ids[1498:1500], ids[1502]), last(tasks.Filter{Kind: "a", States: []tasks.State{tasks.Waiting}, Limit: 3}))
	assert.Equal(t, []tasks.ID{ids[0]}, last(tasks.Filter{States: []tasks.State{tasks.Cancelled}, Limit: 3}))
	assert.Empty(t, last(tasks.Filter{States: []tasks.State{tasks.Done}, Limit: 3}))
}
