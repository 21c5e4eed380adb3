package programs_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A process is a program that runs, and what it has logged.
type process struct {
	cmd    *exec.Cmd
	lines  chan string // of its log, as they come
	logged []string    // those that were received
}

// start starts a program, which the end of the test kills if it is still there.
func start(t *testing.T, stdin io.Reader, program string, args ...string) *process {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Stdin = stdin
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	p := &process{cmd: cmd, lines: make(chan string, 100_000)}
	go func() {
		defer close(p.lines)
		for scan := bufio.NewScanner(stderr); scan.Scan(); {
			p.lines <- scan.Text()
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		for range p.lines {
		}
		_ = cmd.Wait()
	})
	return p
}

// await returns the next line of the log that has text in it.
func (p *process) await(t *testing.T, text string) string {
	t.Helper()
	for line := range p.lines {
		p.logged = append(p.logged, line)
		if strings.Contains(line, text) {
			return line
		}
	}
	t.Fatalf("the program has ended without logging %q:\n%s", text, strings.Join(p.logged, "\n"))
	return ""
}

// interrupt sends the program what Ctrl-C does, waits for its end, and returns its exit
// status and all that it has logged.
func (p *process) interrupt(t *testing.T) (status int, log string) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(os.Interrupt))
	for line := range p.lines {
		p.logged = append(p.logged, line)
	}
	_ = p.cmd.Wait() // the status says it
	log = strings.Join(p.logged, "\n")
	require.NotContains(t, log, "DATA RACE")
	return p.cmd.ProcessState.ExitCode(), log
}
