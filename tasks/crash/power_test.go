package crash_test

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"testing"

	"github.com/remuda-go/remuda/tasks/internal/disk"
	"github.com/stretchr/testify/require"
)

// A shadow is what is on disk of a store: a copy of each file as it was when it was
// synced last.
type shadow struct {
	store, dir string
	mu         *sync.Mutex // keeps one sync from removing what another makes
}

func (o *order) shadow() shadow {
	return shadow{store: o.Dir, dir: o.Dir + ".synced", mu: new(sync.Mutex)}
}

// fsync takes the place of the system's, for the process of an order. It is called
// for several files at once, and the process may be killed in the middle.
func (s shadow) fsync(f *os.File) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	name, err := filepath.Rel(s.store, f.Name())
	if err != nil {
		return err
	}
	copied := filepath.Join(s.dir, name)
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return s.copyFile(f.Name(), copied)
	}
	if err := os.MkdirAll(copied, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(copied)
	if err != nil {
		return err
	}
	for _, e := range entries { // what was removed
		if _, err := os.Lstat(filepath.Join(f.Name(), e.Name())); errors.Is(err, fs.ErrNotExist) {
			if err := os.RemoveAll(filepath.Join(copied, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s shadow) copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if errors.Is(err, fs.ErrNotExist) { // replaced meanwhile: its directory was touched
		return nil
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	next, err := os.CreateTemp(filepath.Dir(s.store), "copy")
	if err != nil {
		return err
	}
	_, err = next.Write(content)
	return errors.Join(err, next.Close(), os.Rename(next.Name(), to))
}

// powerFails leaves of the store what was synced, and by chance of what was written
// since: of nothing, or of some files and not of others.
func (w *world) powerFails() {
	s := w.o.shadow()
	require.NoError(w.t, os.MkdirAll(s.dir, 0o755)) // if nothing was
	names := map[string]bool{}
	for _, root := range []string{s.store, s.dir} {
		err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			name, err := filepath.Rel(root, path)
			names[name] = true
			return err
		})
		require.NoError(w.t, err)
	}
	left := w.o.Dir + ".left"
	require.NoError(w.t, os.MkdirAll(left, 0o755))
	written := rand.IntN(3) // nothing, some, most
	for name := range names {
		from := s.dir
		if rand.IntN(3) < written {
			from = s.store
		}
		require.NoError(w.t, s.copyFile(filepath.Join(from, name), filepath.Join(left, name)))
	}
	journal, err := os.ReadFile(filepath.Join(left, "journal"))
	if err == nil { // it tells which boot it is of
		journal = regexp.MustCompile(`(?m)^boot .*$`).ReplaceAll(journal, []byte("boot before"))
		require.NoError(w.t, os.WriteFile(filepath.Join(left, "journal"), journal, 0o600))
	}
	require.NoError(w.t, os.RemoveAll(s.store))
	require.NoError(w.t, os.Rename(left, s.store))
	require.NoError(w.t, os.RemoveAll(s.dir))
	require.NoError(w.t, os.CopyFS(s.dir, os.DirFS(s.store))) // what the system has read is on disk
}

// The promise where the power fails: what was confirmed is on disk.
func TestPowerFailures(t *testing.T) {
	if !disk.Ordered(t.TempDir()) {
		t.Skip("on this file system the server syncs each write by itself")
	}
	const each = 100 // each sync copies a file, which is to stay small
	hits := make(map[string]int)
	for first, left := 0, kills()/3; left > 0; first, left = first+each, left-each {
		t.Run(strconv.Itoa(first), func(t *testing.T) { killPoints(t, order{Power: true}, first, min(left, each), hits) })
	}
	histogram(t, hits, kills()/3)
}
