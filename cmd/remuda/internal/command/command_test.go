//go:build unix

package command_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/remuda-go/remuda/cmd/remuda/internal/command"
	"github.com/remuda-go/remuda/middleware"
	"github.com/remuda-go/remuda/tasks"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const soon = 20 * time.Second

func sh(script string) *command.Program {
	return &command.Program{Argv: []string{"sh", "-c", script}, Output: 1 << 16, Grace: 10 * time.Second}
}

func TestPayloadInResultOut(t *testing.T) {
	t.Parallel()
	out, err := sh("tr a-z A-Z").Do(t.Context(), []byte("horse"))
	require.NoError(t, err)
	assert.Equal(t, "HORSE", string(out))
}

func TestAProgramNeedNotReadItsPayload(t *testing.T) {
	t.Parallel()
	out, err := sh("echo done").Do(t.Context(), bytes.Repeat([]byte("x"), 1<<20))
	require.NoError(t, err)
	assert.Equal(t, "done\n", string(out))
}

func TestNoShellReadsArguments(t *testing.T) {
	t.Parallel()
	p := &command.Program{Argv: []string{"echo", "$HOME;", "`id`"}, Output: 100, Grace: time.Second}
	out, err := p.Do(t.Context(), nil)
	require.NoError(t, err)
	assert.Equal(t, "$HOME; `id`\n", string(out))
}

func TestAFailureHasTheEndOfTheStandardError(t *testing.T) {
	t.Parallel()
	_, err := sh("yes lost | head -c 100000 >&2; echo 'bad image' >&2; exit 3").Do(t.Context(), nil)
	require.ErrorContains(t, err, "sh: exit status 3: …")
	require.ErrorContains(t, err, "bad image")
	assert.Less(t, len(err.Error()), 5000)
	assert.NotErrorIs(t, err, middleware.ErrNotRetryable)
}

func TestRetryExitMakesOtherCodesFinal(t *testing.T) {
	t.Parallel()
	for code, final := range map[int]bool{75: false, 1: true} {
		p := sh("exit " + strconv.Itoa(code))
		p.RetryExit = []int{75}
		_, err := p.Do(t.Context(), nil)
		assert.Equal(t, final, errors.Is(err, middleware.ErrNotRetryable), "exit code %d: %v", code, err)
	}
	for name, p := range map[string]*command.Program{
		"killed":  sh("kill -9 $$"),
		"missing": {Argv: []string{"no-such-program"}, Output: 1, Grace: time.Second},
	} {
		p.RetryExit = []int{75}
		_, err := p.Do(t.Context(), nil)
		require.Error(t, err, name)
		assert.NotErrorIs(t, err, middleware.ErrNotRetryable, name)
	}
}

func TestAResultThatIsTooLargeEndsTheProgram(t *testing.T) {
	t.Parallel()
	_, err := sh("yes").Do(t.Context(), nil)
	assert.ErrorIs(t, err, tasks.ErrTooLarge)
}

func TestTheEnvironmentIsThatOfTheConfig(t *testing.T) {
	t.Parallel()
	p := sh("echo $GREETING; pwd")
	p.Env, p.Dir = map[string]string{"GREETING": "hello"}, "/"
	out, err := p.Do(t.Context(), nil)
	require.NoError(t, err)
	assert.Equal(t, "hello\n/\n", string(out))
}

// A program that is told to end may clean up.
func TestTheEndOfTheContextIsSIGTERM(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := sh("trap 'echo cleaned >cleaned; exit 1' TERM; echo >begun; while :; do sleep 0.01; done")
	p.Dir = dir
	ctx, cancel := context.WithCancelCause(t.Context())
	var stopper sync.WaitGroup
	defer stopper.Wait()
	stopper.Go(func() {
		appears(t, filepath.Join(dir, "begun"))
		cancel(tasks.ErrCancelled)
	})
	_, err := p.Do(ctx, nil)
	require.ErrorIs(t, err, tasks.ErrCancelled)
	appears(t, filepath.Join(dir, "cleaned"))
}

// One that ignores SIGTERM is killed with all of its group, and so is what a program
// that has ended has left running.
func TestNothingOfTheGroupIsLeft(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"ignores SIGTERM":      `trap '' TERM; (trap '' TERM; while :; do sleep 0.01; done) & echo $! >child; mv child begun; while :; do sleep 0.01; done`,
		"leaves a child alone": `(while :; do sleep 0.01; done) >/dev/null 2>&1 & echo $! >child; mv child begun`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := sh(script)
			p.Dir, p.Grace = t.TempDir(), 50*time.Millisecond
			begun := filepath.Join(p.Dir, "begun")
			ctx, cancel := context.WithCancel(t.Context())
			var stopper sync.WaitGroup // the program may have ended before it has noticed
			defer stopper.Wait()
			stopper.Go(func() {
				appears(t, begun)
				cancel()
			})
			_, _ = p.Do(ctx, nil)
			text, err := os.ReadFile(begun)
			require.NoError(t, err)
			pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
			require.NoError(t, err)
			require.Eventually(t, func() bool { return gone(pid) }, soon, time.Millisecond)
		})
	}
}

// gone: nothing runs under the number, although its parent may not have noticed.
func gone(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return os.IsNotExist(err) && fileExists("/proc/self/stat")
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(rest, "Z")
}

func fileExists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func appears(t *testing.T, name string) {
	assert.Eventually(t, func() bool { return fileExists(name) }, soon, time.Millisecond)
}
