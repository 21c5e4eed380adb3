package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/embedded"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// asProgram makes the test binary the program, to be killed.
const asProgram = "DURABLE_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

// program is the program as a process of its own.
func program(args ...string) (cmd *exec.Cmd, stdout, stderr *bytes.Buffer) {
	cmd = exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	return cmd, stdout, stderr
}

// tree makes n files, which are in a hundred directories and have names that are
// no text, and some that have no contents.
func tree(t *testing.T, n int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for i := range n {
		sub := filepath.Join(dir, fmt.Sprintf("d%02d", i%100))
		require.NoError(t, os.MkdirAll(sub, 0o755))
		content := bytes.Repeat([]byte(strconv.Itoa(i)), i%300)
		require.NoError(t, os.WriteFile(filepath.Join(sub, "f"+strconv.Itoa(i)), content, 0o644))
	}
	for _, name := range []string{"with space", `back\slash`, "new\nline", "carriage\rreturn", "\xff\xfe", "é", "-c"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(name), 0o644))
	}
	return dir
}

func sha256sum(t *testing.T, dir string) string {
	t.Helper()
	if _, err := exec.LookPath("sha256sum"); err != nil {
		t.Skip("there is no sha256sum to compare with")
	}
	cmd := exec.Command("sh", "-c", `find "$1" -type f -print0 | xargs -0 sha256sum | LC_ALL=C sort -k2`, "sh", dir)
	out, err := cmd.Output()
	require.NoError(t, err)
	return string(out)
}

func TestListEqualsSha256sum(t *testing.T) {
	dir := tree(t, 50)
	store := filepath.Join(t.TempDir(), "store")
	for range 2 { // the second one finds all done
		var stdout, stderr bytes.Buffer
		require.Equal(t, exitOK, run(t.Context(), []string{"-store", store, "-relaxed", dir}, &stdout, &stderr), stderr.String())
		assert.Equal(t, sha256sum(t, dir), stdout.String())
	}
}

func TestWrongCommandLine(t *testing.T) {
	for _, args := range [][]string{{}, {"a", "b"}, {"-workers", "0", "a"}, {"-nonsense", "a"}} {
		var stdout, stderr bytes.Buffer
		assert.Equal(t, exitUsage, run(t.Context(), args, &stdout, &stderr))
		assert.NotEmpty(t, stderr.String())
		assert.Empty(t, stdout.String())
	}
}

// The program is killed again and again until it gets through. DURABLE_FILES is the
// number of files; the default is small enough for every day.
func TestKilledAgainAndAgain(t *testing.T) {
	files := 10_100
	if testing.Short() {
		files = 1000
	}
	if n, err := strconv.Atoi(os.Getenv("DURABLE_FILES")); err == nil {
		files = n
	}
	for _, mode := range []string{"synced", "relaxed"} {
		t.Run(mode, func(t *testing.T) {
			dir := tree(t, files)
			store := filepath.Join(t.TempDir(), "store")
			args := []string{"-store", store, dir}
			if mode == "relaxed" {
				args = append([]string{"-relaxed"}, args...)
			}
			stdout, kills := killUntilDone(t, args)
			require.NotZero(t, kills)
			t.Logf("killed %d times", kills)
			assert.Equal(t, sha256sum(t, dir), stdout)
			each(t, store, dir, func(f file, info tasks.Info) {
				assert.Equal(t, tasks.Done, info.State)
				assert.Equal(t, 1, info.Attempts, "to be killed is no attempt of %s", f.path)
			})
		})
	}
}

// killUntilDone kills the program after a while that is a little longer each time,
// so that it gets through in the end.
func killUntilDone(t *testing.T, args []string) (stdout string, kills int) {
	for patience := 300 * time.Millisecond; ; patience += patience / 12 {
		cmd, out, errs := program(args...)
		require.NoError(t, cmd.Start())
		timer := time.AfterFunc(patience/2+rand.N(patience), func() { _ = cmd.Process.Kill() })
		err := cmd.Wait()
		timer.Stop()
		if err == nil {
			return out.String(), kills
		}
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit)
		require.Equal(t, -1, exit.ExitCode(), "it ended by itself: %s", errs)
		kills++
	}
}

// each looks at the task of each file.
func each(t *testing.T, store, dir string, look func(file, tasks.Info)) {
	t.Helper()
	files, err := walk(dir, store)
	require.NoError(t, err)
	client, err := embedded.Open(t.Context(), store)
	require.NoError(t, err)
	defer func() { require.NoError(t, client.Close()) }()
	for _, f := range files {
		info, err := client.Info(context.Background(), f.id)
		require.NoError(t, err)
		look(f, info)
	}
}

// A job that ends the whole process, server included, is given up after its
// attempts. Its neighbours lose nothing.
func TestPoison(t *testing.T) {
	for _, mode := range []string{"synced", "relaxed"} {
		t.Run(mode, func(t *testing.T) {
			dir := tree(t, 500)
			store := filepath.Join(t.TempDir(), "store")
			args := []string{"-store", store, "-poison", "f77", dir}
			if mode == "relaxed" {
				args = append([]string{"-relaxed"}, args...)
			}
			ends := 0
			for {
				cmd, stdout, stderr := program(args...)
				err := cmd.Run()
				var exit *exec.ExitError
				require.ErrorAs(t, err, &exit)
				if exit.ExitCode() == exitPoisoned {
					ends++
					require.LessOrEqual(t, ends, 5, "it is run more often than its attempts allow")
					continue
				}
				require.Equal(t, exitFailed, exit.ExitCode(), stderr.String())
				assert.Contains(t, stderr.String(), "f77: remuda: task")
				require.NoError(t, os.Remove(filepath.Join(dir, "d77", "f77")))
				assert.Equal(t, sha256sum(t, dir), stdout.String())
				break
			}
			assert.Equal(t, 5, ends)
			each(t, store, dir, func(f file, info tasks.Info) {
				assert.Equal(t, tasks.Done, info.State)
				assert.Equal(t, 1, info.Attempts, f.path)
			})
		})
	}
}

func TestTheStoreIsLocked(t *testing.T) {
	store := t.TempDir()
	client, err := embedded.Open(t.Context(), store)
	require.NoError(t, err)
	defer func() { require.NoError(t, client.Close()) }()
	var stdout, stderr bytes.Buffer
	assert.Equal(t, exitFailed, run(t.Context(), []string{"-store", store, t.TempDir()}, &stdout, &stderr))
	assert.Contains(t, stderr.String(), store)
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("Ctrl-C"))
	var stdout, stderr bytes.Buffer
	assert.Equal(t, exitInterrupted, run(ctx, []string{"-store", filepath.Join(t.TempDir(), "s"), t.TempDir()}, &stdout, &stderr))
}
