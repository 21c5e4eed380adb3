//go:build unix

package remudacli_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/remuda-go/remuda/cmd/remuda/remudacli"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const upper = `kinds:
  upper: {attempts: 2, backoff: {first: 10ms}, command: {argv: [tr, a-z, A-Z]}}
`

// All commands do the same with a process that serves and without one.
func TestAProgramRunsTasks(t *testing.T) {
	t.Parallel()
	p := newPlace(t, upper)
	before := p.ok("push", "upper", "horse")
	_, errs, code := p.run("get", before)
	assert.Equal(t, remudacli.ExitNotDone, code, errs)
	s := p.serve()
	assert.Equal(t, "HORSE", p.ok("wait", before))
	assert.Equal(t, "HORSE", p.ok("get", before))
	assert.Equal(t, "MARE", p.ok("push", "--wait", "upper", "mare"))
	out, _, _ := p.runWith("foal", "push", "--wait", "upper")
	assert.Equal(t, "FOAL", out)
	assert.Contains(t, p.ok("list"), before+"  done   1")
	assert.Regexp(t, `^KIND +WAITING +RUNNING +SCHEDULED +DEAD +OLDEST\nupper +0 +0 +0 +0`, p.ok("stats"))
	s.stop()
	assert.Equal(t, "HORSE", p.ok("get", before))
}

// A task that is run when the process is killed runs again at once, and nothing of
// its first run goes on.
func TestKillInTheMiddle(t *testing.T) {
	t.Parallel()
	p := newPlace(t, `kinds:
  slow: {command: {argv: [sh, -c, 'echo $$ >>begun; while [ ! -e go ]; do sleep 0.02; done; cat']}}
`)
	s := p.serve()
	id := p.ok("push", "slow", "x")
	p.eventually(func() bool { return p.lines("begun") == 1 }, "it does not begin")
	s.kill()
	s = p.serve()
	p.eventually(func() bool { return p.lines("begun") == 2 }, "it does not begin again")
	first, err := strconv.Atoi(strings.Fields(p.read("begun"))[0])
	require.NoError(t, err)
	p.eventually(func() bool { return gone(first) }, "the first run goes on")
	p.write("go", "")
	assert.Equal(t, "x", p.ok("wait", id))
	s.stop()
}

func (p *place) lines(name string) int {
	text, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil {
		return 0
	}
	return strings.Count(string(text), "\n")
}

func gone(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return syscall.Kill(pid, 0) != nil
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(rest, "Z")
}

// Deploys: what runs may end, and what does not in time is given back.
func TestStop(t *testing.T) {
	t.Parallel()
	p := newPlace(t, `grace: 100ms
kinds:
  slow: {attempts: 1, command: {grace: 1s, argv: [sh, -c, 'echo >>begun; while [ ! -e go ]; do sleep 0.02; done; cat']}}
`)
	s := p.serve()
	id := p.ok("push", "slow", "x")
	p.eventually(func() bool { return p.lines("begun") == 1 }, "it does not begin")
	s.stop()
	assert.Contains(t, s.log.String(), "given back")
	p.write("go", "")
	s = p.serve()
	assert.Equal(t, "x", p.ok("wait", id), "its one attempt was not used up")
	s.stop()
}

// A dead task is told of once, with its reason and payload, however often remuda is
// started.
func TestOnDead(t *testing.T) {
	t.Parallel()
	p := newPlace(t, `kinds:
  bad: {attempts: 2, backoff: {first: 10ms}, on_dead: {kind: note}, command: {argv: [sh, -c, 'echo no good >&2; exit 3']}}
  note: {command: {argv: [sh, -c, 'cat >>notes; echo >>notes']}}
