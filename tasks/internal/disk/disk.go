// Package disk makes what was written to the files of a directory durable, for many
// callers with one sync: a group commit.
package disk

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sync/errgroup"
)

// A Disk is a directory of directories whose files somebody else writes. It is safe
// for concurrent use. Close it when nobody calls Sync any more.
type Disk struct {
	// Fsync makes one file or directory durable; nil is File.Sync. Tests set it,
	// before the first Sync.
	Fsync func(*os.File) error

	top     string // root or above it
	root    string
	working sync.WaitGroup

	mu    sync.Mutex // guards what follows, and of each part what it says; never held while syncing
	parts map[string]*part
}

// A part is one of the directories: parts are synced apart from each other.
type part struct {
	path string

	busy bool   // a round is under way; guarded by Disk.mu
	next *round // those that came since it began; nil if nobody did; guarded by Disk.mu

	// Whoever works has these.
	seen   *tree // as it was when it was synced; nil before that
	last   entry // the file that is most likely touched next; its info is that of seen
	failed error // the first error: afterwards it is never known what is on disk
}

// A round is a sync and those who wait for it.
type round struct {
	done chan struct{}
	err  error // once done is closed
}

// New returns a Disk for the directories in root, which is top or below it. Of what is
// above top, Sync takes for granted that it is on disk.
func New(top, root string) *Disk { return &Disk{top: top, root: root, parts: make(map[string]*part)} }

// Sync returns nil when everything that had been written to the files of the named
// directory before the call is on disk. Calls that come while a sync is under way share
// the next one; a call that comes alone does not wait for others. After an error of the
// disk, Sync returns that error forever, since the kernel may have dropped what it
// could not write.
func (d *Disk) Sync(ctx context.Context, name string) error {
	r := d.join(name)
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// SyncAll is Sync for every directory that is there.
func (d *Disk) SyncAll(ctx context.Context) error {
	entries, err := os.ReadDir(d.root)
	if err != nil {
		return fmt.Errorf("remuda: sync the store: %w", err)
	}
	var all errgroup.Group
	for _, e := range entries {
		all.Go(func() error { return d.Sync(ctx, e.Name()) })
	}
	return all.Wait()
}

// Close waits for syncs that are under way.
func (d *Disk) Close() { d.working.Wait() }

// join returns the next round of a directory, and sees to it that there is one.
func (d *Disk) join(name string) *round {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.parts[name]
	if p == nil {
		p = &part{path: filepath.Join(d.root, name)}
		d.parts[name] = p
	}
	if p.next == nil {
		p.next = &round{done: make(chan struct{})}
		if !p.busy {
			p.busy = true
			d.working.Go(func() { d.work(p) })
		}
	}
	return p.next
}

// work syncs a directory as long as somebody waits for it.
func (d *Disk) work(p *part) {
	for {
		d.mu.Lock()
		r := p.next
		p.next = nil
		p.busy = r != nil
		d.mu.Unlock()
		if r == nil {
			return
		}
		if p.failed == nil {
			p.failed = d.sync(p)
		}
		r.err = p.failed
		close(r.done)
	}
}
