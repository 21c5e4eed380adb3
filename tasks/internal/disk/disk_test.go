package disk_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"sync"
	"testing"
	"time"

	"github.com/remuda-go/remuda/tasks/internal/disk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A rig is a Disk whose syncs are recorded and, while gate is not nil, wait for it.
type rig struct {
	*disk.Disk
	t    *testing.T
	root string

	mu     sync.Mutex
	synced []string
	gate   chan struct{}
	begun  chan struct{}
	err    error
}

func newRig(t *testing.T) *rig {
	top := t.TempDir()
	r := &rig{t: t, root: filepath.Join(top, "streams"), begun: make(chan struct{}, 10_000)}
	require.NoError(t, os.MkdirAll(filepath.Join(r.root, "a", "msgs"), 0o700))
	r.Disk = disk.New(top, r.root)
	r.Fsync = func(f *os.File) error {
		r.mu.Lock()
		name, err := filepath.Rel(top, f.Name())
		require.NoError(t, err)
		r.synced = append(r.synced, name)
		gate, failed := r.gate, r.err
		r.mu.Unlock()
		r.begun <- struct{}{}
		if gate != nil {
			<-gate
		}
		return failed
	}
	t.Cleanup(r.Close)
	return r
}

func (r *rig) write(name, text string) {
	f, err := os.OpenFile(filepath.Join(r.root, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(r.t, err)
	_, err = f.WriteString(text)
	require.NoError(r.t, err)
	require.NoError(r.t, f.Close())
}

// sync returns what was synced.
func (r *rig) sync() []string {
	require.NoError(r.t, r.Sync(context.Background(), "a"))
	r.mu.Lock()
	defer r.mu.Unlock()
	got := r.synced
	r.synced = nil
	sort.Strings(got)
	return got
}

// What was touched since the last sync is synced, and nothing else; so are the names of
// what is new or was replaced, however soon after the last change.
func TestWhatWasTouchedIsSynced(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("a/msgs/1.blk", "x")
	r.write("a/meta", "x")
	all := []string{".", "streams", "streams/a", "streams/a/meta", "streams/a/msgs", "streams/a/msgs/1.blk"}
	assert.Equal(t, all, r.sync())
	assert.Empty(t, r.sync())

	r.write("a/msgs/1.blk", "y")
	assert.Equal(t, []string{"streams/a/msgs/1.blk"}, r.sync())

	r.write("a/msgs/2.blk", "y")
	r.write("a/meta", "y")
	assert.Equal(t, []string{"streams/a/meta", "streams/a/msgs", "streams/a/msgs/2.blk"}, r.sync())

	r.write("a/msgs/1.tmp", "xy") // as long as what it replaces
	require.NoError(t, os.Rename(filepath.Join(r.root, "a/msgs/1.tmp"), filepath.Join(r.root, "a/msgs/1.blk")))
	assert.Equal(t, []string{"streams/a/msgs", "streams/a/msgs/1.blk"}, r.sync())

	require.NoError(t, os.MkdirAll(filepath.Join(r.root, "a/obs/worker"), 0o700))
	r.write("a/obs/worker/o.dat", "x")
	assert.Equal(t, []string{"streams/a", "streams/a/obs", "streams/a/obs/worker", "streams/a/obs/worker/o.dat"}, r.sync())

	time.Sleep(1100 * time.Millisecond) // the names are trusted from now on
	assert.Empty(t, r.sync())
	assert.Empty(t, r.sync())
	r.write("a/obs/worker/o.dat", "x")
	r.write("a/msgs/3.blk", "x")
	assert.Equal(t, []string{"streams/a/msgs", "streams/a/msgs/3.blk", "streams/a/obs/worker/o.dat"}, r.sync())
	require.NoError(t, os.Remove(filepath.Join(r.root, "a/msgs/3.blk")))
	assert.Equal(t, []string{"streams/a/msgs"}, r.sync())
}

// What is written to a file while it is synced is synced the next time, also if the file
// was replaced meanwhile.
func TestWhatIsWrittenDuringASync(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("a/msgs/1.blk", "x")
	r.sync()
	record := r.Fsync
	for i := range 200 {
		replace := i%2 == 1
		var once sync.Once
		meanwhile := func() {
			if replace {
				r.write("a/msgs/1.tmp", "new")
				assert.NoError(t, os.Rename(filepath.Join(r.root, "a/msgs/1.tmp"), filepath.Join(r.root, "a/msgs/1.blk")))
			} else {
				r.write("a/msgs/1.blk", "y")
			}
		}
		r.Fsync = func(f *os.File) error {
			once.Do(meanwhile)
			return record(f)
		}
		r.write("a/msgs/1.blk", "x")
		first := r.sync()
		assert.Contains(t, first, "streams/a/msgs/1.blk")
		second := r.sync()
		if !replace {
			assert.Equal(t, []string{"streams/a/msgs/1.blk"}, second)
			continue
		}
		all := append(first, second...) // the look may have come before or after
		assert.Contains(t, all, "streams/a/msgs")
		files := slices.DeleteFunc(all, func(name string) bool { return name != "streams/a/msgs/1.blk" })
		assert.Len(t, files, 2)
	}
}

// Calls that come while a sync is under way share the next one.
func TestCallsShareASync(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.sync()
	for len(r.begun) > 0 {
		<-r.begun
	}
	r.gate = make(chan struct{})
	r.write("a/msgs/1.blk", "x") // and its directory
	var calls sync.WaitGroup
	calls.Go(func() { assert.NoError(t, r.Sync(t.Context(), "a")) })
	<-r.begun
	<-r.begun
	r.write("a/msgs/1.blk", "y")
	for range 16 {
		calls.Go(func() { assert.NoError(t, r.Sync(t.Context(), "a")) })
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, r.Sync(ended, "a"), context.Canceled)
	time.Sleep(50 * time.Millisecond) // until they wait
	close(r.gate)
	calls.Wait()
	assert.Len(t, r.synced, 3, "%v", r.synced)
}

// A disk that has failed once is not trusted again.
func TestAnErrorStays(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.sync()
	r.err = errors.New("input/output error")
	r.write("a/msgs/1.blk", "x")
	require.ErrorIs(t, r.Sync(t.Context(), "a"), r.err)
	failed := r.err
	r.mu.Lock()
	r.err = nil
	r.mu.Unlock()
	require.ErrorIs(t, r.Sync(t.Context(), "a"), failed)
	require.ErrorIs(t, r.SyncAll(t.Context()), failed)
	require.Error(t, r.Sync(t.Context(), "nowhere"))
}
