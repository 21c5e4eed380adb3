// Package embedded opens a store of tasks in a directory: the server runs in this
// process, without a socket unless Listen says so.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/internal/disk"
	"github.com/remuda-go/remuda/tasks/internal/setup"
)

// startTime bounds the start of the server, which has to read what it stored.
const startTime = 5 * time.Minute

// Open starts a server on the directory, which it makes if it does not exist, and
// returns a client of it. If dir is empty, everything is kept in a temporary
// directory that Close removes, for tests.
//
// What is confirmed is on disk, unless RelaxedSync says otherwise: a task when Push
// returns, and its outcome before its message is removed. On Linux and ext4, tasks
// that arrive together share a sync, unless Listen is used. Tasks that the store's
// previous process was running run again immediately: the lock on the directory
// proves that it is gone. If another process has it open, Open returns
// [tasks.ErrLocked].
//
// The client's Close ends the server. Close workers first.
func Open(ctx context.Context, dir string, opts ...Option) (*tasks.Client, error) {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	s := &store{dir: dir}
	if err := s.open(o); err != nil {
		return nil, errors.Join(err, s.close())
	}
	if err := s.connect(); err != nil {
		return nil, errors.Join(err, s.close())
	}
	ours := func(c *setup.Options) {
		c.Conn, c.Journal, c.Disk, c.OnClose = s.conn, s.journal, s.disk, s.close
		if !s.shared {
			c.OnOpen = func(ctx context.Context) error { return s.voidLeases(ctx, c.Fault) }
		}
		c.Lazy, c.Durable = !s.syncs, s.durability()
		most := o.pushable(s.server.JetStreamConfig().MaxStore)
		c.Full = func() bool { return int64(s.server.GlobalAccount().JetStreamUsage().Store) >= most }
	}
	return tasks.Connect(ctx, "", append([]tasks.Option{ours}, o.client...)...)
}

// A store is an open directory.
type store struct {
	dir     string
	temp    bool
	lock    *flock.Flock
	server  *server.Server
	conn    *nats.Conn
	journal *journal
	disk    *disk.Disk // nil if the server syncs what it writes
	shared  bool       // other processes may hold leases
	token   string     // what the server asks for; empty if it asks for none
	syncs   bool       // the server syncs each write before it answers
}

func (s *store) open(o options) error {
	if s.dir == "" {
		dir, err := os.MkdirTemp("", "remuda-")
		if err != nil {
			return fmt.Errorf("remuda: %w", err)
		}
		s.dir, s.temp = dir, true
	}
	if err := makeDir(s.dir); err != nil {
		return fmt.Errorf("remuda: store: %w", err)
	}
	// The server does not lock its directory.
	s.lock = flock.New(filepath.Join(s.dir, "lock"))
	got, err := s.lock.TryLock()
	if err != nil {
		return fmt.Errorf("remuda: lock %s: %w", s.dir, err)
	}
	if !got {
		return fmt.Errorf("%w: %s", tasks.ErrLocked, s.dir)
	}
	if s.journal, err = openJournal(filepath.Join(s.dir, "journal"), o.listen != ""); err != nil {
		return err
	}
	s.shared = s.journal.wasShared || o.listen != ""
	if s.journal.powerCut {
		if err := removeDerived(s.streams()); err != nil {
			return err
		}
	}
	if o.grouped(s.dir, s.temp) {
		s.disk = disk.New(s.dir, s.streams())
	}
	opts, err := o.server(s.dir, s.temp)
	if err != nil {
		return err
	}
	s.token, s.syncs = opts.Authorization, opts.SyncAlways
	if s.server, err = server.NewServer(opts); err != nil {
		return fmt.Errorf("remuda: server: %w", err)
	}
	s.server.Start()
	if !s.server.ReadyForConnections(startTime) {
		return fmt.Errorf("remuda: the server of %s does not start", s.dir)
	}
	return nil
}

// durability is what the server's settings mean for what is confirmed.
func (s *store) durability() string {
	cfg := s.server.JetStreamConfig()
	switch {
	case s.temp:
		return "in a temporary directory: nothing outlives the process"
	case cfg.SyncAlways:
		return "sync_interval always: each write is synced before it is confirmed"
	case s.disk != nil:
		return fmt.Sprintf("group commit: what is written is synced before it is confirmed (and by the server each %v)", cfg.SyncInterval)
	}
	return fmt.Sprintf("relaxed: written before it is confirmed, and synced each %v", cfg.SyncInterval)
}

// streams is where the server has a directory for each stream.
func (s *store) streams() string {
	return filepath.Join(s.dir, server.JetStreamStoreDir, server.DEFAULT_GLOBAL_ACCOUNT, "streams")
}

// removeDerived removes what the server makes out of the messages for a faster start.
// When the power fails, it may be on disk where the messages that it tells of are not:
// the server has then been seen to list messages that it does not hand out. Without it,
// the server reads all messages.
func removeDerived(streams string) error {
	for _, pattern := range []string{"*/msgs/index.db", "*/msgs/sched.db", "*/msgs/thw.db", "*/obs/*/o.dat"} {
		files, err := fs.Glob(os.DirFS(streams), pattern)
		if err != nil {
			return fmt.Errorf("remuda: store: %w", err)
		}
		for _, file := range files {
			if err := os.Remove(filepath.Join(streams, file)); err != nil {
				return fmt.Errorf("remuda: store: %w", err)
			}
		}
	}
	return nil
}

// makeDir makes a directory and those above it. That they are there is on disk when it
// returns.
func makeDir(dir string) error {
	dir = filepath.Clean(dir)
	if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
		return err
	}
	above := filepath.Dir(dir)
	if err := makeDir(above); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !os.IsExist(err) {
		return err
	}
	f, err := os.Open(above) //nolint:gosec // the user names the directory
	if err != nil {
		return err
	}
	_ = f.Sync() // not every system can sync a directory
	return f.Close()
}

func (s *store) connect() error {
	conn, err := nats.Connect("", nats.InProcessServer(s.server), nats.Name("remuda"), nats.MaxReconnects(-1),
		nats.ReconnectWait(50*time.Millisecond), nats.Token(s.token),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})) // the default one prints
	if err != nil {
		return fmt.Errorf("remuda: connect: %w", err)
	}
	s.conn = conn
	return nil
}

// close ends the server and gives back the directory. The client has closed the
// connection.
func (s *store) close() error {
	if s.server != nil {
		s.server.Shutdown()
		s.server.WaitForShutdown()
	}
	var err error
	if s.disk != nil && s.server != nil {
		if err = s.disk.SyncAll(context.Background()); err == nil {
			err = s.journal.synced()
		}
		s.disk.Close()
	}
	if s.journal != nil {
		err = errors.Join(err, s.journal.close())
	}
	if s.lock != nil {
		err = errors.Join(err, s.lock.Unlock())
	}
	if s.temp {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return err
}
