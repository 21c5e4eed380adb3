package tasks_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/embedded"
	"github.com/stretchr/testify/require"
)

// Each row of the migration tables in docs/tasks.md, in their order.
func TestMigrationFromGoflow(t *testing.T) {
	t.Parallel()
	ctx := within(t)
	client, err := embedded.Open(ctx, "")
	require.NoError(t, err)
	defer func() { require.NoError(t, client.Close()) }()
	_, err = tasks.Connect(ctx, "nats://127.0.0.1:1")
	require.Error(t, err)
	worker := tasks.NewWorker(client)
	kind := tasks.Define[int, int]("type")
	_, err = kind.Handle(worker, remuda.Func(double), remuda.Config{})
	require.NoError(t, err)
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- worker.Run(running) }()
	id, err := kind.Push(ctx, client, 1)
	require.NoError(t, err)
	_, err = kind.Wait(ctx, client, id)
	require.NoError(t, err)
	_, err = kind.Result(ctx, client, id)
	require.NoError(t, err)
	stop()
	require.NoError(t, <-ended)
	require.NoError(t, worker.Close(ctx))
}

func TestMigrationFromAsynq(t *testing.T) {
	t.Parallel()
	ctx := within(t)
	client := open(t, "")
	kind := tasks.Define[string, string]("type", tasks.Attempts(3+1), tasks.Timeout(time.Second), tasks.Keep(time.Hour),
		tasks.Backoff(func(attempt int) time.Duration { return time.Duration(attempt) * time.Second }))
	at := time.Now().Add(time.Hour)
	for _, opts := range [][]tasks.PushOption{
		nil, {tasks.At(at)}, {tasks.After(time.Hour)}, {tasks.WithID("a")}, {tasks.Unique("key")}, {tasks.Expires(at)},
	} {
		_, err := kind.Push(ctx, client, "in", opts...)
		require.NoError(t, err)
	}
	worker := tasks.NewWorker(client)
	_, err := kind.Handle(worker, remuda.Func(func(ctx context.Context, in string) (string, error) {
		run, _ := tasks.RunFrom(ctx)
		if run.ID == "" || run.Attempt != 1 {
			return "", errors.New("no run")
		}
		if in == "no use" {
			return "", middleware.Permanent(errors.New("no use"))
		}
		if in == "later" {
			return "", tasks.RetryAfter(errors.New("later"), time.Hour)
		}
		return "out", nil
	}), remuda.Config{Initial: 8})
	require.NoError(t, err)
	run(t, worker)
	id, err := kind.Push(ctx, client, "no use")
	require.NoError(t, err)
	_, err = kind.Wait(ctx, client, id)
	require.Error(t, err)
	for dead, err := range client.Dead(ctx, tasks.Filter{}) {
		require.NoError(t, err)
		one, err := client.DeadTask(ctx, dead.ID)
		require.NoError(t, err)
		require.Equal(t, dead, one)
		require.NoError(t, client.Redrive(ctx, dead.ID))
	}
	later, err := kind.Push(ctx, client, "later")
	require.NoError(t, err)
	info := state(t, client, later, tasks.Retrying)
	require.WithinDuration(t, time.Now().Add(time.Hour), info.Due, time.Minute)
	_, err = kind.Wait(ctx, client, id)
	require.Error(t, err)
	require.NoError(t, client.Delete(ctx, id))
	id, err = kind.Push(ctx, client, "in", tasks.After(time.Hour))
	require.NoError(t, err)
	require.NoError(t, client.Cancel(ctx, id))
	require.NoError(t, client.Pause(ctx, "type"))
	require.NoError(t, client.Resume(ctx, "type"))
	require.NoError(t, kind.Cron(ctx, client, "tick", tasks.Spec{Expr: "@every 30s"}, "in"))
}
