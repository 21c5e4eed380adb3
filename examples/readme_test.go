//go:build unix

package examples_test

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A row is a program in one of the tables of the README.
type row struct {
	name   string
	try    []string // to run one after the other; of a program that waits, the last goes on
	during []string // to run while it does
	after  []string // to run when it has ended
}

var (
	code = regexp.MustCompile("`([^`]+)`")
	port = regexp.MustCompile(`localhost:\d+`)
)

func rows(t *testing.T) (rows []row) {
	t.Helper()
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.ReplaceAll(line, `\|`, "\x00"), "|")
		if len(cells) < 5 || !strings.HasPrefix(cells[1], " [") {
			continue
		}
		r := row{name: cells[1][2:strings.Index(cells[1], "]")], try: lines(cells[3])}
		if len(cells) > 5 {
			if rest, found := strings.CutPrefix(cells[4], " after Ctrl-C: "); found {
				r.after = lines(rest)
			} else {
				r.during = lines(cells[4])
			}
		}
		rows = append(rows, r)
	}
	return rows
}

// lines returns the code in a cell.
func lines(cell string) (lines []string) {
	for _, match := range code.FindAllStringSubmatch(cell, -1) {
		lines = append(lines, strings.ReplaceAll(match[1], "\x00", "|"))
	}
	return lines
}

// programs is the directory of all of them. TestMain builds them.
var programs string

func TestMain(m *testing.M) {
	var err error
	if programs, err = os.MkdirTemp("", "examples"); err != nil {
		panic(err)
	}
	if out, err := exec.Command("go", "build", "-o", programs, "./...").CombinedOutput(); err != nil {
		panic(string(out))
	}
	status := m.Run()
	_ = os.RemoveAll(programs)
	os.Exit(status)
}

// Each line of the README works as it is printed, in a directory that has what a
// fresh clone has. Only the port is another one, since this machine may use it.
func TestReadmeLines(t *testing.T) {
	for _, r := range rows(t) {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			s := newShell(t)
			all := append(append(append([]string{}, r.try...), r.during...), r.after...)
			for _, line := range all {
				s.needs(strings.Fields(line)[0])
			}
			if len(r.during)+len(r.after) == 0 {
				for _, line := range r.try {
					s.run(line)
				}
				return
			}
			s.ownPort = freePort(t)
			last := len(r.try) - 1
			for _, line := range r.try[:last] {
				s.run(line)
			}
			end := s.start(r.try[last])
			for _, line := range r.during {
				s.run(line)
			}
			end(r.name != "herd")
			for _, line := range r.after {
				s.run(line)
			}
		})
	}
}

// Each program has help, whose lines to try are those of the README.
func TestHelp(t *testing.T) {
	for _, r := range rows(t) {
		if _, err := os.Stat(filepath.Join(r.name, "main.go")); err != nil {
			continue
		}
		t.Run(r.name, func(t *testing.T) {
			out, err := exec.Command(filepath.Join(programs, r.name), "-help").CombinedOutput()
			require.NoError(t, err, "%s", out)
			help := string(out)
			assert.Contains(t, help, "usage: "+r.name+" ")
			assert.Contains(t, help, "\nFlags:\n  -")
			for _, line := range append(r.try, r.during...) {
				assert.Contains(t, help, "\n  "+line)
			}
			out, err = exec.Command(filepath.Join(programs, r.name), "-no-such-flag").CombinedOutput()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			assert.Equal(t, 2, exit.ExitCode())
			assert.Contains(t, string(out), "usage: "+r.name+" ")
		})
	}
}

// A shell runs lines in a copy of the repository in which "go run" runs the
// programs that are built already.
type shell struct {
	t       *testing.T
	dir     string
	ownPort string
}

// newShell copies of the repository what the lines use.
func newShell(t *testing.T) *shell {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(dir, "examples"), os.DirFS(".")))
	sources, err := filepath.Glob("../*.go")
	require.NoError(t, err)
	for _, source := range sources {
		text, err := os.ReadFile(source)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, filepath.Base(source)), text, 0o600))
	}
	return &shell{t: t, dir: dir}
}

// needs skips the test where a program is not installed. With REMUDA_CI=1 that
// fails.
func (s *shell) needs(name string) {
	s.t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		require.NotEqual(s.t, "1", os.Getenv("REMUDA_CI"), "%s is not installed", name)
		s.t.Skip(name + " is not installed")
	}
}

func (s *shell) command(line string) *exec.Cmd {
	if s.ownPort != "" {
		line = port.ReplaceAllString(line, "localhost:"+s.ownPort)
	}
	cmd := exec.Command("bash", "-c", `go() { local program=${2##*/}; shift 2; "$PROGRAMS/$program" "$@"; }
`+line)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "PROGRAMS="+programs)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that a signal is for the program, too
	return cmd
}

// run runs a line, which has to succeed and to print something, but for cp.
func (s *shell) run(line string) {
	s.t.Helper()
	out, err := s.command(line).CombinedOutput()
	require.NoError(s.t, err, "%s\n%s", line, out)
	if !strings.HasPrefix(line, "cp ") {
		assert.NotEmpty(s.t, out, line)
	}
}

// start runs a line that goes on, and returns when it has said what it waits for.
// end waits for its end, which is good.
func (s *shell) start(line string) (end func(interrupt bool)) {
	s.t.Helper()
	cmd := s.command(line)
	out := &said{first: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = out, out
	require.NoError(s.t, cmd.Start())
	s.t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	select {
	case <-out.first:
	case <-time.After(time.Minute):
		s.t.Fatal("it hangs silently: " + line)
	}
	return func(interrupt bool) {
		s.t.Helper()
		if interrupt {
			require.NoError(s.t, syscall.Kill(-cmd.Process.Pid, syscall.SIGINT))
		}
		require.NoError(s.t, cmd.Wait(), "%s\n%s", line, out)
	}
}

// said is what a program prints.
type said struct {
	mu    sync.Mutex
	buf   bytes.Buffer
	first chan struct{} // closed when there is something
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buf.Len() == 0 && len(p) > 0 {
		close(s.first)
	}
	return s.buf.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// freePort returns a port that nobody listens at.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	require.NoError(t, err)
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return port
}
