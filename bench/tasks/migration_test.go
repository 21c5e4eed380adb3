package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/hibiken/asynq"
)

// What docs/migration/asynq.md says of asynq. What to write instead is in the tests of
// tasks; a test of the root module holds the tables against both.
func TestMigrationFromAsynq(t *testing.T) {
	if _, err := exec.LookPath("redis-server"); err != nil && os.Getenv("REMUDA_CI") == "" {
		t.Skip("there is no redis-server")
	}
	s, err := newAsynq(t.Context(), false)
	check(t, err)
	defer func() { check(t, s.close()) }()
	redisOpt := s.(*asynqSystem).opt
	payload, n, d, at := []byte("in"), 3, time.Hour, time.Now().Add(time.Hour)

	client := asynq.NewClient(redisOpt)
	defer func() { check(t, client.Close()) }()
	_, err = client.Enqueue(asynq.NewTask("type", payload))
	check(t, err)
	ids := []asynq.Option{asynq.TaskID("a")}
	for _, opts := range func(t time.Time, s string) [][]asynq.Option {
		return [][]asynq.Option{{asynq.ProcessAt(t)}, {asynq.ProcessIn(d)}, {asynq.TaskID(s), asynq.Queue("critical")},
			{asynq.Unique(d)}, {asynq.MaxRetry(n), asynq.Timeout(d)}, {asynq.Deadline(t)}, {asynq.Retention(d)}}
	}(at, "b") {
		_, err := client.Enqueue(asynq.NewTask("type", payload), opts...)
		check(t, err)
	}
	_, err = client.Enqueue(asynq.NewTask("broken", payload), ids...)
	check(t, err)

	handle := func(ctx context.Context, task *asynq.Task) error {
		b := []byte("out")
		id, ok := asynq.GetTaskID(ctx)
		count, counted := asynq.GetRetryCount(ctx)
		if !ok || !counted || id == "" || count != 0 {
			return errors.New("no run")
		}
		_, err := task.ResultWriter().Write(b)
		return err
	}
	mux := asynq.NewServeMux()
	mux.HandleFunc("type", handle)
	mux.HandleFunc("broken", func(context.Context, *asynq.Task) error { return asynq.SkipRetry })
	delay := func(int, error, *asynq.Task) time.Duration { return time.Second }
	_ = asynq.Config{RetryDelayFunc: delay}
	server := asynq.NewServer(redisOpt, asynq.Config{Concurrency: 8})
	_ = func() error { return server.Run(mux) } // it waits for a signal
	check(t, server.Start(mux))

	inspector := asynq.NewInspector(redisOpt)
	defer func() { check(t, inspector.Close()) }()
	q, id := "default", "a"
	for {
		dead, err := inspector.ListArchivedTasks(q)
		check(t, err)
		if len(dead) == 1 {
			break
		}
		time.Sleep(10 * time.Millisecond) // asynq tells nobody
	}
	_, err = inspector.GetTaskInfo(q, id)
	check(t, err)
	server.Shutdown()
	check(t, inspector.RunTask(q, id))
	check(t, inspector.DeleteTask(q, id))
	check(t, inspector.CancelProcessing(id))
	check(t, inspector.PauseQueue(q))
	check(t, inspector.UnpauseQueue(q))
	scheduler := asynq.NewScheduler(redisOpt, nil)
	task := asynq.NewTask("type", payload)
	_, err = scheduler.Register("@every 30s", task)
	check(t, err)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
