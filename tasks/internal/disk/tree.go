package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// A tree is what a directory and those below it look like.
type tree struct {
	info    fs.FileInfo
	fresh   bool // names may have changed since without a trace in info
	entries []entry
}

// An entry is a name in a directory.
type entry struct {
	name, path string
	info       fs.FileInfo // nil if it had vanished
	below      *tree       // of a directory
}

// A found is a file or directory that was touched.
type found struct {
	path string
	file *entry // nil for a directory
}

// tick is more than the granularity of a file's times: a change of a directory that
// comes so soon after the one before may leave no trace.
const tick = time.Second

// look returns what the directory, of which info was read just now, looks like, and calls
// touched for each file and directory that is not as it was in old, which may be nil. What
// vanishes meanwhile was removed or renamed, which has touched its directory.
func look(path string, info fs.FileInfo, old *tree, touched func(found)) (*tree, error) {
	if old == nil {
		old = &tree{fresh: true}
	}
	now := &tree{info: info}
	changed := old.info == nil || !same(old.info, info)
	before := old.entries // in the same order, unless the names are read again
	if changed || old.fresh {
		names, err := now.read(path)
		if err != nil {
			return nil, err
		}
		before = old.named(path, names)
	}
	now.entries = make([]entry, len(before))
	for i, was := range before {
		e := &now.entries[i]
		if err := e.look(was, touched); err != nil {
			return nil, err
		}
		if e.info != nil && (was.info == nil || !os.SameFile(was.info, e.info)) {
			changed = true
		}
	}
	if changed {
		touched(found{path: path})
	}
	return now, nil
}

// look makes of e what was looks like now.
func (e *entry) look(was entry, touched func(found)) error {
	e.name, e.path = was.name, was.path
	info, err := os.Lstat(e.path)
	if err == nil && info.IsDir() {
		e.below, err = look(e.path, info, was.below, touched)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	e.info = info
	if !info.IsDir() && (was.info == nil || !same(was.info, info)) {
		touched(found{e.path, e})
	}
	return nil
}

// read returns the names in the directory.
func (t *tree) read(path string) ([]string, error) {
	dir, err := os.Open(path) //nolint:gosec // it is below the directory
	if err != nil {
		return nil, err
	}
	names, err := dir.Readdirnames(-1)
	t.fresh = time.Since(t.info.ModTime()) < tick
	return names, errors.Join(err, dir.Close())
}

// named returns an entry for each name: the one of the tree, if it has one.
func (t *tree) named(path string, names []string) []entry {
	had := make(map[string]entry, len(t.entries))
	for _, e := range t.entries {
		had[e.name] = e
	}
	entries := make([]entry, len(names))
	for i, name := range names {
		e, ok := had[name]
		if !ok {
			e = entry{name: name, path: filepath.Join(path, name)}
		}
		entries[i] = e
	}
	return entries
}

// same: nothing was appended to a file, and it was not replaced. Nobody writes in the
// middle of a file. A directory has the time of the last change of its names.
func same(a, b fs.FileInfo) bool {
	return a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && os.SameFile(a, b)
}
