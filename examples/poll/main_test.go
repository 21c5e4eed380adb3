//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// buffer is a bytes.Buffer for several goroutines.
type buffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func names(t *testing.T, dir ...string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir...))
	require.NoError(t, err)
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestEveryFileIsCountedOnce(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		resize := make(chan os.Signal)
		var out, errs buffer
		ended := make(chan error, 1)
		go func() { ended <- run(ctx, []string{dir}, resize, &out, &errs) }()
		for range 3 {
			resize <- syscall.SIGUSR1
		}
		synctest.Wait() // all four workers rest now
		var want []string
		for i := range 100 {
			name := fmt.Sprintf("f%03d", i)
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(strings.Repeat("\n", i)), 0o600))
			want = append(want, fmt.Sprintf("%8d  %s\n", i, name))
		}
		time.Sleep(2 * time.Second)
		cancel()
		require.NoError(t, <-ended)

		lines := slices.Sorted(strings.Lines(out.String()))
		slices.Sort(want)
		assert.Equal(t, want, lines)
		assert.Empty(t, names(t, dir))
		assert.Empty(t, names(t, dir, "work"))
		assert.Len(t, names(t, dir, "done"), 100)
		assert.Regexp(t, `^poll: waiting for files in .*\npoll: workers: 2\npoll: workers: 3\npoll: workers: 4\n$`, errs.String())
	})
}

func TestSignals(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		resize := make(chan os.Signal)
		var errs buffer
		ended := make(chan error, 1)
		go func() { ended <- run(ctx, []string{dir}, resize, io.Discard, &errs) }()
		resize <- syscall.SIGUSR1
		resize <- syscall.SIGUSR2
		resize <- syscall.SIGUSR2
		synctest.Wait()
		assert.Regexp(t, `^poll: waiting .*\npoll: workers: 2\npoll: workers: 1\npoll: .*Less: fewer than Min 1.*\npoll: workers: 1\n$`, errs.String())
		cancel()
		require.NoError(t, <-ended)
	})
}

// What a worker has in hand when it is to end goes back into the spool.
func TestInterruptedFileIsPutBack(t *testing.T) {
	dir := t.TempDir()
	sp, err := openSpool(dir)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "f"), make([]byte, 1<<20), 0o600))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	require.NoError(t, work(ctx, sp, time.Second, &out))
	assert.Equal(t, []string{"f"}, names(t, dir))
	assert.Empty(t, out.String())
}

func TestSpoolThatVanishesEndsIt(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		go func() { ended <- run(t.Context(), []string{dir}, nil, io.Discard, io.Discard) }()
		synctest.Wait()
		require.NoError(t, os.RemoveAll(dir))
		require.ErrorIs(t, <-ended, os.ErrNotExist)
	})
}
