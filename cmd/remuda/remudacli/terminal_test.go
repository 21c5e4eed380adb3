//go:build unix

package remudacli_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/creack/pty"
	"github.com/remuda-go/remuda/cmd/remuda/remudacli"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Colours are for terminals, and for those who want them.
func TestColours(t *testing.T) {
	p := newPlace(t, upper)
	p.ok("push", "upper", "x", "--id", "one")
	p.ok("cancel", "upper.one")
	assert.NotContains(t, p.ok("list"), "\x1b", "to a pipe")
	t.Setenv("TERM", "xterm")
	assert.Contains(t, onTerminal(t, p, "list"), "\x1b[33mcancelled\x1b[0m")
	t.Setenv("NO_COLOR", "1")
	assert.NotContains(t, onTerminal(t, p, "list"), "\x1b")
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "dumb")
	assert.NotContains(t, onTerminal(t, p, "list"), "\x1b")
}

// onTerminal returns the second line that a command writes to a terminal.
func onTerminal(t *testing.T, p *place, args ...string) string {
	t.Helper()
	ours, theirs, err := pty.Open()
	require.NoError(t, err)
	defer ours.Close()
	defer theirs.Close()
	code := remudacli.Run(context.Background(), append([]string{"remuda", "-c", p.file}, args...), remudacli.Streams{In: theirs, Out: theirs, Err: os.Stderr})
	require.Equal(t, remudacli.ExitOK, code)
	lines := bufio.NewReader(ours)
	_, err = lines.ReadString('\n')
	require.NoError(t, err)
	line, err := lines.ReadString('\n')
	require.NoError(t, err)
	return line
}

// The scripts for shells ask the command what there is.
func TestCompletion(t *testing.T) {
	t.Parallel()
	p := newPlace(t, upper)
	for _, shell := range []string{"bash", "zsh", "fish", "pwsh"} {
		assert.Contains(t, p.ok("completion", shell), "--generate-shell-completion", shell)
	}
	exe, err := os.Executable()
	require.NoError(t, err)
	for typed, want := range map[string]string{"": "redrive:", "cron": "list:", "push --un": "--unique:"} {
		cmd := exec.Command(exe, append(strings.Fields(typed), "--generate-shell-completion")...)
		cmd.Env = append(os.Environ(), asCommand+"=1")
		out, err := cmd.Output()
		require.NoError(t, err)
		assert.Contains(t, string(out), want, typed)
	}
}
