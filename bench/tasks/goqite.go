package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	_ "github.com/mattn/go-sqlite3"
	"maragu.dev/goqite"
)

// goqiteSystem has no results: a task is a message that is deleted when it has run.
type goqiteSystem struct {
	db    *sql.DB
	dir   string
	queue *goqite.Queue
}

func newGoqite(ctx context.Context, strict bool) (system, error) {
	dir, err := os.MkdirTemp("", "bench-sqlite-")
	if err != nil {
		return nil, err
	}
	sync := "FULL"
	if !strict {
		sync = "NORMAL"
	}
	db, err := sql.Open("sqlite3", filepath.Join(dir, "queue.db")+"?_journal=WAL&_timeout=5000&_synchronous="+sync)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	// The schema comes with the module, as a file.
	module, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "maragu.dev/goqite").Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	schema, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(module)), "schema_sqlite.sql"))
	if err != nil {
		return nil, err
	}
	if _, err := db.ExecContext(ctx, string(schema)); err != nil {
		return nil, err
	}
	return &goqiteSystem{db: db, dir: dir, queue: goqite.New(goqite.NewOpts{DB: db, Name: "bench", Timeout: time.Minute})}, nil
}

func (s *goqiteSystem) durability(ctx context.Context) (string, error) {
	var mode, sync string
	if err := s.db.QueryRowContext(ctx, "pragma journal_mode").Scan(&mode); err != nil {
		return "", err
	}
	if err := s.db.QueryRowContext(ctx, "pragma synchronous").Scan(&sync); err != nil {
		return "", err
	}
	return fmt.Sprintf("SQLite, journal_mode %s, synchronous %s (2 is FULL, 1 NORMAL); it keeps no results", mode, sync), nil
}

func (s *goqiteSystem) push(ctx context.Context) error {
	body, err := json.Marshal(sample)
	if err != nil {
		return err
	}
	return s.queue.Send(ctx, goqite.Message{Body: body})
}

func (s *goqiteSystem) pushMany(context.Context, int) error { return errUnsupported }

func (s *goqiteSystem) work(ctx context.Context, workers int) (func(), error) {
	ctx, cancel := context.WithCancel(ctx)
	var working sync.WaitGroup
	for range workers {
		working.Go(func() {
			for ctx.Err() == nil {
				m, err := s.queue.ReceiveAndWait(ctx, time.Millisecond)
				if err != nil || m == nil {
					continue
				}
				var p payload
				if json.Unmarshal(m.Body, &p) == nil {
					_ = s.queue.Delete(ctx, m.ID)
				}
			}
		})
	}
	return func() {
		cancel()
		working.Wait()
	}, nil
}

func (s *goqiteSystem) left(ctx context.Context) (n int, err error) {
	err = s.db.QueryRowContext(ctx, "select count(*) from goqite where queue = 'bench'").Scan(&n)
	return n, err
}

func (s *goqiteSystem) roundTrip(context.Context) error { return errUnsupported }

func (s *goqiteSystem) server() int { return os.Getpid() }

func (s *goqiteSystem) holder(ctx context.Context) ([]string, error) {
	q := goqite.New(goqite.NewOpts{DB: s.db, Name: "hold"})
	return []string{"goqite", s.dir}, q.Send(ctx, goqite.Message{Body: []byte("x")})
}

func holdGoqite(ctx context.Context, dir string, took func()) error {
	db, err := sql.Open("sqlite3", filepath.Join(dir, "queue.db")+"?_journal=WAL&_timeout=5000")
	if err != nil {
		return err
	}
	q := goqite.New(goqite.NewOpts{DB: db, Name: "hold"})
	if _, err := q.ReceiveAndWait(ctx, 100*time.Millisecond); err != nil {
		return err
	}
	took()
	return nil
}

func (s *goqiteSystem) close() error {
	return errors.Join(s.db.Close(), os.RemoveAll(s.dir))
}
