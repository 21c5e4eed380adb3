package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// checksum runs the program without a terminal.
func checksum(t *testing.T, stdin string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), args, strings.NewReader(stdin), &out, &errs)
	return status, out.String(), errs.String()
}

// tree makes files, each with its own path as its content, under a new directory.
func tree(t *testing.T, paths ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, p := range paths {
		write(t, filepath.Join(dir, p), p)
	}
	return dir
}

func write(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
}

// sha256sum is what the real one prints for dir, by the pipeline that the
// documentation promises to equal.
func sha256sum(t *testing.T, dir string) string {
	t.Helper()
	if _, err := exec.LookPath("sha256sum"); err != nil {
		t.Skip("there is no sha256sum to compare with")
	}
	cmd := exec.Command("sh", "-c", `find -H "$1" -type f -print0 | xargs -0 sha256sum | LC_ALL=C sort -k2`, "sh", dir)
	out, err := cmd.Output()
	require.NoError(t, err)
	return string(out)
}

func TestListEqualsSha256sum(t *testing.T) {
	// A directory sorts as its name and a slash, between its neighbours.
	dir := tree(t, "a/b", "a/z/1", "a.txt", "a-b", "ab", "a0", "B", "empty-dir-next-to-me", "z/y/x/w",
		"with space", " leading", `back\slash`, "new\nline", "newXline", "carriage\rreturn", `\`, "tab\t", "é", "\xff\xfe", "*", "-c")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "empty"), 0o755))
	require.NoError(t, os.Symlink("a", filepath.Join(dir, "link-to-dir")))
	require.NoError(t, os.Symlink("B", filepath.Join(dir, "link-to-file")))
	require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "link-to-nothing")))
	write(t, filepath.Join(dir, "big"), strings.Repeat("0123456789", 100_000))
	write(t, filepath.Join(dir, "nothing"), "")
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(dir, link))

	for name, dir := range map[string]string{
		"plain": dir, "trailing slash": dir + "/", "a file": filepath.Join(dir, "big"), "a link": link, "nothing in it": filepath.Join(dir, "empty"),
	} {
		for _, workers := range []string{"1", "2", "16"} {
			t.Run(name+"/"+workers, func(t *testing.T) {
				want := sha256sum(t, dir)
				if name == "nothing in it" {
					want = "" // xargs runs sha256sum on its empty input
				}
				status, stdout, stderr := checksum(t, "", "-workers", workers, dir)
				assert.Equal(t, want, stdout)
				assert.Empty(t, stderr)
				assert.Equal(t, exitOK, status)
			})
		}
	}
}

func TestRelativePathsAreKept(t *testing.T) {
	t.Chdir(tree(t, "a/b", "c"))
	for _, dir := range []string{".", "./a", "a", "a/../."} {
		status, stdout, _ := checksum(t, "", dir)
		assert.Equal(t, exitOK, status)
		assert.Equal(t, sha256sum(t, dir), stdout, dir)
	}
}

// The source tree of Go has over 10,000 files.
func TestGoSourceTree(t *testing.T) {
	if testing.Short() {
		t.Skip("hashes a hundred megabytes")
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("the go command is not here: ", err)
	}
	src := filepath.Join(strings.TrimSpace(string(root)), "src")
	want := sha256sum(t, src)
	status, stdout, stderr := checksum(t, "", src)
	assert.Equal(t, exitOK, status)
	assert.Empty(t, stderr)
	same := want == stdout
	assert.True(t, same, "the output differs from that of sha256sum") // too long to show

	status, stdout, stderr = checksum(t, stdout, "-c", "-")
	assert.Equal(t, exitOK, status)
	assert.Empty(t, stderr)
	assert.Equal(t, strings.Count(want, "\n"), strings.Count(stdout, ": OK\n"))
}

// unreadableTree has a file and a directory whose paths are too long for the
// system, since no permissions keep the superuser, as whom tests may run, out.
func unreadableTree(t *testing.T) (dir string) {
	t.Helper()
	dir = tree(t, "a", "z")
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	const longest = 4096 // PATH_MAX of Linux
	deep := "d"
	for len(dir)+len(deep) < longest-500 {
		deep += "/" + strings.Repeat("d", 200)
	}
	deep += "/" + strings.Repeat("d", longest-50-len(dir)-len(deep))
	if err := root.MkdirAll(deep, 0o755); err != nil {
		t.Skip("this system has no such long paths: ", err)
	}
	for _, name := range []string{"f", strings.Repeat("f", 100)} {
		f, err := root.Create(deep + "/" + name)
		require.NoError(t, err)
		f.Close()
	}
	require.NoError(t, root.Mkdir(deep+"/"+strings.Repeat("g", 100), 0o755))
	return dir
}

func TestUnreadable(t *testing.T) {
	dir := unreadableTree(t)
	status, stdout, stderr := checksum(t, "", dir)
	assert.Equal(t, exitFailed, status)
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	require.Len(t, lines, 3, "all others are listed")
	assert.True(t, strings.HasSuffix(lines[0], "/a"))
	assert.True(t, strings.HasSuffix(lines[1], "/f"))
	assert.True(t, strings.HasSuffix(lines[2], "/z"))
	assert.Equal(t, 2, strings.Count(stderr, "\n"), "a message each")
	assert.Equal(t, 2, strings.Count(stderr, "file name too long"))
}

func TestNoSuchDirectory(t *testing.T) {
	status, stdout, stderr := checksum(t, "", filepath.Join(t.TempDir(), "nowhere"))
	assert.Equal(t, exitFailed, status)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, "no such file or directory")
}

func TestNeitherFileNorDirectory(t *testing.T) {
	status, _, stderr := checksum(t, "", os.DevNull)
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, stderr, "neither a directory nor a regular file")
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"a", "b"}, {"-workers", "0", "a"}, {"-workers", "x", "a"}, {"-c", "f", "a"}, {"-nope"}} {
		status, stdout, stderr := checksum(t, "", args...)
		assert.Equal(t, exitUsage, status, args)
		assert.Empty(t, stdout)
		assert.Contains(t, stderr, "usage: checksum")
	}
	status, _, stderr := checksum(t, "", "-help")
	assert.Equal(t, exitOK, status)
	assert.Contains(t, stderr, "usage: checksum")
}

// brokenPipe is an output that takes n bytes.
type brokenPipe struct{ n int }

func (p *brokenPipe) Write(b []byte) (int, error) {
	if p.n -= len(b); p.n < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(b), nil
}

func TestOutputThatFails(t *testing.T) {
	paths := make([]string, 1000)
	for i := range paths {
		paths[i] = strings.Repeat("x", 50) + string(rune('a'+i%26)) + strings.Repeat("y", i/26)
	}
	for name, tt := range map[string]struct{ files, room int }{
		"at once": {1000, 0}, "midway": {1000, 50_000}, "at the end": {1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var errs bytes.Buffer
			dir := tree(t, paths[:tt.files]...)
			status := run(t.Context(), []string{dir}, strings.NewReader(""), &brokenPipe{tt.room}, &errs)
			assert.Equal(t, exitFailed, status)
			assert.Contains(t, errs.String(), "closed pipe")
		})
	}
}

// Whoever cancels gets a complete beginning of the list, and is told its end.
func TestInterrupt(t *testing.T) {
	dir := tree(t, "a", "b", "y", "z")
	huge(t, filepath.Join(dir, "m"))
	ctx, cancel := context.WithCancel(t.Context())
	var errs bytes.Buffer
	// The list is longer than its buffer, so that the beginning shows while
	// the program works on the huge file.
	for i := range 200 {
		write(t, filepath.Join(dir, "c", strings.Repeat("c", i+1)), "")
	}
	out := &onWrite{f: cancel}
	status := run(ctx, []string{"-workers", "3", dir}, strings.NewReader(""), out, &errs)
	assert.Equal(t, exitInterrupted, status)
	all := sortedNames(out.String())
	assert.Equal(t, "a", all[0])
	assert.NotContains(t, out.String(), dir+"/m")
	assert.NotContains(t, out.String(), dir+"/y", "nothing after what is missing")
	assert.Regexp(t, `interrupted after \d+ files, the last of them `+dir+`/c/c+; what comes after it is not done: at least \d+ files\n`, errs.String())
}

func TestInterruptBeforeTheFirst(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs bytes.Buffer
	status := run(ctx, []string{tree(t, "a")}, strings.NewReader(""), &out, &errs)
	assert.Equal(t, exitInterrupted, status)
	assert.Empty(t, out.String())
	assert.Contains(t, errs.String(), "interrupted: nothing is done")
}

// huge makes a file that takes hours to hash, and no room.
func huge(t *testing.T, path string) {
	t.Helper()
	write(t, path, "")
	if err := os.Truncate(path, 4<<40); err != nil {
		t.Skip("this file system has no such large files: ", err)
	}
}

// onWrite is a buffer that calls f when it is written to.
type onWrite struct {
	bytes.Buffer
	f func()
}

func (w *onWrite) Write(b []byte) (int, error) {
	w.f()
	return w.Buffer.Write(b)
}

func sortedNames(list string) (names []string) {
	for line := range strings.Lines(list) {
		names = append(names, filepath.Base(strings.TrimSpace(line)))
	}
	return names
}
