//go:build unix

package remudacli_test

import (
	"encoding/json"
	"strings"
	"syscall"
	"testing"

	"github.com/remuda-go/remuda/cmd/remuda/remudacli"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestExitCodes(t *testing.T) {
	t.Parallel()
	p := newPlace(t, upper)
	p.ok("push", "upper", "x", "--id", "one")
	for _, test := range []struct {
		args string
		code int
		says string
	}{
		{"push upper y --id one", remudacli.ExitOK, ""}, // one task, as long as it waits
		{"push nothing y", remudacli.ExitNotFound, "no such kind"},
		{"nonsense", remudacli.ExitUsage, `there is no command "nonsense"`},
		{"config nonsense", remudacli.ExitUsage, `there is no command "nonsense"; see remuda config --help`},
		{"completion nonsense", remudacli.ExitUsage, `there is no command "nonsense"`},
		{"help nonsense", remudacli.ExitUsage, `there is no command "nonsense"`},
		{"--url localhost:8055 stats", remudacli.ExitUsage, "want one such as http://host:8055"},
		{"stats nothing", remudacli.ExitNotFound, `remuda: no such kind: "nothing"`},
		{"cron remove upper x", remudacli.ExitNotFound, `remuda: no such cron entry: "x" of the kind upper`},
		{"push", remudacli.ExitUsage, "want remuda push KIND [PAYLOAD]"},
		{"push upper y --after soon", remudacli.ExitUsage, "want one such as 90s"},
		{"push upper y --colour red", remudacli.ExitUsage, "see remuda push --help"},
		{"get upper.two", remudacli.ExitNotFound, "remuda: no such task: upper.two"},
		{"get upper.one", remudacli.ExitNotDone, "upper.one is waiting"},
		{"get nonsense", remudacli.ExitUsage, "is no ID"},
		{"wait --timeout 10ms upper.one", remudacli.ExitNotDone, "upper.one is waiting"},
		{"redrive", remudacli.ExitUsage, "want remuda redrive ID... | --all"},
		{"list --state lost", remudacli.ExitUsage, "there are"},
		{"resize upper 3", remudacli.ExitNotFound, "ask the process that serves"},
		{"cancel upper.one", remudacli.ExitOK, ""},
		{"cancel upper.one", remudacli.ExitState, "which is cancelled"},
		{"get upper.one", remudacli.ExitEnded, "upper.one is cancelled"},
		{"push upper y --id one", remudacli.ExitDuplicate, "upper.one"},
		{"redrive upper.one", remudacli.ExitOK, ""},
		{"delete upper.one", remudacli.ExitOK, ""},
		{"get upper.one", remudacli.ExitNotFound, "no such task"},
		{"push upper a --unique k", remudacli.ExitOK, ""},
		{"push upper b --unique k", remudacli.ExitDuplicate, "duplicate"},
		{"cron set upper x daily", remudacli.ExitUsage, "is no spec"},
		{"migrate", remudacli.ExitOK, ""},
	} {
		_, errs, code := p.run(strings.Fields(test.args)...)
		assert.Equal(t, test.code, code, "%s: %s", test.args, errs)
		assert.Contains(t, errs, test.says, test.args)
	}
	assert.NotContains(t, p.ok("stats", "upper"), "other")
	assert.Contains(t, p.ok("help", "config", "validate"), "\n   remuda config validate - say what is wrong\n")
	assert.Contains(t, p.ok("help"), "\n   completion ")
	p.write("remuda.yaml", "kinds: 5\n")
	_, errs, code := p.run("list")
	assert.Equal(t, remudacli.ExitConfig, code)
	assert.Contains(t, errs, "remuda.yaml:1:8")
}

// Dead tasks are listed with their reason, and redriven together.
func TestDeadAndRedrive(t *testing.T) {
	t.Parallel()
	p := newPlace(t, `kinds: {picky: {attempts: 1, command: {argv: [sh, -c, 'test -e good || { echo not yet >&2; exit 1; }; cat']}}}`)
	s := p.serve()
	ids := []string{p.ok("push", "picky", "a"), p.ok("push", "picky", "b")}
	for _, id := range ids {
		_, _, code := p.run("wait", id)
		assert.Equal(t, remudacli.ExitEnded, code)
	}
	assert.Equal(t, 2, strings.Count(p.ok("dead"), "sh: exit status 1: not yet"))
	s.says(`level=ERROR msg="a task is dead" task=` + ids[0] + ` attempts=1 reason="sh: exit status 1: not yet"`)
	assert.Contains(t, p.ok("dead", "--json", "--payload"), `"payload_text":"a"`)
	assert.Empty(t, p.ok("dead", "--reason", "something else"))
	p.write("good", "")
	p.ok("redrive", "--all", "--kind", "picky", "--reason", "not yet")
	assert.Equal(t, "a", p.ok("wait", ids[0]))
	assert.Equal(t, "b", p.ok("wait", ids[1]))
	s.stop()
}

// A kind that is taken out of the config leaves its tasks behind: they are seen, and can
// be got rid of.
func TestAKindThatIsTakenOut(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "kinds: {old: {attempts: 1, command: {argv: [sh, -c, 'exit 1']}}, upper: {}}\n")
	s := p.serve()
	dead := p.ok("push", "old", "x")
	_, _, code := p.run("wait", dead)
	require.Equal(t, remudacli.ExitEnded, code)
	waits := p.ok("push", "old", "y", "--after", "1h")
	p.write("remuda.yaml", upper)
	s.signal(syscall.SIGHUP)
	s.says("the config was reloaded")
	look := func() {
		assert.Regexp(t, `(?m)^old +0 +0 +1 +1 +nobody handles it$`, p.ok("stats"))
		assert.Contains(t, p.ok("list", "--kind", "old"), waits)
		assert.Contains(t, p.ok("dead"), dead)
		_, errs, code := p.run("get", dead)
		assert.Equal(t, remudacli.ExitEnded, code, errs)
		_, errs, code = p.run("push", "old", "z")
		assert.Equal(t, remudacli.ExitNotFound, code)
		assert.Contains(t, errs, "no such kind")
		_, _, code = p.run("list", "--kind", "none")
		assert.Equal(t, remudacli.ExitNotFound, code)
	}
	look()
	s.stop()
	look()
	p.ok("cancel", waits)
	p.ok("delete", waits, dead)
	assert.Empty(t, p.ok("list"))
}

