package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

type asynqSystem struct {
	cmd     *exec.Cmd
	dir     string
	opt     asynq.RedisClientOpt
	client  *asynq.Client
	inspect *asynq.Inspector
	redis   *redis.Client
}

func newAsynq(ctx context.Context, strict bool) (system, error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "bench-redis-")
	if err != nil {
		return nil, err
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	sync := "always"
	if !strict {
		sync = "everysec"
	}
	cmd := exec.CommandContext(ctx, path, "--port", port, "--dir", dir, "--appendonly", "yes", "--appendfsync", sync, "--save", "")
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &asynqSystem{cmd: cmd, dir: dir, opt: asynq.RedisClientOpt{Addr: addr}, redis: redis.NewClient(&redis.Options{Addr: addr})}
	for try := 0; s.redis.Ping(ctx).Err() != nil; try++ {
		if try == 100 {
			return nil, errors.New("redis does not start")
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.client, s.inspect = asynq.NewClient(s.opt), asynq.NewInspector(s.opt)
	return s, nil
}

func (s *asynqSystem) durability(ctx context.Context) (string, error) {
	on, err := s.redis.ConfigGet(ctx, "append*").Result()
	if err != nil {
		return "", err
	}
	version := "?"
	if info, err := s.redis.InfoMap(ctx, "server").Result(); err == nil {
		version = info["Server"]["redis_version"]
	}
	return fmt.Sprintf("Redis %s, appendonly %s, appendfsync %s", version, on["appendonly"], on["appendfsync"]), nil
}

func (s *asynqSystem) push(ctx context.Context) error {
	body, err := json.Marshal(sample)
	if err != nil {
		return err
	}
	_, err = s.client.EnqueueContext(ctx, asynq.NewTask("bench", body), asynq.Retention(time.Hour))
	return err
}

func (s *asynqSystem) pushMany(context.Context, int) error { return errUnsupported }

func (s *asynqSystem) work(_ context.Context, workers int) (func(), error) {
	srv := asynq.NewServer(s.opt, asynq.Config{
		Concurrency: workers, LogLevel: asynq.FatalLevel, TaskCheckInterval: 5 * time.Millisecond,
	})
	err := srv.Start(asynq.HandlerFunc(func(_ context.Context, t *asynq.Task) error {
		var p payload
		if err := json.Unmarshal(t.Payload(), &p); err != nil {
			return err
		}
		out, err := json.Marshal(p)
		if err != nil {
			return err
		}
		_, err = t.ResultWriter().Write(out)
		return err
	}))
	return srv.Shutdown, err
}

func (s *asynqSystem) left(context.Context) (int, error) {
	info, err := s.inspect.GetQueueInfo("default")
	if err != nil {
		return 0, err
	}
	return info.Size - info.Completed, nil
}

func (s *asynqSystem) roundTrip(ctx context.Context) error {
	body, err := json.Marshal(sample)
	if err != nil {
		return err
	}
	t, err := s.client.EnqueueContext(ctx, asynq.NewTask("bench", body), asynq.Retention(time.Hour))
	if err != nil {
		return err
	}
	for { // there is no call that waits
		info, err := s.inspect.GetTaskInfo(t.Queue, t.ID)
		if err != nil || info.State == asynq.TaskStateCompleted {
			return err
		}
		time.Sleep(200 * time.Microsecond)
	}
}

func (s *asynqSystem) server() int { return s.cmd.Process.Pid }

func (s *asynqSystem) holder(ctx context.Context) ([]string, error) {
	_, err := s.client.EnqueueContext(ctx, asynq.NewTask("hold", nil), asynq.Queue("hold"))
	return []string{"asynq", s.opt.Addr}, err
}

func holdAsynq(addr string, took func()) error {
	srv := asynq.NewServer(asynq.RedisClientOpt{Addr: addr}, asynq.Config{
		Concurrency: 1, LogLevel: asynq.FatalLevel, Queues: map[string]int{"hold": 1},
	})
	return srv.Run(asynq.HandlerFunc(func(context.Context, *asynq.Task) error {
		took()
		return nil
	}))
}

func (s *asynqSystem) close() error {
	err := errors.Join(s.client.Close(), s.inspect.Close(), s.redis.Close())
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	return errors.Join(err, os.RemoveAll(s.dir))
}
