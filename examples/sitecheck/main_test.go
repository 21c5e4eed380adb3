package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLocalSites(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-pause", "1ms"}, &out, io.Discard))
	for _, want := range []string{
		`/fast/0, latency: \S+s, retries: 0`,
		`/fast/4, latency: \S+s, retries: 0`,
		`/slow, latency: \S+s, retries: 0`,
		`/flaky, latency: \S+s, retries: 2`,
		`/missing, failed: status 404 Not Found, retries: 0`,
		`/broken, failed: status 500 Internal Server Error, retries: 3`,
		`/cut, failed: .*EOF, retries: 3`,
	} {
		assert.Regexp(t, `(?m)^site: http://127\.0\.0\.1:\d+`+want+`$`, out.String())
	}
	assert.True(t, strings.HasSuffix(out.String(), "\n10 sites, 3 failed\n"), out.String())
}

func TestFileOfSites(t *testing.T) {
	sites, stop := localSites()
	file := filepath.Join(t.TempDir(), "sites.csv")
	one := regexp.MustCompile(`(?m)^\S+/fast/0`).FindString(sites)
	require.NoError(t, os.WriteFile(file, []byte(one+"\n\n\"http://[bad\"\n  "+one+" \n"), 0o600))
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-gophers", "1", file}, &out, io.Discard))
	require.Equal(t, 2, strings.Count(out.String(), "/fast/0, latency: "), out.String())
	require.Contains(t, out.String(), "site: http://[bad, failed: ")
	require.Contains(t, out.String(), "3 sites, 1 failed")

	stop() // now nobody is there any more
	out.Reset()
	require.NoError(t, run(t.Context(), []string{"-retries", "1", "-pause", "1ms", file}, &out, io.Discard))
	require.Contains(t, out.String(), "connection refused, retries: 1")
	require.Contains(t, out.String(), "3 sites, 3 failed")
}

func TestBadInput(t *testing.T) {
	var out bytes.Buffer
	require.ErrorIs(t, run(t.Context(), []string{"no such file"}, &out, io.Discard), os.ErrNotExist)
	require.ErrorContains(t, run(t.Context(), []string{"-gophers", "0"}, &out, io.Discard), "at least one gopher")
	file := filepath.Join(t.TempDir(), "sites.csv")
	require.NoError(t, os.WriteFile(file, []byte("http://127.0.0.1:1/\n\"unfinished"), 0o600))
	require.ErrorContains(t, run(t.Context(), []string{"-retries", "0", file}, &out, io.Discard), "parse error on line 2")
	require.Contains(t, out.String(), "1 sites, 1 failed")
}

// Ctrl-C ends it in the middle of a pause or a request.
func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := &interrupter{on: "/fast/3", interrupt: cancel}
	require.ErrorIs(t, run(ctx, []string{"-pause", "1h", "-retries", "1000"}, out, io.Discard), context.Canceled)
}

// An interrupter calls interrupt when something is printed.
type interrupter struct {
	on        string
	interrupt func()
}

func (w *interrupter) Write(p []byte) (int, error) {
	if strings.Contains(string(p), w.on) {
		w.interrupt()
	}
	return len(p), nil
}

func TestBackoff(t *testing.T) {
	for retry, most := range map[int]time.Duration{1: 100, 2: 200, 5: 1600, 60: time.Minute, 1 << 20: time.Minute} {
		for range 100 {
			d := backoff(100, retry)
			require.Positive(t, d)
			require.LessOrEqual(t, d, most)
		}
	}
	require.Equal(t, time.Duration(1), backoff(0, 1))
}
