package page_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/remuda-go/remuda/cmd/remuda/internal/page"
	"github.com/remuda-go/remuda/tasks"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func event(id tasks.ID, s tasks.State, reason string, at time.Time) tasks.Event {
	return tasks.Event{ID: id, State: s, Attempts: 1, Reason: reason, At: at}
}

// Failures that differ in numbers and identifiers alone are of one reason, which says how
// often it was, and names the last task.
func TestReasonsAreGrouped(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.handle("job", 0, nil)
	h := r.handler("", false)
	now := time.Now()
	for i := range 30 {
		id := tasks.NewID("job", fmt.Sprint(i))
		r.history.Record(event(id, tasks.Retrying, fmt.Sprintf("order %d of 7f3a%d9c1: timeout\nstack %d", i, i, i), now), now)
	}
	r.history.Record(event("job.other", tasks.Dead, "no such user", now), now)
	r.history.Record(event("job.snoozed", tasks.Retrying, "", now), now)
	r.history.Record(event("job.old", tasks.Dead, "long ago", now.Add(-2*time.Hour)), now.Add(-2*time.Hour))
	var failing []page.Failing
	require.Eventually(t, func() bool { failing = stateOf(t, h).Failing; return len(failing) == 2 }, soon, 20*time.Millisecond, "%v", failing)
	assert.Equal(t, 30, failing[0].Failed)
	assert.Equal(t, tasks.ID("job.29"), failing[0].ID)
	assert.Equal(t, 1, failing[1].Dead)
	assert.Equal(t, "no such user", failing[1].Reason)
}

// The page tells what keeps tasks from being done.
func TestProblems(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.stage()
	h := r.handler("", false)
	texts := func() (all []string) {
		for _, p := range stateOf(t, h).Problems {
			all = append(all, p.Kind+" "+p.Text)
		}
		return all
	}
	want := []string{"export-to-warehouse is paused; 12 waiting", "legacy has no worker; 12 waiting", "notify has 1 dead", "thumb has 2 dead"}
	require.Eventually(t, func() bool { return len(texts()) == len(want) }, soon, 20*time.Millisecond)
	assert.Equal(t, want, texts(), "the dead are from before the history began")

	failed := 0
	for i := range 100 {
		s := tasks.Done
		if i%5 == 0 {
			s = tasks.Retrying
			failed++
		}
		r.history.Record(event(tasks.NewID("report", fmt.Sprint(i)), s, map[bool]string{true: "oh"}[s == tasks.Retrying], time.Now()), time.Now())
	}
	assert.Contains(t, texts(), "report fails: 20 of 100 runs in the last ten minutes")
}

// A run that takes much longer than is usual for its kind is slow.
func TestSlowRuns(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	hold := make(chan struct{})
	k := r.handle("job", 2, func(context.Context, []byte) ([]byte, error) { <-hold; return nil, nil })
	defer close(hold)
	h := r.handler("", false)
	r.state(r.push(k, "long", "x"), tasks.Running)
	took := make([]time.Duration, 20)
	for i := range took {
		took[i] = 10 * time.Millisecond
	}
	r.history.Fill("job", 3, page.Past{Done: 20, Took: took})
	require.Eventually(t, func() bool {
		s := stateOf(t, h)
		return len(s.Running) == 1 && s.Running[0].Slow && len(s.Problems) == 1 && !s.Problems[0].Bad
	}, soon, 50*time.Millisecond)
	s := stateOf(t, h)
	assert.InDelta(t, 0.010, s.Kinds[0].P95, 0.002)
	assert.Contains(t, s.Problems[0].Text, "is slow: long has run for")
}

