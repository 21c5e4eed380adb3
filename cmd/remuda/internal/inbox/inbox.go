// Package inbox makes tasks of the files of a directory.
package inbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/remuda-go/remuda/tasks"
)

// claimed is where files are between the inbox and done. Their names begin with the
// names of their tasks, so that one that is pushed again, after the process was
// killed, is the same task.
const claimed = ".claimed"

// rescan is how often the directory is read without being told to: a file system
// may tell nothing.
const rescan = 10 * time.Second

// An Inbox is a directory.
type Inbox struct {
	Path, Done, Failed string
	Settle             time.Duration // how long a file must not have changed
	Push               func(ctx context.Context, name string, payload []byte) error
	Log                *slog.Logger

	ready map[string]stamp // files that have to settle
}

// A stamp is what changes when a file does.
type stamp struct {
	size  int64
	mod   time.Time
	since time.Time
}

// Prepare makes the directories.
func (b *Inbox) Prepare() error {
	b.ready = make(map[string]stamp)
	for _, dir := range []string{b.Path, b.claims(), b.Done, b.Failed} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("inbox: %w", err)
		}
	}
	return nil
}

func (b *Inbox) claims() string { return filepath.Join(b.Path, claimed) }

// Run pushes files until ctx ends. Prepare comes before.
func (b *Inbox) Run(ctx context.Context) {
	events, errs, stop := b.watch()
	defer stop()
	tick := time.NewTimer(0)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-events:
			tick.Reset(0)
		case err := <-errs:
			b.Log.Warn("inbox: the file system's events", "path", b.Path, "error", err)
		case <-tick.C:
			tick.Reset(b.pass(ctx))
		}
	}
}

// watch returns what the file system tells; without it, rescan does.
func (b *Inbox) watch() (<-chan fsnotify.Event, <-chan error, func()) {
	w, err := fsnotify.NewWatcher()
	if err == nil {
		if err = w.Add(b.Path); err == nil {
			return w.Events, w.Errors, func() { _ = w.Close() }
		}
		_ = w.Close()
	}
	b.Log.Warn("inbox: the file system tells nothing; it is read every 10 seconds", "path", b.Path, "error", err)
	return nil, nil, func() {}
}

// pass takes what is there, and returns when to look again.
func (b *Inbox) pass(ctx context.Context) time.Duration {
	next := rescan
	if err := b.claim(&next); err != nil {
		b.Log.Error("inbox", "path", b.Path, "error", err)
	}
	entries, err := os.ReadDir(b.claims())
	if err != nil {
		b.Log.Error("inbox", "path", b.Path, "error", err)
		return next
	}
	for _, e := range entries {
		if ctx.Err() != nil {
			return next
		}
		if err := b.store(ctx, e.Name()); err != nil {
			b.Log.Error("inbox: the file stays, and is tried again", "path", b.Path, "file", e.Name(), "error", err)
			next = min(next, time.Second)
		}
	}
	return next
}

// claim moves files that have settled out of reach of whoever writes into the inbox.
func (b *Inbox) claim(next *time.Duration) error {
	entries, err := os.ReadDir(b.Path)
	if err != nil {
		return err
	}
	seen := make(map[string]stamp, len(b.ready))
	now := time.Now()
	for _, e := range entries {
		name := e.Name()
		if !e.Type().IsRegular() || skipped(name) {
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue // it has gone
		}
		s := stamp{info.Size(), info.ModTime(), now}
		if old, ok := b.ready[name]; ok && old.size == s.size && old.mod.Equal(s.mod) {
			s.since = old.since
		}
		if wait := b.Settle - now.Sub(s.since); wait > 0 {
			seen[name], *next = s, min(*next, wait)
			continue
		}
		err = os.Rename(filepath.Join(b.Path, name), filepath.Join(b.claims(), rand.Text()+"."+name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // another process may have taken it
			return err
		}
	}
	b.ready = seen
	return nil
}

// skipped: files that are not finished have such names.
func skipped(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".tmp") || strings.HasSuffix(name, ".part")
}

// store pushes a claimed file, and moves it to done.
func (b *Inbox) store(ctx context.Context, claim string) error {
	from := filepath.Join(b.claims(), claim)
	task, name, ok := strings.Cut(claim, ".")
	if !ok {
		return b.move(from, b.Failed, claim)
	}
	payload, err := os.ReadFile(from)
	switch {
	case errors.Is(err, fs.ErrNotExist): // another process was faster
		return nil
	case err != nil:
		return err
	}
	err = b.Push(ctx, task, payload)
	var duplicate *tasks.DuplicateError
	switch {
	case errors.Is(err, tasks.ErrTooLarge):
		b.Log.Error("inbox: the file can't be a task", "path", b.Path, "file", name, "error", err)
		return b.move(from, b.Failed, name)
	case err != nil && !errors.As(err, &duplicate): // a duplicate was stored before
		return err
	}
	b.Log.Info("inbox: stored", "path", b.Path, "file", name, "task", task)
	return b.move(from, b.Done, name)
}

// move gives the file a name that is free.
func (b *Inbox) move(from, dir, name string) error {
	to := filepath.Join(dir, name)
	for i := 1; ; i++ {
		if _, err := os.Lstat(to); errors.Is(err, fs.ErrNotExist) {
			break
		}
		ext := filepath.Ext(name)
		to = filepath.Join(dir, fmt.Sprintf("%s-%d%s", strings.TrimSuffix(name, ext), i, ext))
	}
	if err := os.Rename(from, to); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