func TestPauseAndResize(t *testing.T) {
	t.Parallel()
	p := newPlace(t, `kinds: {hold: {command: {argv: [sh, -c, 'echo >>begun; while [ ! -e go ]; do sleep 0.02; done']}}}`)
	s := p.serve()
	p.ok("pause", "hold")
	ids := []string{p.ok("push", "hold", "a"), p.ok("push", "hold", "b")}
	assert.Contains(t, p.ok("stats"), "paused")
	p.ok("resume", "hold")
	p.eventually(func() bool { return p.lines("begun") == 1 }, "nothing begins")
	p.ok("resize", "hold", "2")
	p.eventually(func() bool { return p.lines("begun") == 2 }, "the second worker does nothing")
	waits := p.ok("push", "hold", "c")
	for _, id := range ids {
		assert.Contains(t, p.ok("list"), id+"  running  0")
		assert.Contains(t, p.ok("list", "--state", "running"), id)
	}
	assert.Contains(t, p.ok("list"), waits+"  waiting")
	assert.NotContains(t, p.ok("list", "--state", "running"), waits)
	assert.Contains(t, p.ok("list", "--limit", "1"), waits, "the newest")
	p.write("go", "")
	for _, id := range ids {
		p.ok("wait", id)
	}
	s.stop()
}

func TestConfigCommands(t *testing.T) {
	t.Parallel()
	p := newPlace(t, upper)
	assert.Contains(t, p.ok("config", "validate"), "is right: 1 kind, 0 providers, 0 cron entries")
	assert.Contains(t, p.ok("config", "print"), "attempts: 2 # "+p.file+":2")
	var printed struct {
		Config struct{ Kinds map[string]map[string]any }
		From   map[string]string
	}
	require.NoError(t, json.Unmarshal([]byte(p.ok("config", "print", "--json")), &printed))
	assert.Equal(t, "30s", printed.Config.Kinds["upper"]["lease"])
	assert.Equal(t, p.file+":2", printed.From["kinds.upper.attempts"])
	assert.Equal(t, "default", printed.From["store.relaxed"])
	assert.Contains(t, p.ok("config", "schema"), "additionalProperties")
	assert.Regexp(t, `^remuda version \(devel\).* go1\.`, p.ok("--version"))
	p.write("remuda.yaml", "kind: {}\n")
	_, errs, code := p.run("config", "validate")
	assert.Equal(t, remudacli.ExitConfig, code)
	assert.Contains(t, errs, `remuda.yaml:1:1: kind: unknown key; did you mean "kinds"?`)
}
