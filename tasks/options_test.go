package tasks_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/remuda-go/remuda/tasks"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAtAndAfter(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[int, time.Time]("later")
	w := tasks.NewWorker(c)
	handle(t, w, k, 1, func(context.Context, int) (time.Time, error) { return time.Now(), nil })
	run(t, w)
	begun := time.Now()
	// Not early, not even by the part of a second that the client's own option drops.
	at := begun.Add(1987 * time.Millisecond)
	ids := []tasks.ID{push(t, c, k, 1, tasks.At(at)), push(t, c, k, 1, tasks.After(1987*time.Millisecond))}
	past := push(t, c, k, 1, tasks.At(begun.Add(-time.Hour)))
	info, err := c.Info(t.Context(), ids[0])
	require.NoError(t, err)
	assert.Equal(t, tasks.Scheduled, info.State)
	assert.WithinDuration(t, at, info.Due, 0)
	for _, id := range ids {
		ran, err := k.Wait(within(t), c, id)
		require.NoError(t, err)
		assert.False(t, ran.Before(at), "it ran %v early", at.Sub(ran))
	}
	ran, err := k.Wait(within(t), c, past)
	require.NoError(t, err)
	assert.True(t, ran.Before(at))
}

func TestOneTaskPerUniqueKey(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[int, int]("unique")
	a := push(t, c, k, 1, tasks.Unique("x"))
	again := func() error {
		_, err := k.Push(t.Context(), c, 2, tasks.Unique("x"))
		return err
	}
	var there *tasks.DuplicateError
	require.ErrorAs(t, again(), &there)
	assert.Equal(t, a, there.ID)
	push(t, c, k, 2, tasks.Unique("y"))

	w := tasks.NewWorker(c)
	release := make(chan struct{})
	handle(t, w, k, 1, func(_ context.Context, n int) (int, error) { <-release; return n, nil })
	run(t, w)
	state(t, c, a, tasks.Running)
	require.ErrorAs(t, again(), &there)
	close(release)
	_, err := k.Wait(within(t), c, a)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return again() == nil }, soon, time.Millisecond)

	// Scheduled and cancelled ones, too.
	b := push(t, c, k, 1, tasks.Unique("z"), tasks.After(time.Hour))
	_, err = k.Push(t.Context(), c, 2, tasks.Unique("z"))
	require.ErrorAs(t, err, &there)
	require.NoError(t, c.Cancel(t.Context(), b))
	push(t, c, k, 2, tasks.Unique("z"), tasks.After(time.Hour))
	require.ErrorAs(t, c.Redrive(t.Context(), b), &there, "another task has its key")
}

func TestHeadersComeWithTheTask(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[int, string]("header", tasks.Backoff(func(int) time.Duration { return 0 }))
	w := tasks.NewWorker(c)
	handle(t, w, k, 1, func(ctx context.Context, _ int) (string, error) {
		r, _ := tasks.RunFrom(ctx)
		if r.Attempt == 1 {
			return "", fmt.Errorf("again")
		}
		return r.Header("traceparent"), nil
	})
	run(t, w)
	got, err := k.Wait(within(t), c, push(t, c, k, 1, tasks.Header("traceparent", "00-1")))
	require.NoError(t, err)
	assert.Equal(t, "00-1", got)
	for _, bad := range []string{"", "Nats-Msg-Id", "Remuda-Tag", "a:b", "a b", "Status"} {
		_, err := k.Push(t.Context(), c, 1, tasks.Header(bad, "x"))
		require.ErrorIs(t, err, tasks.ErrInvalidName, bad)
	}
	push(t, c, k, 1, tasks.Headers(map[string]string{"a": "1", "b": "2"}))
	_, err = k.Push(t.Context(), c, 1, tasks.Header("ok", "a\r\nb"))
	require.ErrorIs(t, err, tasks.ErrInvalidName)
}

// What is said of a server that does not answer has no password in it.
func TestConnectHidesPasswords(t *testing.T) {
	t.Parallel()
	_, err := tasks.Connect(t.Context(), "nats://user:secret@127.0.0.1:1,nats://127.0.0.1:2")
	require.ErrorContains(t, err, "nats://…@127.0.0.1:1,nats://127.0.0.1:2")
	require.NotContains(t, err.Error(), "secret")
}
