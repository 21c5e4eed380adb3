package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRun(t *testing.T) {
	var dirs []string
	want := ""
	total := 0
	for i := range 20 {
		dir := t.TempDir()
		for j := range i {
			path := filepath.Join(dir, fmt.Sprintf("d%d", j), "f")
			require.NoError(t, os.Mkdir(filepath.Dir(path), 0o700))
			require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("x", i)), 0o600))
		}
		require.NoError(t, os.Symlink("d0", filepath.Join(dir, "link")))
		dirs = append(dirs, dir)
		want += fmt.Sprintf("%12d  %s\n", i*i, dir)
		total += i * i
	}
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), dirs, &out, io.Discard))
	assert.Equal(t, want+fmt.Sprintf("%12d  in all\n", total), out.String())
}

// One question that fails does not spoil the others, and its error is found.
func TestFailure(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "f"), []byte("hello"), 0o600))
	var out bytes.Buffer
	err := run(t.Context(), []string{"/nowhere", dir, "/nowhere-either"}, &out, io.Discard)
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.ErrorContains(t, err, "input 0: lstat /nowhere:")
	assert.ErrorContains(t, err, "input 2: lstat /nowhere-either:")
	assert.Contains(t, out.String(), "5  "+dir+"\n")
	assert.Contains(t, out.String(), "5  in all\n")
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, run(ctx, []string{"."}, io.Discard, io.Discard), context.Canceled)
}
