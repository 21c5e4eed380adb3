//go:build unix

package remudacli_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/remuda-go/remuda/cmd/remuda/remudacli"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// soon bounds what has to come, and is never waited for in a test that passes.
const soon = 30 * time.Second

// asCommand in the environment makes the test's binary the command itself.
const asCommand = "REMUDA_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		remudacli.Main()
	}
	goleak.VerifyTestMain(m)
}

// A place is a directory with a config.
type place struct {
	t    *testing.T
	dir  string
	file string
}

func newPlace(t *testing.T, config string) *place {
	t.Helper()
	dir, err := os.MkdirTemp("", "rm") //nolint:usetesting // short: a socket's path may have 100 bytes
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p := &place{t: t, dir: dir, file: filepath.Join(dir, "remuda.yaml")}
	p.write("remuda.yaml", config)
	return p
}

func (p *place) write(name, text string) {
	p.t.Helper()
	full := filepath.Join(p.dir, name)
	require.NoError(p.t, os.MkdirAll(filepath.Dir(full), 0o755))
	require.NoError(p.t, os.WriteFile(full, []byte(text), 0o600))
}

func (p *place) read(name string) string {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, name))
	require.NoError(p.t, err)
	return string(text)
}

// run runs a command in this process: what it wrote, and its exit code.
func (p *place) run(args ...string) (out, errs string, code int) {
	p.t.Helper()
	return p.runWith("", args...)
}

func (p *place) runWith(in string, args ...string) (out, errs string, code int) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	var o, e bytes.Buffer
	args = append([]string{"remuda", "-c", p.file}, args...)
	code = remudacli.Run(ctx, args, remudacli.Streams{In: strings.NewReader(in), Out: &o, Err: &e})
	return o.String(), e.String(), code
}

// ok runs a command that must succeed.
func (p *place) ok(args ...string) string {
	p.t.Helper()
	out, errs, code := p.run(args...)
	require.Equal(p.t, remudacli.ExitOK, code, "%v: %s%s", args, out, errs)
	return strings.TrimSuffix(out, "\n")
}

// A process is a remuda that serves.
type process struct {
	t   *testing.T
	cmd *exec.Cmd
	log *logBuffer
}

// serve starts a process, and waits until it serves.
func (p *place) serve(args ...string) *process {
	p.t.Helper()
	s := p.start(args...)
	s.says("msg=serving")
	return s
}

// start starts a process.
func (p *place) start(args ...string) *process {
	p.t.Helper()
	exe, err := os.Executable()
	require.NoError(p.t, err)
	s := &process{t: p.t, log: &logBuffer{}}
	s.cmd = exec.Command(exe, append([]string{"serve", "-c", p.file}, args...)...)
	s.cmd.Env = append(os.Environ(), asCommand+"=1")
	s.cmd.Stderr = s.log
	require.NoError(p.t, s.cmd.Start())
	p.t.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			_ = s.cmd.Process.Kill()
			_ = s.cmd.Wait()
		}
		if p.t.Failed() {
			p.t.Log(s.log.String())
		}
	})
	return s
}

// says waits for a text in the log.
func (s *process) says(text string) {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return strings.Contains(s.log.String(), text) }, soon, 5*time.Millisecond, "no %q in the log", text)
}

func (s *process) signal(sig os.Signal) {
	s.t.Helper()
	require.NoError(s.t, s.cmd.Process.Signal(sig))
}

// stop ends the process in good order.
func (s *process) stop() {
	s.t.Helper()
	s.signal(syscall.SIGTERM)
	require.NoError(s.t, s.cmd.Wait(), s.log)
}

// kill ends it as the kernel would.
func (s *process) kill() {
	s.t.Helper()
	s.signal(syscall.SIGKILL)
	_ = s.cmd.Wait()
}

type logBuffer struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// eventually waits until f is true.
func (p *place) eventually(f func() bool, format string, args ...any) {
	p.t.Helper()
	require.Eventuallyf(p.t, f, soon, 20*time.Millisecond, format, args...)
}
