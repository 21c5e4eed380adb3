//go:build unix

package remudacli_test

import (
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
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

// What runs in another process is listed as running.
func TestWhatRunsElsewhere(t *testing.T) {
	t.Parallel()
	url := startNATS(t)
	p := newPlace(t, "kinds: {hold: {command: {argv: [sh, -c, 'while [ ! -e go ]; do sleep 0.02; done']}}}\n")
	s := p.serve("--nats", url)
	runs := p.ok("--nats", url, "push", "hold", "a")
	p.eventually(func() bool {
		return strings.HasPrefix(p.ok("--nats", url, "list", "--state", "running", "--json"), `{"id":"`+runs)
	}, "it does not run")
	waits := p.ok("--nats", url, "push", "hold", "b")
	assert.Contains(t, p.ok("--nats", url, "list"), runs+"  running")
	assert.Contains(t, p.ok("--nats", url, "list"), waits+"  waiting")
	p.write("go", "")
	p.ok("--nats", url, "wait", waits)
	s.stop()
}

// startCluster starts three servers that are one.
func startCluster(t *testing.T) (urls []string) {
	t.Helper()
	routes := make([]string, 3)
	for i := range routes {
		routes[i] = "nats://" + freeAddress(t)
	}
	servers := make([]*server.Server, len(routes))
	for i, route := range routes {
		host, port, err := net.SplitHostPort(strings.TrimPrefix(route, "nats://"))
		require.NoError(t, err)
		number, err := strconv.Atoi(port)
		require.NoError(t, err)
		srv, err := server.NewServer(&server.Options{
			ServerName: "s" + strconv.Itoa(i), Host: host, Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true,
			Cluster: server.ClusterOpts{Name: "test", Host: host, Port: number}, Routes: server.RoutesFromStr(strings.Join(routes, ",")),
		})
		require.NoError(t, err)
		srv.Start()
		t.Cleanup(func() {
			srv.Shutdown()
			srv.WaitForShutdown()
		})
		servers[i] = srv
	}
	for _, srv := range servers {
		require.True(t, srv.ReadyForConnections(soon))
		urls = append(urls, srv.ClientURL())
	}
	return urls
}

// With replicas in the config, what is made is on so many servers; what was there is
// migrated, and by nothing else.
func TestReplicas(t *testing.T) {
	t.Parallel()
	urls := startCluster(t)
	nats := "nats: ['" + strings.Join(urls, "', '") + "']\n"
	p := newPlace(t, nats+upper)
	p.eventually(func() bool {
		_, _, code := p.run("push", "upper", "horse", "--id", "one")
		return code == remudacli.ExitOK
	}, "the cluster has no leader")
	p.write("remuda.yaml", nats+"replicas: 3\n"+upper+"  new: {}\n")
	_, errs, code := p.run("push", "upper", "mare")
	assert.Equal(t, remudacli.ExitFailure, code)
	assert.Contains(t, errs, "has 1 replicas, not 3; the command 'remuda migrate' changes it")
	p.ok("migrate")
	s := p.serve()
	assert.Equal(t, "HORSE", p.ok("wait", "upper.one"))
	s.stop()
	for _, stream := range []string{"REMUDA_STATE", "REMUDA_SCHEDULE", "REMUDA_QUEUE_upper", "REMUDA_QUEUE_new"} {
		assert.Equal(t, 3, replicas(t, urls[0], stream), stream)
	}
}

func replicas(t *testing.T, url, stream string) int {
	t.Helper()
	nc, err := nats.Connect(url)
	require.NoError(t, err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	s, err := js.Stream(t.Context(), stream)
	require.NoError(t, err)
	return s.CachedInfo().Config.Replicas
}

// A config that has replicas has nothing to have them on without a cluster.
func TestReplicasNeedACluster(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "replicas: 3\n"+upper)
	_, errs, code := p.run("push", "upper", "x")
	assert.Equal(t, remudacli.ExitFailure, code)
	assert.Contains(t, errs, "need a NATS cluster")
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
