//go:build unix

package remudacli_test

import (
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/remuda-go/remuda/cmd/remuda/remudacli"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// startNATS starts a server of its own, as that of a cluster is: with a password.
func startNATS(t *testing.T) (url string) {
	t.Helper()
	srv, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true, Username: "remuda", Password: "secret",
	})
	require.NoError(t, err)
	srv.Start()
	t.Cleanup(func() {
		srv.Shutdown()
		srv.WaitForShutdown()
	})
	require.True(t, srv.ReadyForConnections(soon))
	return "nats://remuda:secret@" + srv.Addr().String()
}

// With --nats, or nats in the config, the store is elsewhere: several processes serve
// it, and each command reaches it without them.
func TestNATS(t *testing.T) {
	t.Parallel()
	url := startNATS(t)
	p := newPlace(t, upper+"cron: {tick: {spec: '@every 1s', kind: upper, input: tick}}\n")
	first, second := p.serve("--nats", url), p.serve("--nats", url)
	assert.Equal(t, "HORSE", p.ok("--nats", url, "push", "--wait", "upper", "horse"))
	first.kill()
	assert.Equal(t, "MARE", p.ok("--nats", url, "push", "--wait", "upper", "mare"))
	assert.Contains(t, p.ok("--nats", url, "cron", "list"), "tick")
	second.stop()

	id := p.ok("--nats", url, "push", "upper", "foal")
	assert.Contains(t, p.ok("--nats", url, "stats"), "nobody handles it")
	p.ok("--nats", url, "cron", "remove", "upper", "tick")
	p.write("remuda.yaml", "nats: ['"+url+"']\n"+upper)
	third := p.serve()
	assert.Equal(t, "FOAL", p.ok("wait", id))
	third.stop()

	p.write("remuda.yaml", "nats: ['"+url+"']\nkinds: {upper: {running: 3, command: {argv: [cat]}}}\n")
	_, errs, code := p.run("serve")
	assert.Equal(t, remudacli.ExitFailure, code)
	assert.Contains(t, errs, "remuda migrate")
	p.ok("migrate")
	fourth := p.serve()
	fourth.stop()
	_, errs, code = p.run("--nats", "nats://remuda:wrong@"+url[len("nats://remuda:secret@"):], "stats")
	assert.Equal(t, remudacli.ExitFailure, code)
	assert.NotContains(t, errs, "wrong@", "no password in what is said")
}

// One process takes tasks and sets the clock, another runs those of one kind.
func TestRoles(t *testing.T) {
	t.Parallel()
	url, addr := startNATS(t), freeAddress(t)
	p := newPlace(t, "nats: ['"+url+"']\n"+upper+"  other: {command: {argv: [cat]}}\n"+
		"providers: [{http: {listen: '"+addr+"'}}]\ncron: {tick: {spec: '@daily', kind: upper}}\n")
	p.ok("migrate")
	worker := p.serve("--role", "worker", "--only", "upper")
	assert.Empty(t, p.ok("cron", "list"), "a worker sets no entries")
	intake := p.serve("--role", "intake")
	assert.Contains(t, p.ok("cron", "list"), "tick")
	code, text := call(t, "POST", "http://"+addr+"/v1/tasks/upper?id=one", "", "horse")
	require.Equal(t, 201, code, text)
	assert.Equal(t, "HORSE", p.ok("wait", "upper.one"))
	id := p.ok("push", "other", "x")
	assert.Regexp(t, `(?m)^other .*nobody handles it$`, p.ok("stats"))
	assert.Equal(t, "ok", p.ok("health"))
	worker.stop()
	intake.stop()
	assert.Contains(t, p.ok("cron", "list"), "tick", "it stays")
	_, _, code = p.run("get", id)
	assert.Equal(t, remudacli.ExitNotDone, code)
	for args, says := range map[string]string{
		"serve --role boss": "want all, worker or intake", "serve --only none": "no such kind", "serve --role intake --only upper": "means nothing",
	} {
		_, errs, code := p.run(strings.Fields(args)...)
		assert.NotEqual(t, remudacli.ExitOK, code)
		assert.Contains(t, errs, says)
	}
}

// Health is that of the process that serves; where there is none, it opens no store.
func TestHealth(t *testing.T) {
	t.Parallel()
	p := newPlace(t, upper)
	_, errs, code := p.run("health")
	assert.Equal(t, remudacli.ExitFailure, code)
	assert.Contains(t, errs, "no process serves")
	assert.NoDirExists(t, p.dir+"/var")
	s := p.serve()
	assert.Equal(t, "ok", p.ok("health"))
	s.stop()
}