`)
	s := p.serve()
	id := p.ok("push", "bad", `{"image":1}`)
	_, errs, code := p.run("wait", id)
	assert.Equal(t, remudacli.ExitEnded, code)
	assert.Contains(t, errs, "dead after 2 attempts: sh: exit status 3: no good")
	p.eventually(func() bool { return p.lines("notes") == 1 }, "nobody is told")
	assert.Contains(t, p.read("notes"), `"reason":"sh: exit status 3: no good","payload":{"image":1}`)
	p.ok("pause", "note")
	s.stop()
	s = p.serve()
	again := p.ok("push", "bad", "another")
	p.run("wait", again)
	waits := func() bool { return p.ok("list", "--kind", "note", "--state", "waiting") != "" }
	p.eventually(waits, "nobody is to be told of the other")
	assert.Contains(t, p.ok("stats", "--json"), `"kind":"note","waiting":1,`, "the first is told of, and not pushed again")
	p.ok("resume", "note")
	p.eventually(func() bool { return p.lines("notes") == 2 }, "nobody is told of the other")
	assert.Contains(t, p.read("notes"), "another")
	s.stop()
}

// A URL gets the task's ID as its Idempotency-Key; it is put off as long as it says.
func TestAURLRunsTasks(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	keys := make(chan string, 10)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		keys <- r.Header.Get("Idempotency-Key") + " " + r.Header.Get("Remuda-Attempt")
		if calls.Add(1) == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(append(body, '!'))
	}))
	defer srv.Close()
	p := newPlace(t, "kinds: {notify: {attempts: 1, http: {url: '"+srv.URL+"'}}}\n")
	s := p.serve()
	id := p.ok("push", "notify", "hello", "--id", "n1")
	assert.Equal(t, "notify.n1", id)
	assert.Equal(t, "hello!", p.ok("wait", id))
	assert.Equal(t, id+" 1", <-keys)
	assert.Equal(t, id+" 1", <-keys, "to be put off is no attempt")
	s.stop()
}

// Each file becomes a task, one that is not finished does not, and one that was taken
// when the process was killed is one task.
func TestADirectoryOfTasks(t *testing.T) {
	t.Parallel()
	p := newPlace(t, upper+"providers: [{directory: {path: inbox, kind: upper, done: done, settle: 50ms}}]\n")
	p.write("inbox/early.txt", "early")
	p.write("inbox/unfinished.tmp", "x")
	p.write("inbox/.claimed/TAKENBEFORE.taken.txt", "taken")
	p.ok("push", "upper", "taken", "--id", "TAKENBEFORE") // it was stored, and then the process was killed
	s := p.serve()
	p.write("inbox/late.txt", "late")
	p.write("inbox/large.bin", strings.Repeat("x", 2<<20))
	for _, name := range []string{"done/early.txt", "done/late.txt", "done/taken.txt", "inbox/failed/large.bin"} {
		p.eventually(func() bool {
			_, err := os.Stat(filepath.Join(p.dir, name))
			return err == nil
		}, "no %s", name)
	}
	p.eventually(func() bool { return strings.Count(p.ok("list", "--state", "done", "--json"), "\n") == 2 }, "not three")
	assert.Equal(t, "TAKEN", p.ok("get", "upper.TAKENBEFORE"))
	assert.FileExists(t, filepath.Join(p.dir, "inbox/unfinished.tmp"))
	s.stop()
}

// SIGHUP: what has changed changes; a fault changes nothing, and says where it is.
func TestReload(t *testing.T) {
	t.Parallel()
	p := newPlace(t, upper)
	s := p.serve()
	assert.Equal(t, "A", p.ok("push", "upper", "a", "--wait"))

	p.write("remuda.yaml", strings.Replace(upper, "attempts", "atempts", 1))
	s.signal(syscall.SIGHUP)
	s.says(`remuda.yaml:2:11: kinds.upper.atempts: unknown key; did you mean \"attempts\"?`)
	p.write("remuda.yaml", upper) // the other commands read it, too
	assert.Equal(t, "B", p.ok("push", "upper", "b", "--wait"))

	p.write("remuda.yaml", "store: {dir: elsewhere}\n"+upper)
	s.signal(syscall.SIGHUP)
	s.says("start it again")

	p.write("remuda.yaml", `kinds:
  upper: {attempts: 2, backoff: {first: 10ms}, command: {argv: [sed, s/a/b/]}}
  lower: {command: {argv: [tr, A-Z, a-z]}}
`)
	s.signal(syscall.SIGHUP)
	s.says("the config was reloaded")
	assert.Equal(t, "b", p.ok("push", "upper", "a", "--wait"))
	assert.Equal(t, "a", p.ok("push", "lower", "A", "--wait"))

	// Attempts make a new handler of it; what is taken out is not handled any more.
	p.write("remuda.yaml", "kinds:\n  upper: {attempts: 3, command: {argv: [cat]}}\n")
	s.signal(syscall.SIGHUP)
	p.eventually(func() bool { return strings.Count(s.log.String(), "was reloaded") == 2 }, "not reloaded")
	assert.Equal(t, "a", p.ok("push", "upper", "a", "--wait"))
	_, _, code := p.run("push", "lower", "A")
	assert.Equal(t, remudacli.ExitNotFound, code)
	s.stop()
}

func TestCron(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "kinds: {log: {command: {argv: [sh, -c, 'cat >>ticks; echo >>ticks']}}}\ncron: {tick: {spec: '@every 1s', kind: log, input: {n: 1}}}\n")
	s := p.serve()
	p.eventually(func() bool { return p.lines("ticks") >= 2 }, "it does not tick")
	assert.True(t, strings.HasPrefix(p.read("ticks"), "{\"n\":1}\n"))
	s.stop()
	// What is taken out of the config while nothing runs is removed as well.
	p.write("remuda.yaml", "kinds: {log: {command: {argv: [sh, -c, 'cat >>ticks; echo >>ticks']}}}\n")
	s = p.serve()
	_, errs, code := p.run("cron", "remove", "log", "tick")
	assert.Equal(t, remudacli.ExitNotFound, code, errs)
	p.ok("cron", "set", "log", "tock", "@every 1s", "--input", `"tock"`)
	p.eventually(func() bool { return strings.Contains(p.read("ticks"), "tock") }, "it does not tock")
	p.eventually(func() bool { return strings.Contains(p.ok("cron", "list", "--json"), `"next"`) }, "no next firing is told") // a moment after the task
	assert.Regexp(t, `^KIND +NAME +SPEC +ZONE +NEXT +INPUT\nlog +tock +@every 1s +20\d\d-\S+ \S+ +"tock"$`, p.ok("cron", "list"))
	assert.Contains(t, p.ok("cron", "list", "log", "--json"), `"kind":"log","name":"tock","next":"20`)
	p.ok("cron", "remove", "log", "tock")
	s.stop()
}
