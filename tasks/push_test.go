package tasks_test

import (
	"context"
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
