package tasks_test

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/internal/setup"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestATaskExpires(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[int, int]("expire")
	waiting := push(t, c, k, 1, tasks.Expires(time.Now().Add(time.Second)))
	w := tasks.NewWorker(c)
	run(t, w) // nobody handles the kind
	_, err := k.Wait(within(t), c, waiting)
	require.ErrorIs(t, err, tasks.ErrExpired)

	deadlines := make(chan time.Time, 1)
	handle(t, w, k, 1, func(ctx context.Context, _ int) (int, error) {
		deadline, _ := ctx.Deadline()
		deadlines <- deadline
		<-ctx.Done()
		return 0, ctx.Err()
	})
	at := time.Now().Add(time.Second)
	runs := push(t, c, k, 1, tasks.Expires(at))
	_, err = k.Wait(within(t), c, runs)
	require.ErrorIs(t, err, tasks.ErrExpired)
	assert.WithinDuration(t, at, receive(t, deadlines), 100*time.Millisecond)
}

// A task that has expired is not run, also if the schedule for that is lost; whoever
// redrives it wants it to run.
func TestWhatHasExpiredIsNotRun(t *testing.T) {
	t.Parallel()
	n := newServer(t)
	c := n.connect(func(o *setup.Options) { o.Sweep = time.Hour })
	js, err := jetstream.New(n.dial())
	require.NoError(t, err)
	k := tasks.Define[int, int]("late")
	id := push(t, c, k, 21, tasks.Expires(time.Now().Add(300*time.Millisecond)))
	vandal{t, js}.purge("REMUDA_SCHEDULE", "remuda.schedule."+string(id)+".expire")
	time.Sleep(400 * time.Millisecond)
	w := tasks.NewWorker(c)
	handle(t, w, k, 1, double)
	run(t, w)
	_, err = k.Wait(within(t), c, id)
	require.ErrorIs(t, err, tasks.ErrExpired)
	require.NoError(t, c.Redrive(t.Context(), id))
	got, err := k.Wait(within(t), c, id)
	require.NoError(t, err)
	assert.Equal(t, 42, got)
}
