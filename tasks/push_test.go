package tasks_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/tasks"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestABadNameIsAnErrorOfTheFirstUse(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	for _, name := range []string{"", "a b", "a.b", "a>", "é", strings.Repeat("x", 65)} {
		k := tasks.Define[int, int](name)
		_, err := k.Push(t.Context(), c, 1)
		require.ErrorIs(t, err, tasks.ErrInvalidName, name)
		_, err = k.Handle(tasks.NewWorker(c), remuda.Func(double), remuda.Config{})
		require.ErrorIs(t, err, tasks.ErrInvalidName, name)
	}
	_, err := tasks.Define[int, int]("k", tasks.Attempts(0)).Push(t.Context(), c, 1)
	require.ErrorContains(t, err, "Attempts(0)")
	var zero tasks.Kind[int, int]
	_, err = zero.Push(t.Context(), c, 1)
	require.ErrorIs(t, err, tasks.ErrInvalidName)
}

func TestNamesMayHaveAnyLetters(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[string, string]("any")
	w := tasks.NewWorker(c)
	handle(t, w, k, 1, func(_ context.Context, s string) (string, error) { return s + "!", nil })
	run(t, w)
	for _, name := range []string{"a.b", "a b", "*", ">", "ü/\n", "%", "%41", "$x", "a@1"} {
		id := push(t, c, k, name, tasks.WithID(name))
		assert.Equal(t, tasks.NewID("any", name), id)
		assert.Equal(t, name, id.Name())
		got, err := k.Wait(within(t), c, id)
		require.NoError(t, err)
		assert.Equal(t, name+"!", got)
	}
	for _, name := range []string{"", strings.Repeat("x", 201)} {
		_, err := k.Push(t.Context(), c, "", tasks.WithID(name))
		require.ErrorIs(t, err, tasks.ErrInvalidName)
	}
}

func TestPushedAgainWithTheSameIDItIsOneTask(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[int, int]("once")
	for _, opts := range [][]tasks.PushOption{
		{tasks.WithID("now")}, {tasks.WithID("later"), tasks.After(time.Hour)},
	} {
		for range 3 {
			push(t, c, k, 1, opts...)
		}
	}
	info, err := c.Info(t.Context(), tasks.NewID("once", "later"))
	require.NoError(t, err)
	assert.Equal(t, tasks.Scheduled, info.State)

	w := tasks.NewWorker(c)
	runs := make(chan int, 10)
	handle(t, w, k, 2, func(_ context.Context, n int) (int, error) { runs <- n; return n, nil })
	run(t, w)
	id := tasks.NewID("once", "now")
	_, err = k.Wait(within(t), c, id)
	require.NoError(t, err)
	_, err = k.Push(t.Context(), c, 1, tasks.WithID("now"))
	var there *tasks.DuplicateError
	require.ErrorAs(t, err, &there)
	assert.Equal(t, id, there.ID)
	assert.Len(t, runs, 1)
}

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

func TestATaskExpires(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[int, int]("expire")
	waiting := push(t, c, k, 1, tasks.Expires(time.Now().Add(time.Second)))
	w := tasks.NewWorker(c)
	run(t, w) // nobody handles the kind
	_, err := k.Wait(within(t), c, waiting)
	require.ErrorIs(t, err, tasks.ErrExpired)

	handle(t, w, k, 1, func(ctx context.Context, _ int) (int, error) { <-ctx.Done(); return 0, ctx.Err() })
	runs := push(t, c, k, 1, tasks.Expires(time.Now().Add(time.Second)))
	_, err = k.Wait(within(t), c, runs)
	require.ErrorIs(t, err, tasks.ErrExpired)
}

func TestPushWithAContextThatHasEnded(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[int, int]("ended")
	push(t, c, k, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := k.Push(ctx, c, 2)
	require.ErrorIs(t, err, context.Canceled)
	var unknown *tasks.OutcomeUnknownError
	require.NotErrorAs(t, err, &unknown, "nothing was sent")
	assert.Equal(t, 1, kindOf(t, c, "ended").Waiting)
}

func TestAFullQueueRefuses(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[int, int]("full", tasks.MaxQueued(3))
	for i := range 3 {
		push(t, c, k, i)
	}
	_, err := k.Push(t.Context(), c, 4)
	require.ErrorIs(t, err, remuda.ErrQueueFull)
	_, err = k.Push(t.Context(), c, 4, tasks.Unique("key"))
	require.ErrorIs(t, err, remuda.ErrQueueFull)
	w := tasks.NewWorker(c)
	handle(t, w, k, 1, double)
	run(t, w)
	require.Eventually(t, func() bool {
		_, err := k.Push(t.Context(), c, 4, tasks.Unique("key")) // the refused one holds no key
		return err == nil
	}, soon, time.Millisecond)
}

func TestWhatIsTooLarge(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[[]byte, []byte]("large", tasks.Codec(tasks.Raw))
	_, err := k.Push(t.Context(), c, make([]byte, 2<<20))
	require.ErrorIs(t, err, tasks.ErrTooLarge)
	w := tasks.NewWorker(c)
	runs := make(chan int, 10)
	handle(t, w, k, 1, func(context.Context, []byte) ([]byte, error) { runs <- 1; return make([]byte, 2<<20), nil })
	run(t, w)
	id := push(t, c, k, []byte("x"))
	_, err = k.Wait(within(t), c, id)
	var dead *tasks.TaskError
	require.ErrorAs(t, err, &dead)
	assert.Contains(t, dead.Reason, "too large")
	assert.Len(t, runs, 1)
}

func TestAnInputThatDoesNotDecodeIsDeadAtOnce(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	id := push(t, c, tasks.Define[string, int]("decode"), "no number")
	k := tasks.Define[int, int]("decode")
	w := tasks.NewWorker(c)
	handle(t, w, k, 1, double)
	run(t, w)
	_, err := k.Wait(within(t), c, id)
	var dead *tasks.TaskError
	require.ErrorAs(t, err, &dead)
	assert.Equal(t, 1, dead.Attempts)
	assert.Contains(t, dead.Reason, "input")
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

func TestPushAll(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[int, int]("all", tasks.MaxQueued(1000))
	ins := make([]int, 1010)
	for i := range ins {
		ins[i] = i
	}
	var ids []tasks.ID
	full := 0
	for id, err := range k.PushAll(t.Context(), c, slices.Values(ins)) {
		if err != nil {
			require.ErrorIs(t, err, remuda.ErrQueueFull)
			full++
			continue
		}
		ids = append(ids, id)
	}
	assert.Len(t, ids, 1000)
	assert.Equal(t, 10, full)
	w := tasks.NewWorker(c)
	handle(t, w, k, 8, double)
	run(t, w)
	for _, id := range ids[990:] {
		_, err := k.Wait(within(t), c, id)
		require.NoError(t, err)
	}
	for range k.PushAll(t.Context(), c, slices.Values(ins)) {
		break
	}
}
