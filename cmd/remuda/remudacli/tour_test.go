//go:build unix

package remudacli_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/remuda-go/remuda/cmd/remuda/internal/browser"
	"github.com/stretchr/testify/require"
)

// The tour of docs/command.md does what it says. Where ImageMagick is not installed,
// testdata/bin has a program in its place that takes and gives PNG.
func TestTour(t *testing.T) {
	t.Parallel()
	steps := readTour(t, "../../../docs/command.md")
	require.Greater(t, len(steps), 20)
	p := newPlace(t, "")
	require.NoError(t, os.CopyFS(filepath.Join(p.dir, "thumbs"), os.DirFS("../../../examples/thumbs")))
	addr := freeAddress(t)
	text := p.read("thumbs/remuda.yaml")
	require.Contains(t, text, tourAddress)
	p.write("thumbs/remuda.yaml", strings.ReplaceAll(text, tourAddress, addr))
	page := openPage(t, "http://"+addr)
	sh := startShell(t, p)
	for _, s := range steps {
		if s.shows != "" {
			page.shows(s.shows, s.output)
			continue
		}
		want := pattern(s.output)
		until := time.Now().Add(soon)
		for {
			got := sh.do(s.command)
			if want.MatchString(got) {
				break
			}
			if !looks.MatchString(s.command) || time.Now().After(until) {
				log, _ := os.ReadFile(filepath.Join(p.dir, "thumbs/serve.log"))
				require.Fail(t, "not as it is written", "$ %s\n%s\n--- instead of\n%s\n--- serve.log\n%s", s.command, got, s.output, log)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
}

// looks are commands that change nothing: what they show may take a moment.
var looks = regexp.MustCompile(`^(remuda (list|dead|stats)|ls)\b`)

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}

// A step is a command and what it prints, or a state of tasks of which the page has a
// list, and what that shows.
type step struct{ command, shows, output string }

// tourAddress is where the page of the tour is. The test takes another, which is free.
const tourAddress = "127.0.0.1:8055"

var onPage = regexp.MustCompile(`^<!-- The page shows of what is (\w+): (.+) -->$`)

func readTour(t *testing.T, name string) (steps []step) {
	t.Helper()
	in := false
	for line := range strings.Lines(readFile(t, name)) {
		line = strings.TrimSuffix(line, "\n")
		if m := onPage.FindStringSubmatch(line); m != nil {
			steps = append(steps, step{shows: m[1], output: m[2]})
			continue
		}
		switch command, ok := strings.CutPrefix(line, "$ "); {
		case strings.HasPrefix(line, "```"):
			in = line == "```console"
		case in && ok:
			steps = append(steps, step{command: command})
		case in:
			steps[len(steps)-1].output += line + "\n"
		}
	}
	return steps
}

// pattern is the output with … for anything; how wide columns are does not matter.
func pattern(output string) *regexp.Regexp {
	text := regexp.QuoteMeta(output)
	text = strings.ReplaceAll(text, "…", "[^\n]*")
	text = regexp.MustCompile(` +`).ReplaceAllString(text, " +")
	return regexp.MustCompile("^" + text + "$")
}

// A shell has one session for all commands.
type shell struct {
	t   *testing.T
	in  io.Writer
	out *bufio.Reader
	raw *os.File
}

func startShell(t *testing.T, p *place) *shell {
	t.Helper()
	bin := filepath.Join(p.dir, "bin")
	require.NoError(t, os.Mkdir(bin, 0o755))
	exe, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, os.Symlink(exe, filepath.Join(bin, "remuda")))
	path := bin + ":" + os.Getenv("PATH")
	switch {
	case isImageMagick("convert"):
	case isImageMagick("magick"): // version 7 may have that name alone
		require.NoError(t, os.WriteFile(filepath.Join(bin, "convert"), []byte("#!/bin/sh\nexec magick \"$@\"\n"), 0o755))
	default:
		require.NotEqual(t, "1", os.Getenv("REMUDA_CI"), "ImageMagick is not installed")
		stand, err := filepath.Abs("testdata/bin")
		require.NoError(t, err)
		path = stand + ":" + path
	}
	cmd := exec.Command("sh")
	cmd.Dir = filepath.Join(p.dir, "thumbs")
	cmd.Env = append(os.Environ(), asCommand+"=1", "PATH="+path)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, to, err := os.Pipe()
	require.NoError(t, err)
	cmd.Stdout, cmd.Stderr = to, to
	require.NoError(t, cmd.Start())
	require.NoError(t, to.Close())
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // if the tour did not come to its end
		_ = cmd.Wait()
		_ = out.Close()
	})
	return &shell{t: t, in: in, out: bufio.NewReader(out), raw: out}
}

func isImageMagick(program string) bool {
	version, err := exec.Command(program, "-version").Output()
	return err == nil && strings.Contains(string(version), "Version: ImageMagick")
}

const endMark = "@@end@@"

// do runs a command and returns what it printed. A job's own output is elsewhere.
func (s *shell) do(command string) string {
	s.t.Helper()
	_, err := fmt.Fprintf(s.in, "%s\necho %s\n", command, endMark)
	require.NoError(s.t, err)
	require.NoError(s.t, s.raw.SetReadDeadline(time.Now().Add(soon)))
	var b strings.Builder
	for {
		line, err := s.out.ReadString('\n')
		require.NoError(s.t, err, "no end of: %s", command)
		if before, ok := strings.CutSuffix(line, endMark+"\n"); ok {
			b.WriteString(before)
			return b.String()
		}
		b.WriteString(line)
	}
}

// A tourPage is the page in a browser, or what a browser would be told where there is
// none.
type tourPage struct {
	t   *testing.T
	url string
	tab *browser.Tab
}

func openPage(t *testing.T, url string) *tourPage {
	p := &tourPage{t: t, url: url}
	if browser.Find(t) != "" {
		p.tab = browser.Open(t, 4*soon)
	}
	return p
}

// nothing is what a list shows that is empty.
const nothing = "nothing"

// shows waits until the list of the tasks in a state shows a text.
func (p *tourPage) shows(state, text string) {
	p.t.Helper()
	if p.tab == nil {
		require.Eventually(p.t, func() bool {
			code, list := call(p.t, "GET", p.url+"/page/tasks?state="+state, "", "")
			return code == 200 && (strings.Contains(list, text) || text == nothing && strings.Contains(list, `"tasks":[]`))
		}, soon, 50*time.Millisecond, "no %q among what is %s", text, state)
		return
	}
	if browser.Eval[string](p.tab, "location.href") == "about:blank" {
		p.tab.Go(p.url)
	}
	p.tab.Until(`!document.querySelector("#main").hidden`)
	p.tab.Until(fmt.Sprintf(`(() => {
		const select = document.querySelector("#tasks-state");
		if (select.value !== %q) select.value = %[1]q, select.dispatchEvent(new Event("change"));
		const rows = document.querySelector("#tasks tbody");
		return rows.textContent.includes(%q) || %[2]q === %q && !rows.children.length && document.querySelector("#tasks-note").textContent.includes(%[1]q);
	})()`, state, text, nothing))
}
