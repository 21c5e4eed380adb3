//go:build unix

package remudacli_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
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

// A result that is text ends its line on a terminal; what is none is not written to one.
func TestResultOnATerminal(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "kinds: {echo: {command: {argv: [cat]}}}\n")
	s := p.serve()
	p.ok("push", "--wait", "--id", "text", "echo", "horse")
	p.ok("push", "--wait", "--id", "beep", "echo", "\x1b[2J")
	assert.Equal(t, "horse", p.ok("get", "echo.text"), "to a pipe")
	ours, theirs, err := pty.Open()
	require.NoError(t, err)
	defer ours.Close()
	defer theirs.Close()
	get := func(id string) (code int, errs string) {
		var e bytes.Buffer
		code = remudacli.Run(t.Context(), []string{"remuda", "-c", p.file, "get", id}, remudacli.Streams{In: theirs, Out: theirs, Err: &e})
		return code, e.String()
	}
	code, errs := get("echo.text")
	require.Equal(t, remudacli.ExitOK, code, errs)
	line, err := bufio.NewReader(ours).ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "horse\r\n", line)
	code, errs = get("echo.beep")
	assert.Equal(t, remudacli.ExitFailure, code)
	assert.Contains(t, errs, "the result is 4 bytes that are no text")
	s.stop()
}

// Whoever waits at a terminal sees how far it is; the line is gone when it ends, and
// nothing of it is in a pipe.
func TestProgressOnATerminal(t *testing.T) {
	p := newPlace(t, upper)
	t.Setenv("TERM", "xterm")
	id := p.ok("push", "upper", "x")
	wait := func() string {
		ours, theirs, err := pty.Open()
		require.NoError(t, err)
		defer ours.Close()
		var out bytes.Buffer
		code := remudacli.Run(t.Context(), []string{"remuda", "-c", p.file, "wait", "--timeout", "1s", id}, remudacli.Streams{In: theirs, Out: &out, Err: theirs})
		require.Equal(t, remudacli.ExitNotDone, code)
		assert.Empty(t, out.String())
		require.NoError(t, theirs.Close())
		text, _ := io.ReadAll(ours) // the end of a terminal is an error
		return string(text)
	}
	text := wait()
	assert.Contains(t, text, "\r\x1b[K"+id+" is waiting, and no process serves")
	assert.True(t, strings.HasSuffix(text, "\r\x1b[Kremuda: "+id+" is waiting\r\n"), "%q", text)
	t.Setenv("TERM", "dumb")
	assert.Equal(t, "remuda: "+id+" is waiting\r\n", wait())
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
	for typed, want := range map[string]string{"": "redrive:", "cron": "list:", "push --un": "--unique:", "push": "upper", "cron set": "upper"} {
		cmd := exec.Command(exe, append(strings.Fields(typed), "--generate-shell-completion")...)
		cmd.Env = append(os.Environ(), asCommand+"=1", "REMUDA_CONFIG="+p.file)
		out, err := cmd.Output()
		require.NoError(t, err)
		assert.Contains(t, string(out), want, typed)
	}
}
