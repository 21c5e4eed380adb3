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
	info  fs.FileInfo
	names []string // of what is in it
	fresh bool     // names may have changed since without a trace in info
	files map[string]fs.FileInfo
	below map[string]*tree
}

// tick is more than the granularity of a file's times: a change of a directory that
// comes so soon after the one before may leave no trace.
const tick = time.Second

// look returns what the directory looks like now, and calls touched for each file and
// directory that is not as it was in old, which may be nil. What vanishes meanwhile was
// removed or renamed, which has touched its directory.
func look(path string, old *tree, touched func(string)) (*tree, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if old == nil {
		old = &tree{fresh: true}
	}
	now := &tree{info: info, names: old.names, files: make(map[string]fs.FileInfo), below: make(map[string]*tree)}
	changed := old.info == nil || !same(old.info, info)
	if changed || old.fresh {
		if err := now.read(path); err != nil {
			return nil, err
		}
	}
	for _, name := range now.names {
		file := filepath.Join(path, name)
		info, err := os.Lstat(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return nil, err
		case info.IsDir():
			below, err := look(file, old.below[name], touched)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
			now.below[name] = below
			changed = changed || old.below[name] == nil
		default:
			before := old.files[name]
			if now.files[name] = info; before == nil || !same(before, info) {
				touched(file)
			}
			changed = changed || before == nil || !os.SameFile(before, info)
		}
	}
	if changed {
		touched(path)
	}
	return now, nil
}

// read reads the names in the directory.
func (t *tree) read(path string) error {
	dir, err := os.Open(path) //nolint:gosec // it is below the directory
	if err != nil {
		return err
	}
	t.names, err = dir.Readdirnames(-1)
	t.fresh = time.Since(t.info.ModTime()) < tick
	return errors.Join(err, dir.Close())
}

// same: nothing was appended to a file, and it was not replaced. Nobody writes in the
// middle of a file. A directory has the time of the last change of its names.
func same(a, b fs.FileInfo) bool {
	return a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && os.SameFile(a, b)
}
