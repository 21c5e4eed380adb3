//go:build unix

package remudacli_test

import (
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
