package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
)

// Kind is for river, of which a payload is the arguments.
func (payload) Kind() string { return "bench" }

type riverWorker struct{ river.WorkerDefaults[payload] }

func (riverWorker) Work(ctx context.Context, job *river.Job[payload]) error {
	return river.RecordOutput(ctx, job.Args)
}

type riverSystem struct {
	cmd    *exec.Cmd
	dir    string
	pool   *pgxpool.Pool
	client *river.Client[pgx.Tx]
	driver *riverpgxv5.Driver
}

// postgres starts a server in dir, as the user postgres if we are root.
func postgres(dir, port string, strict bool) (*exec.Cmd, error) {
	bins, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(bins) == 0 {
		return nil, errors.New("PostgreSQL is not installed")
	}
	bin := bins[len(bins)-1]
	command := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, name), args...) //nolint:noctx // close ends it
		cmd.Dir = dir
		if u, err := user.Lookup("postgres"); err == nil && os.Getuid() == 0 {
			uid, _ := strconv.Atoi(u.Uid)
			gid, _ := strconv.Atoi(u.Gid)
			_ = os.Chown(dir, uid, gid)
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
		}
		return cmd
	}
	data := filepath.Join(dir, "data")
	if out, err := command("initdb", "-D", data, "-U", "postgres", "-A", "trust").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	commit := "on"
	if !strict {
		commit = "off"
	}
	cmd := command("postgres", "-D", data, "-p", port, "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories="+dir, "-c", "synchronous_commit="+commit)
	return cmd, cmd.Start()
}

func newRiver(ctx context.Context, strict bool) (system, error) {
	dir, err := os.MkdirTemp("", "bench-pg-")
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
	s := &riverSystem{dir: dir}
	if s.cmd, err = postgres(dir, port, strict); err != nil {
		return nil, err
	}
	if s.pool, err = pgxpool.New(ctx, "postgres://postgres@"+addr+"/postgres?pool_max_conns=32"); err != nil {
		return nil, err
	}
	for try := 0; s.pool.Ping(ctx) != nil; try++ {
		if try == 100 {
			return nil, errors.New("PostgreSQL does not start")
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.driver = riverpgxv5.New(s.pool)
	migrator, err := rivermigrate.New(s.driver, &rivermigrate.Config{Logger: quiet()})
	if err != nil {
		return nil, err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, err
	}
	s.client, err = river.NewClient(s.driver, &river.Config{Logger: quiet()})
	return s, err
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func (s *riverSystem) durability(ctx context.Context) (string, error) {
	var version, fsync, commit string
	for name, to := range map[string]*string{"server_version": &version, "fsync": &fsync, "synchronous_commit": &commit} {
		if err := s.pool.QueryRow(ctx, "show "+name).Scan(to); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("PostgreSQL %s, fsync %s, synchronous_commit %s", version, fsync, commit), nil
}

func (s *riverSystem) push(ctx context.Context) error {
	_, err := s.client.Insert(ctx, sample, nil)
	return err
}

func (s *riverSystem) pushMany(ctx context.Context, n int) error {
	for n > 0 {
		batch := make([]river.InsertManyParams, min(n, 1000))
		for i := range batch {
			batch[i].Args = sample
		}
		if _, err := s.client.InsertManyFast(ctx, batch); err != nil {
			return err
		}
		n -= len(batch)
	}
	return nil
}

func (s *riverSystem) work(ctx context.Context, workers int) (func(), error) {
	all := river.NewWorkers()
	river.AddWorker(all, &riverWorker{})
	client, err := river.NewClient(s.driver, &river.Config{
		Logger: quiet(), Workers: all, FetchCooldown: time.Millisecond, FetchPollInterval: 10 * time.Millisecond,
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}},
	})
	if err != nil {
		return nil, err
	}
	if err := client.Start(ctx); err != nil {
		return nil, err
	}
	return func() { _ = client.Stop(ctx) }, nil
}

func (s *riverSystem) left(ctx context.Context) (n int, err error) {
	err = s.pool.QueryRow(ctx, "select count(*) from river_job where state <> 'completed' and queue = 'default'").Scan(&n)
	return n, err
}

func (s *riverSystem) roundTrip(ctx context.Context) error {
	job, err := s.client.Insert(ctx, sample, nil)
	if err != nil {
		return err
	}
	for {
		got, err := s.client.JobGet(ctx, job.Job.ID)
		if err != nil || got.State == rivertype.JobStateCompleted {
			return err
		}
		time.Sleep(200 * time.Microsecond)
	}
}

func (s *riverSystem) server() int { return s.cmd.Process.Pid }

func (s *riverSystem) holder(ctx context.Context) ([]string, error) {
	_, err := s.client.Insert(ctx, sample, &river.InsertOpts{Queue: "hold"})
	return []string{"river", s.pool.Config().ConnString()}, err
}

// holdWorker never ends a job.
type holdWorker struct {
	river.WorkerDefaults[payload]
	took func()
}

func (w *holdWorker) Work(context.Context, *river.Job[payload]) error {
	w.took()
	return nil
}

func holdRiver(ctx context.Context, url string, took func()) error {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return err
	}
	all := river.NewWorkers()
	river.AddWorker(all, &holdWorker{took: took})
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		Logger: quiet(), Workers: all, Queues: map[string]river.QueueConfig{"hold": {MaxWorkers: 1}},
	})
	if err != nil {
		return err
	}
	if err := client.Start(ctx); err != nil {
		return err
	}
	select {}
}

func (s *riverSystem) close() error {
	s.pool.Close()
	_ = s.cmd.Process.Signal(syscall.SIGINT)
	_ = s.cmd.Wait()
	return os.RemoveAll(s.dir)
}
