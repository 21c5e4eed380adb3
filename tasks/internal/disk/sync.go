package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"
)

// sync syncs every file and directory that was touched since it was synced last. It
// relies on no knowledge of which these may be: a look at all of them costs about two
// microseconds each. Most often, only one was touched, and it is the same as last time:
// it is synced during the look.
func (d *Disk) sync(p *part) error {
	var now *tree
	var touched []found
	early, err := d.syncLast(p, func() (err error) {
		now, touched, err = p.look(d.top)
		return err
	})
	if err == nil {
		err = d.syncEach(p.rest(touched, early))
	}
	if err != nil {
		return fmt.Errorf("remuda: sync the store; close it and open it again: %w", err)
	}
	p.seen = now
	return nil
}

// syncLast calls look, and meanwhile syncs the last file, if it was touched. It returns
// what that was like before it was synced, or nil.
func (d *Disk) syncLast(p *part, look func() error) (fs.FileInfo, error) {
	if p.last.info == nil {
		return nil, look()
	}
	f, err := os.Open(p.last.path)
	if err != nil { // if that matters, look finds the same
		return nil, look()
	}
	info, err := f.Stat()
	if err != nil || same(info, p.last.info) {
		return nil, errors.Join(look(), err, f.Close())
	}
	var looking errgroup.Group
	looking.Go(look)
	err = d.fsync(f)
	return info, errors.Join(looking.Wait(), err, f.Close())
}

// look returns what the part looks like now, and what in it was touched.
func (p *part) look(top string) (now *tree, touched []found, err error) {
	info, err := os.Lstat(p.path)
	if err != nil {
		return nil, nil, err
	}
	now, err = look(p.path, info, p.seen, func(f found) { touched = append(touched, f) })
	if p.seen == nil { // its own name may be new, and the names of those above it
		for dir := p.path; dir != top; {
			dir = filepath.Dir(dir)
			touched = append(touched, found{path: dir})
		}
	}
	return now, touched, err
}

// rest returns what of touched is left to be synced, where early is what the last file was
// like before it was synced, or nil. It sets the last file anew.
func (p *part) rest(touched []found, early fs.FileInfo) []string {
	var paths []string
	was, stays := p.last, false
	for _, t := range touched {
		if t.file == nil {
			paths = append(paths, t.path)
			continue
		}
		isLast := t.path == was.path
		if isLast && early != nil && os.SameFile(early, t.file.info) {
			t.file.info = early // what was written since is for the next round
		} else {
			paths = append(paths, t.path)
		}
		if stays = stays || isLast; isLast || !stays {
			p.last = *t.file
		}
	}
	return paths
}

func (d *Disk) syncEach(paths []string) error {
	if len(paths) == 1 {
		return d.syncFile(paths[0])
	}
	var syncing errgroup.Group // in parallel they share the commits of the file system's journal
	for _, path := range paths {
		syncing.Go(func() error { return d.syncFile(path) })
	}
	return syncing.Wait()
}

func (d *Disk) syncFile(path string) error {
	f, err := os.Open(path) //nolint:gosec // it was found in the directory
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(d.fsync(f), f.Close())
}

func (d *Disk) fsync(f *os.File) error {
	if d.Fsync != nil {
		return d.Fsync(f)
	}
	return f.Sync()
}
