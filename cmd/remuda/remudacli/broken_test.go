//go:build unix

package remudacli_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"github.com/remuda-go/remuda/cmd/remuda/remudacli"
	"github.com/stretchr/testify/assert"
)

// A config that was broken while a process serves does not keep the commands from it.
func TestACommandFindsTheProcessWithABrokenConfig(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "store: {dir: elsewhere}\n"+upper)
	s := p.serve()
	broken := "store: {dir: elsewhere}\nkinds: {upper: {atempts: 2}}\n"
	p.write("remuda.yaml", broken)
	for _, args := range []string{"push upper x --wait", "list", "stats", "pause upper", "resume upper", "health"} {
		_, errs, code := p.run(strings.Fields(args)...)
		assert.Equal(t, remudacli.ExitOK, code, "%s: %s", args, errs)
		assert.Contains(t, errs, "asking the process that serves, which has another in force:\n"+p.file+`:2:17: kinds.upper.atempts: unknown key; did you mean "attempts"?`)
	}
	_, _, code := p.run("config", "validate")
	assert.Equal(t, remudacli.ExitConfig, code)
	s.stop()
	_, errs, code := p.run("list")
	assert.Equal(t, remudacli.ExitConfig, code, "nobody serves")
	assert.Contains(t, errs, "unknown key")
}

// What a header takes from the environment must be there: sent as nothing, it would be
// another call.
func TestAVariableThatIsNotThere(t *testing.T) {
	heard := make(chan http.Header, 10)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Host", r.Host)
		heard <- r.Header
		_, _ = io.WriteString(w, "ok")
	}))
	defer srv.Close()
	config := "kinds:\n  hook: {http: {url: '" + srv.URL + "', headers: {Authorization: 'Bearer $REMUDA_TEST_HOOK', X-Price: '$$5', Host: hook.example}}}\n"
	p := newPlace(t, config)
	const missing = "kind hook: header Authorization: the variable REMUDA_TEST_HOOK is empty or not there"
	for _, value := range []string{"", "two\nlines"} {
		t.Setenv("REMUDA_TEST_HOOK", value)
		_, errs, code := p.run("serve")
		assert.Equal(t, remudacli.ExitFailure, code)
		if value == "" {
			assert.Contains(t, errs, missing)
		} else {
			assert.Contains(t, errs, "header Authorization: the value has a control character")
			assert.NotContains(t, errs, "lines", "it is a secret")
		}
	}
	p.ok("config", "validate") // it may be another machine's
	t.Setenv("REMUDA_TEST_HOOK", "secret")
	s := p.serve()
	assert.Equal(t, "ok", p.ok("push", "hook", "x", "--wait"))
	h := <-heard
	assert.Equal(t, "Bearer secret", h.Get("Authorization"))
	assert.Equal(t, "$5", h.Get("X-Price"))
	assert.Equal(t, "hook.example", h.Get("Host"))

	// A reload that can't be done changes nothing.
	p.write("remuda.yaml", strings.ReplaceAll(config, "REMUDA_TEST_HOOK", "REMUDA_TEST_NONE"))
	s.signal(syscall.SIGHUP)
	s.says("the variable REMUDA_TEST_NONE is empty or not there")
	assert.Equal(t, "ok", p.ok("push", "hook", "x", "--wait"))
	assert.Equal(t, "Bearer secret", (<-heard).Get("Authorization"))
	s.stop()
}

// A task that kills remuda is given up without another run, and the log says so.
func TestAKillerIsLogged(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "kinds: {killer: {attempts: 2, command: {argv: [sh, -c, 'kill -9 $PPID; sleep 60']}}}\n")
	id := p.ok("push", "killer", "x")
	for range 2 {
		s := p.start()
		_ = s.cmd.Wait()
	}
	s := p.serve()
	s.says(`level=ERROR msg="a task is dead" task=` + id + ` attempts=2 reason="its process ended during 2 runs"`)
	s.stop()
}
