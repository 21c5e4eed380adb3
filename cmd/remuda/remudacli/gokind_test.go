//go:build unix

package remudacli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/cmd/remuda/remudacli"
	"github.com/remuda-go/remuda/tasks"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A program is the command with kinds of its own.
type program struct {
	*place
	kinds []remudacli.KindOption
}

func (p program) run(args ...string) (out, errs string, code int) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	var o, e bytes.Buffer
	args = append([]string{"mine", "-c", p.file}, args...)
	code = remudacli.Run(ctx, args, remudacli.Streams{In: strings.NewReader(""), Out: &o, Err: &e}, p.kinds...)
	return o.String(), e.String(), code
}

func (p program) ok(args ...string) string {
	p.t.Helper()
	out, errs, code := p.run(args...)
	require.Equal(p.t, remudacli.ExitOK, code, "%v: %s%s", args, out, errs)
	return strings.TrimSuffix(out, "\n")
}

// serve serves in this process until the test ends or stop is called.
func (p program) serve(args ...string) (stop func()) {
	p.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	log := &logBuffer{}
	ended := make(chan int, 1)
	args = append([]string{"mine", "-c", p.file, "serve"}, args...)
	go func() {
		ended <- remudacli.Run(ctx, args, remudacli.Streams{In: new(bytes.Buffer), Out: io.Discard, Err: log}, p.kinds...)
	}()
	stopped := false
	stop = func() {
		cancel()
		if stopped {
			return
		}
		stopped = true
		select {
		case code := <-ended:
			assert.Equal(p.t, remudacli.ExitOK, code, log)
		case <-time.After(soon):
			assert.Fail(p.t, "it does not end", log.String())
		}
	}
	p.t.Cleanup(stop)
	p.eventually(func() bool { return strings.Contains(log.String(), "msg=serving") }, "it does not serve")
	return stop
}

func double(opts ...tasks.KindOption) remudacli.KindOption {
	job := func(_ context.Context, n int) (int, error) {
		if n < 0 {
			return 0, errors.New("it is negative")
		}
		return 2 * n, nil
	}
	return remudacli.Kind(tasks.Define[int, int]("double", append(opts, tasks.Attempts(1))...), remuda.Func(job), remuda.Config{})
}

// A kind of the program is served beside those of the config.
func TestGoKind(t *testing.T) {
	t.Parallel()
	p := program{newPlace(t, upper), []remudacli.KindOption{double()}}
	p.serve()
	assert.Equal(t, "42", p.ok("push", "--wait", "double", "21"))
	assert.Equal(t, "A", p.ok("push", "--wait", "upper", "a"))
	_, err := os.Stat(filepath.Join(p.dir, "var/remuda/control.sock"))
	assert.NoError(t, err)
}

// The config can name a kind of the program wherever it names one.
func TestGoKindInTheConfig(t *testing.T) {
	t.Parallel()
	heard := &logBuffer{}
	p := program{newPlace(t, `kinds:
  double: {on_dead: {kind: note}}
  note: {command: {argv: [sh, -c, 'cat >>notes']}}
  bad: {attempts: 1, command: {argv: ["false"]}, on_dead: {kind: tell}}
providers:
  - directory: {path: inbox, kind: double, done: done}
cron: {often: {spec: "@every 1s", kind: tell, input: {by: clock}}}
`), []remudacli.KindOption{double(), remudacli.Kind(
		tasks.Define[json.RawMessage, remuda.Void]("tell"),
		remuda.Func(func(_ context.Context, text json.RawMessage) (remuda.Void, error) {
			_, err := heard.Write(text)
			return remuda.Void{}, err
		}), remuda.Config{},
	)}}
	assert.Contains(t, p.ok("config", "validate"), "2 kinds, 1 provider, 1 cron entry")
	p.serve()
	p.write("inbox/one", "4")
	p.eventually(func() bool { return strings.Contains(p.ok("list", "--kind", "double"), "done") }, "the file is not run")
	p.ok("push", "double", "-1")
	p.eventually(func() bool {
		notes, _ := os.ReadFile(filepath.Join(p.dir, "notes"))
		return strings.Contains(string(notes), "it is negative")
	}, "nothing tells of a dead task of the program's kind")
	p.ok("push", "bad", "x")
	for _, what := range []string{"clock", "exit status 1"} {
		p.eventually(func() bool { return strings.Contains(heard.String(), what) }, "the program's kind does not hear of: %s", what)
	}
}

// What a process runs of the program's kinds is what --role and --only say.
func TestGoKindsAreDivided(t *testing.T) {
	t.Parallel()
	p := program{newPlace(t, upper), []remudacli.KindOption{double()}}
	stop := p.serve("--only", "upper")
	p.ok("push", "double", "21", "--id", "one")
	assert.Equal(t, "A", p.ok("push", "--wait", "upper", "a"))
	_, _, code := p.run("get", "double.one")
	assert.Equal(t, remudacli.ExitNotDone, code)
	stop()
	stop = p.serve("--role", "intake")
	_, _, code = p.run("wait", "--timeout", "100ms", "double.one")
	assert.Equal(t, remudacli.ExitNotDone, code)
	stop()
	p.serve("--only", "double")
	assert.Equal(t, "42", p.ok("wait", "double.one"))
}

// A kind of the program keeps its settings, also where it is pushed before anybody has
// served it; migrate changes what exists.
func TestGoKindsAreMigrated(t *testing.T) {
	t.Parallel()
	p := program{newPlace(t, upper), []remudacli.KindOption{double(tasks.Lease(10 * time.Second))}}
	_, errs, code := p.run("push", "double", "21", "--id", "one")
	require.Equal(t, remudacli.ExitOK, code, errs)
	p.kinds[0] = double(tasks.Lease(20 * time.Second))
	_, errs, code = p.run("push", "double", "21")
	require.Equal(t, remudacli.ExitFailure, code)
	assert.Contains(t, errs, "has Lease 10s, not 20s")
	p.ok("migrate")
	p.serve()
	assert.Equal(t, "42", p.ok("wait", "double.one"))
}

// A file that says how a kind of the program is run is wrong, and says where.
func TestGoKindThatTheConfigHasToo(t *testing.T) {
	t.Parallel()
	p := program{newPlace(t, "kinds:\n  double: {command: {argv: [cat]}}\n"), []remudacli.KindOption{double()}}
	_, errs, code := p.run("config", "validate")
	assert.Equal(t, remudacli.ExitConfig, code)
	assert.Contains(t, errs, "remuda.yaml:2:12: kinds.double: the program has a kind of that name: here it can have on_dead and nothing else")
}