// What is remembered is bounded.
func TestTheHistoryIsBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.handle("job", 0, nil)
	h := r.handler("", false)
	now := time.Now()
	for i := range 3000 {
		id := tasks.NewID("job", fmt.Sprint(i))
		r.history.Record(event(id, tasks.Retrying, fmt.Sprintf("reason %c%c", 'g'+i%10, 'g'+i/10%10), now), now)
	}
	for i := range 100 {
		r.history.Record(event("job.2999", tasks.Retrying, fmt.Sprint("again ", i), now), now)
	}
	require.Eventually(t, func() bool { return len(stateOf(t, h).Failing) == 20 }, soon, 20*time.Millisecond)
	reasons, failed, attempts := r.history.Size()
	assert.Equal(t, 20, reasons)
	assert.Equal(t, 500, failed)
	assert.Equal(t, 20, attempts, "of one task")
}

// The attempts of a task are told with their reasons, and when and how long they ran.
func TestAttempts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	n := 0
	k := r.handle("job", 1, func(context.Context, []byte) ([]byte, error) {
		if n++; n < 3 {
			return nil, fmt.Errorf("failure %d", n)
		}
		return []byte("well"), nil
	}, tasks.Backoff(func(int) time.Duration { return time.Millisecond }))
	h := r.handler("", false)
	stateOf(t, h)
	id := r.push(k, "one", "x")
	r.state(id, tasks.Done)
	var d page.Detail
	require.Eventually(t, func() bool { d = detailOf(t, h, id); return len(d.Attempts) == 3 }, soon, 10*time.Millisecond)
	for i, want := range []struct {
		state  tasks.State
		reason string
	}{{tasks.Retrying, "failure 1"}, {tasks.Retrying, "failure 2"}, {tasks.Done, ""}} {
		a := d.Attempts[i]
		assert.Equal(t, want.state, a.State)
		assert.Equal(t, want.reason, a.Reason)
		assert.Equal(t, i+1, a.Attempt)
		assert.Positive(t, a.Took)
		assert.False(t, a.Begun.IsZero())
	}
	assert.Equal(t, "well", d.Output.Text)
}

// What happens between Listen and Run is recorded: the first runs of a process.
func TestNothingIsMissed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.history = page.NewHistory(r.client)
	h := r.handler("", false)
	ctx, cancel := context.WithCancel(t.Context())
	require.NoError(t, r.history.Listen(ctx))
	k := r.handle("job", 1, func(context.Context, []byte) ([]byte, error) { return nil, errors.New("oh") }, tasks.Attempts(1))
	id := r.push(k, "one", "x")
	r.state(id, tasks.Dead)

	ended := make(chan struct{})
	go func() { defer close(ended); r.history.Run(ctx) }()
	defer func() { cancel(); <-ended }()
	require.Eventually(t, func() bool { return len(detailOf(t, h, id).Attempts) == 1 }, soon, 10*time.Millisecond)
	failing := stateOf(t, h).Failing
	require.Len(t, failing, 1)
	assert.Equal(t, "oh", failing[0].Reason)
}

// A list shows the newest of what has ended, and the first of what is to run.
func TestLists(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	bad := r.handle("bad", 1, func(context.Context, []byte) ([]byte, error) { return nil, errors.New("oh") }, tasks.Attempts(1))
	idle := r.handle("idle", 0, nil)
	h := r.handler("", false)
	for i := range 205 {
		r.push(bad, fmt.Sprint(i), "x")
	}
	r.state("bad.204", tasks.Dead)
	for i := range 110 {
		r.push(idle, fmt.Sprint(i), "x")
	}
	l := listOf(t, h, "dead")
	require.Len(t, l.Tasks, 100)
	assert.True(t, l.Cut)
	assert.Equal(t, tasks.ID("bad.204"), l.Tasks[0].ID)
	assert.Equal(t, tasks.ID("bad.105"), l.Tasks[99].ID)
	l = listOf(t, h, "waiting&kind=idle")
	require.Len(t, l.Tasks, 100)
	assert.True(t, l.Cut)
	assert.Equal(t, tasks.ID("idle.0"), l.Tasks[0].ID)
	assert.Empty(t, listOf(t, h, "scheduled").Tasks)
	assert.Equal(t, http.StatusOK, get(t, h, "/page/tasks?state=running").Code)
}
