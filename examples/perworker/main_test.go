package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRun(t *testing.T) {
	const files, workers = 100, 3
	dir := t.TempDir()
	args := []string{"-workers", strconv.Itoa(workers)}
	for i := range files {
		path := filepath.Join(dir, fmt.Sprintf("f%03d", i))
		require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("x", 1000*i)), 0o600))
		args = append(args, path)
	}
	var out, errs bytes.Buffer
	require.NoError(t, run(t.Context(), args, &out, &errs))

	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, files)
	for i, line := range lines {
		var plain, compressed int
		var path string
		_, err := fmt.Sscan(line, &plain, &compressed, &path)
		require.NoError(t, err)
		assert.Equal(t, args[i+2], path, "in the order of the arguments")
		assert.Equal(t, 1000*i, plain)
		assert.Less(t, compressed, 40+plain/50, "the state of one file does not leak into the next")
	}
	m := regexp.MustCompile(`^100 files, (\d+) compressors\n$`).FindStringSubmatch(errs.String())
	require.NotNil(t, m, errs.String())
	n, _ := strconv.Atoi(m[1])
	assert.LessOrEqual(t, n, workers)
	assert.Positive(t, n)
}

func TestUnreadable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	var out, errs bytes.Buffer
	err := run(t.Context(), []string{"nowhere", path}, &out, &errs)
	require.ErrorContains(t, err, "some files could not be read")
	assert.Contains(t, errs.String(), "open nowhere: no such file")
	assert.Contains(t, out.String(), path, "all others are measured")
}
