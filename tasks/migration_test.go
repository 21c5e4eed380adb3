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

// What docs/migration says to write instead of goflow and asynq. A test of the root module
// holds its tables against this file.
func TestMigrationFromGoflow(t *testing.T) {
	t.Parallel()
	type (
		In  = int
		Out = int
	)
	ctx, dir, url, in := within(t), "", "nats://127.0.0.1:1", 1
	job, cfg := remuda.Func(double), remuda.Config{}
	{
		client, err := tasks.Connect(ctx, url)
		require.Error(t, err, "nobody is there")
		require.Nil(t, client)
	}
	client, err := embedded.Open(ctx, dir)
	require.NoError(t, err)
	worker := tasks.NewWorker(client)
	kind := tasks.Define[In, Out]("type")
	_, err = kind.Handle(worker, job, cfg)
	require.NoError(t, err)
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ctx := running; ended <- worker.Run(ctx) }()
	id, err := kind.Push(ctx, client, in)
	require.NoError(t, err)
	out, err := kind.Wait(ctx, client, id)
	require.NoError(t, err)
	require.Equal(t, 2, out)
	_, err = kind.Result(ctx, client, id)
	require.NoError(t, err)
	stop()
	require.NoError(t, <-ended)
	require.NoError(t, worker.Close(ctx))
	require.NoError(t, client.Close())
}

func TestMigrationFromAsynq(t *testing.T) {
	t.Parallel()
	type (
		In  = string
		Out = string
	)
	ctx, dir, n, d, s, key := within(t), "", 3, time.Hour, "a", "key"
	client, err := embedded.Open(ctx, dir)
	require.NoError(t, err)
	backoff := func(attempt int) time.Duration { return time.Duration(attempt) * time.Second }
	kind := tasks.Define[In, Out]("type")
	_, err = kind.Push(ctx, client, "before its settings")
	require.NoError(t, err)
	kind = tasks.Define[In, Out]("type", tasks.Attempts(n+1), tasks.Timeout(d), tasks.Keep(d), tasks.Backoff(backoff))
	t0 := time.Now().Add(time.Hour)
	for _, opts := range func(t time.Time) [][]tasks.PushOption {
		return [][]tasks.PushOption{nil, {tasks.At(t)}, {tasks.After(d)}, {tasks.WithID(s)}, {tasks.Unique(key)}, {tasks.Expires(t)}}
	}(t0) {
		_, err := kind.Push(ctx, client, "in", opts...)
		require.NoError(t, err)
	}
	worker := tasks.NewWorker(client)
	f := func(ctx context.Context, in string) (string, error) {
		run, _ := tasks.RunFrom(ctx)
		if run.ID == "" || run.Attempt != 1 {
			return "", errors.New("no run")
		}
		switch err := errors.New(in); in {
		case "no use":
			return "", middleware.Permanent(err)
		case "later":
			return "", tasks.RetryAfter(err, d)
		}
		return "out", nil
	}
	cfg := remuda.Config{Initial: 8}
	_, err = kind.Handle(worker, remuda.Func(f), cfg)
	require.NoError(t, err)
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ctx := running; ended <- worker.Run(ctx) }()

	id, err := kind.Push(ctx, client, "no use")
	require.NoError(t, err)
	_, err = kind.Wait(ctx, client, id)
	require.Error(t, err)
	filter := tasks.Filter{}
	for dead, err := range client.Dead(ctx, filter) {
		require.NoError(t, err)
		id := dead.ID
		one, err := client.DeadTask(ctx, id)
		require.NoError(t, err)
		require.Equal(t, dead, one)
		require.NoError(t, client.Redrive(ctx, id))
	}
	later, err := kind.Push(ctx, client, "later")
	require.NoError(t, err)
	info := state(t, client, later, tasks.Retrying)
	require.WithinDuration(t, time.Now().Add(time.Hour), info.Due, time.Minute)
	_, err = kind.Wait(ctx, client, id)
	require.Error(t, err)
	require.NoError(t, client.Delete(ctx, id))
	in := "in"
	id, err = kind.Push(ctx, client, in, tasks.After(d))
	require.NoError(t, err)
	_, err = client.Info(ctx, id)
	require.NoError(t, err)
	require.NoError(t, client.Cancel(ctx, id))
	require.NoError(t, client.Pause(ctx, "type"))
	require.NoError(t, client.Resume(ctx, "type"))
	require.NoError(t, kind.Cron(ctx, client, "tick", tasks.Spec{Expr: "@every 30s"}, in))
	stop()
	require.NoError(t, <-ended)
	require.NoError(t, worker.Close(ctx))
	require.NoError(t, client.Close())
}
