package embedded_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/embedded"
	"github.com/remuda-go/remuda/tasks/internal/disk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTheDirectoryIsLocked(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "by", "open")
	c, err := embedded.Open(t.Context(), dir)
	require.NoError(t, err)
	_, err = embedded.Open(t.Context(), dir)
	require.ErrorIs(t, err, tasks.ErrLocked)
	require.ErrorContains(t, err, dir)
	require.NoError(t, c.Close())
	require.NoError(t, c.Close(), "a second Close does nothing")
	c, err = embedded.Open(t.Context(), dir)
	require.NoError(t, err)
	require.NoError(t, c.Close())
}

func TestWithoutADirectoryNothingIsLeft(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	c, err := embedded.Open(t.Context(), "")
	require.NoError(t, err)
	left := func() int {
		entries, err := os.ReadDir(os.TempDir())
		require.NoError(t, err)
		return len(entries)
	}
	assert.Equal(t, 1, left())
	require.NoError(t, c.Close())
	assert.Zero(t, left())
}

func TestAnAddressThatCanNotBeListenedAtIsAnError(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	for _, addr := range []string{"nonsense", "127.0.0.1:99999", taken.Addr().String()} {
		dir := t.TempDir()
		_, err := embedded.Open(t.Context(), dir, embedded.Listen(addr))
		require.ErrorContains(t, err, "listen", addr)
		c, err := embedded.Open(t.Context(), dir) // nothing is locked
		require.NoError(t, err)
		require.NoError(t, c.Close())
	}
}

// What a process held whose store nobody else could reach runs again at once; where
// others may hold leases, these stand.
func TestLeasesOfTheProcessBefore(t *testing.T) {
	kind := tasks.Define[int, int]("lease", tasks.Lease(2*time.Second))
	for _, shared := range []bool{false, true} {
		dir := t.TempDir()
		var opts []embedded.Option
		if shared {
			opts = append(opts, embedded.Listen("127.0.0.1:0"))
		}
		c, err := embedded.Open(t.Context(), dir, opts...)
		require.NoError(t, err)
		w := tasks.NewWorker(c)
		begun, end := make(chan int, 1), make(chan struct{})
		_, err = kind.Handle(w, remuda.Func(func(_ context.Context, n int) (int, error) {
			begun <- n
			<-end // it does not honour its context, as if the process were killed
			return n, nil
		}), remuda.Config{})
		require.NoError(t, err)
		ended := make(chan error, 1)
		go func() { ended <- w.Run(context.Background()) }()
		id, err := kind.Push(t.Context(), c, 1)
		require.NoError(t, err)
		<-begun
		taken := time.Now()
		require.NoError(t, c.Close())

		c, err = embedded.Open(t.Context(), dir)
		require.NoError(t, err)
		next := tasks.NewWorker(c)
		again := make(chan time.Time, 1)
		_, err = kind.Handle(next, remuda.Func(func(_ context.Context, n int) (int, error) {
			again <- time.Now()
			return n, nil
		}), remuda.Config{})
		require.NoError(t, err)
		go func() { _ = next.Run(context.Background()) }()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		_, err = kind.Wait(ctx, c, id)
		require.NoError(t, err)
		if shared {
			assert.Greater(t, (<-again).Sub(taken), time.Second)
		}
		require.NoError(t, next.Close(ctx))
		require.NoError(t, c.Close())
		close(end)
		_ = w.Close(ctx)
		<-ended
		cancel()
	}
}

// Who connects to a store with a token has to know it; off the loopback interface there
// has to be one.
func TestAStoreThatAsksForAToken(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	for _, addr := range []string{"0.0.0.0:0", ":0", "example.test:4222"} {
		_, err := embedded.Open(t.Context(), "", embedded.Listen(addr))
		require.ErrorContains(t, err, "TokenFile", addr)
	}
	_, err := embedded.Open(t.Context(), "", embedded.Listen("127.0.0.1:0"), embedded.TokenFile(file))
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.WriteFile(file, []byte(" \n"), 0o600))
	_, err = embedded.Open(t.Context(), "", embedded.Listen("127.0.0.1:0"), embedded.TokenFile(file))
	require.ErrorContains(t, err, "is empty")

	free, err := net.Listen("tcp", "0.0.0.0:0")
	require.NoError(t, err)
	require.NoError(t, free.Close())
	require.NoError(t, os.WriteFile(file, []byte("sesame\n"), 0o600))
	c, err := embedded.Open(t.Context(), "", embedded.Listen(free.Addr().String()), embedded.TokenFile(file))
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close()) }()
	kind := tasks.Define[int, int]("token")
	_, err = kind.Push(t.Context(), c, 1)
	require.NoError(t, err)

	_, port, err := net.SplitHostPort(free.Addr().String())
	require.NoError(t, err)
	url := "nats://127.0.0.1:" + port
	for _, opts := range [][]tasks.Option{nil, {tasks.Token("simsim")}} {
		_, err = tasks.Connect(t.Context(), url, opts...)
		require.ErrorContains(t, err, "Authorization")
	}
	other, err := tasks.Connect(t.Context(), url, tasks.Token("sesame"))
	require.NoError(t, err)
	_, err = kind.Push(t.Context(), other, 2)
	require.NoError(t, err)
	require.NoError(t, other.Close())
}

// A store tells how durable it is, as its server has it.
func TestDurability(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, row := range []struct {
		dir  string
		opts []embedded.Option
		want string
	}{
		{"", nil, "temporary"},
		{filepath.Join(dir, "relaxed"), []embedded.Option{embedded.RelaxedSync()}, "relaxed: written before it is confirmed, and synced each 1s"},
		{filepath.Join(dir, "shared"), []embedded.Option{embedded.Listen("127.0.0.1:0")}, "sync_interval always"},
		{filepath.Join(dir, "own"), nil, map[bool]string{true: "group commit", false: "sync_interval always"}[disk.Ordered(dir)]},
	} {
		c, err := embedded.Open(t.Context(), row.dir, row.opts...)
		require.NoError(t, err)
		assert.Contains(t, c.Durability(), row.want)
		require.NoError(t, c.Close())
	}
}

// Close returns the error of the last sync.
func TestCloseTellsOfAStoreThatIsGone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "store")
	require.NoError(t, os.MkdirAll(dir, 0o700))
	if !disk.Ordered(dir) {
		t.Skip("on this file system the server syncs each write by itself")
	}
	c, err := embedded.Open(t.Context(), dir)
	require.NoError(t, err)
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "jetstream")))
	require.ErrorContains(t, c.Close(), "remuda: sync the store")
}
