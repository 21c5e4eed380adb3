package tasks_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/embedded"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// freeAddr is an address that nobody listened at a moment ago.
func freeAddr(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// Any NATS client can push and read, as docs/tasks.md says.
func TestAnyClientCanPushAndRead(t *testing.T) {
	t.Parallel()
	addr := freeAddr(t)
	c := open(t, t.TempDir(), embedded.Listen(addr))
	k := tasks.Define[int, int]("foreign")
	var runs atomic.Int64
	w := tasks.NewWorker(c)
	handle(t, w, k, 2, func(_ context.Context, n int) (int, error) { runs.Add(1); return 2 * n, nil })
	run(t, w)
	nc, err := nats.Connect("nats://" + addr)
	require.NoError(t, err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	require.NoError(t, err)

	_, err = js.Publish(t.Context(), "remuda.queue.foreign.order-7", []byte("21"), jetstream.WithMsgID("foreign.order-7@0"))
	require.NoError(t, err)
	id := tasks.NewID("foreign", "order-7")
	got, err := k.Wait(within(t), c, id)
	require.NoError(t, err)
	assert.Equal(t, 42, got)
	stream, err := js.Stream(t.Context(), "REMUDA_STATE")
	require.NoError(t, err)
	msg, err := stream.GetLastMsgForSubject(t.Context(), "remuda.record.foreign.order-7")
	require.NoError(t, err)
	assert.Equal(t, "42", string(msg.Data))
	var record struct{ State string }
	require.NoError(t, json.Unmarshal([]byte(msg.Header.Get("Remuda-Record")), &record))
	assert.Equal(t, "done", record.State)

	// Rule 2: a carrier that the record does not name is acknowledged unrun.
	drained(t, c, "foreign") // the result comes before the carrier is gone
	for _, tag := range []string{"5", "0"} {
		m := nats.NewMsg("remuda.queue.foreign.order-7")
		m.Header.Set("Remuda-Tag", tag)
		m.Data = []byte("21")
		_, err = js.PublishMsg(t.Context(), m)
		require.NoError(t, err)
		drained(t, c, "foreign")
	}
	m := nats.NewMsg("remuda.queue.foreign.unknown")
	m.Header.Set("Remuda-Tag", "5")
	m.Data = []byte("21")
	_, err = js.PublishMsg(t.Context(), m)
	require.NoError(t, err)
	drained(t, c, "foreign")
	assert.EqualValues(t, 1, runs.Load())

	// One that is larger than we would have pushed is dead, too, and does not come again.
	_, err = js.Publish(t.Context(), "remuda.queue.foreign.huge", append([]byte("{"), make([]byte, 1<<20-100)...))
	require.NoError(t, err)
	_, err = k.Wait(within(t), c, tasks.NewID("foreign", "huge"))
	var huge *tasks.TaskError
	require.ErrorAs(t, err, &huge)
	assert.Contains(t, huge.Reason, "too large to be kept")
	drained(t, c, "foreign")

	// What is not a number is dead, with the reason.
	_, err = js.Publish(t.Context(), "remuda.queue.foreign.bad", []byte("{"))
	require.NoError(t, err)
	_, err = k.Wait(within(t), c, tasks.NewID("foreign", "bad"))
	var dead *tasks.TaskError
	require.ErrorAs(t, err, &dead)
}

// Rule 1: the record of an end goes when Keep has passed, and not before.
func TestAnEndIsRememberedForKeep(t *testing.T) {
	t.Parallel()
	c := open(t, "", sweep(50*time.Millisecond))
	k := tasks.Define[int, int]("keep", tasks.Keep(time.Second))
	w := tasks.NewWorker(c)
	handle(t, w, k, 1, double)
	run(t, w)
	id := push(t, c, k, 1, tasks.WithID("a"), tasks.Unique("u"))
	_, err := k.Wait(within(t), c, id)
	require.NoError(t, err)
	ended := time.Now()
	for {
		_, err := k.Result(t.Context(), c, id)
		if err != nil {
			require.ErrorIs(t, err, tasks.ErrNotFound)
			break
		}
		require.Less(t, time.Since(ended), soon)
		time.Sleep(10 * time.Millisecond)
	}
	assert.GreaterOrEqual(t, time.Since(ended), 900*time.Millisecond)
	push(t, c, k, 1, tasks.WithID("a")) // a new task
}

// Rule 6: the carrier of a task that has a record is deleted by hand, and it runs
// all the same.
func TestACarrierDeletedByHand(t *testing.T) {
	t.Parallel()
	addr := freeAddr(t)
	c := open(t, t.TempDir(), embedded.Listen(addr), sweep(100*time.Millisecond))
	k := tasks.Define[int, int]("hand", tasks.Backoff(func(int) time.Duration { return time.Minute }))
	w := tasks.NewWorker(c)
	handle(t, w, k, 1, func(_ context.Context, n int) (int, error) {
		return n, fmt.Errorf("later")
	})
	run(t, w)
	nc, err := nats.Connect("nats://" + addr)
	require.NoError(t, err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	require.NoError(t, err)

	a := push(t, c, k, 2)
	state(t, c, a, tasks.Retrying)
	schedules, err := js.Stream(t.Context(), "REMUDA_SCHEDULE")
	require.NoError(t, err)
	subject := "remuda.schedule." + string(a) + ".1"
	require.NoError(t, schedules.Purge(t.Context(), jetstream.WithPurgeSubject(subject)))
	require.Eventually(t, func() bool { // it is scheduled again, for the time in its record
		msg, err := schedules.GetLastMsgForSubject(t.Context(), subject)
		return err == nil && strings.HasPrefix(msg.Header.Get("Nats-Schedule"), "@at ")
	}, soon, 20*time.Millisecond)
}

// Rule 9: what exists is changed by who migrates it, and by nobody else.
func TestReplicasAreMigrated(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts three servers")
	}
	servers := startCluster(t, 3)
	url := servers[0].ClientURL()
	var one *tasks.Client
	require.Eventually(t, func() (ok bool) { // until the cluster has a leader
		var err error
		one, err = tasks.Connect(t.Context(), url)
		return err == nil
	}, soon, 100*time.Millisecond)
	k := tasks.Define[int, int]("grown")
	id := push(t, one, k, 21)
	require.NoError(t, one.Close())

	_, err := tasks.Connect(t.Context(), url, tasks.Replicas(3))
	require.ErrorIs(t, err, tasks.ErrMismatch)
	require.ErrorContains(t, err, "remuda migrate")
	c, err := tasks.ConnectToMigrate(t.Context(), url, tasks.Replicas(3))
	require.NoError(t, err)
	_, err = k.Push(within(t), c, 1)
	require.ErrorIs(t, err, tasks.ErrMismatch)
	require.NoError(t, k.Migrate(within(t), c))
	require.NoError(t, c.Close())

	c, err = tasks.Connect(t.Context(), url, tasks.Replicas(3))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	w := tasks.NewWorker(c)
	handle(t, w, k, 1, func(_ context.Context, n int) (int, error) { return 2 * n, nil })
	run(t, w)
	got, err := k.Wait(within(t), c, id)
	require.NoError(t, err)
	assert.Equal(t, 42, got)
}

// Rule 10, and a leader that changes: three servers, one of which ends.
func TestCluster(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts three servers")
	}
	servers := startCluster(t, 3)
	var urls []string
	for _, s := range servers {
		urls = append(urls, s.ClientURL())
	}
	var c *tasks.Client
	require.Eventually(t, func() bool { // until the cluster has a leader
		var err error
		c, err = tasks.Connect(t.Context(), strings.Join(urls, ","), tasks.Replicas(3), tasks.NATS(nats.ReconnectWait(10*time.Millisecond)))
		return err == nil
	}, soon, 100*time.Millisecond)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	overheard, err := nats.Connect(urls[0])
	require.NoError(t, err)
	t.Cleanup(overheard.Close)
	direct, err := overheard.SubscribeSync("$JS.API.DIRECT.GET.REMUDA_STATE.>") // a replica would answer, which may lag
	require.NoError(t, err)
	_, err = tasks.Connect(t.Context(), urls[0], tasks.Replicas(1))
	require.ErrorIs(t, err, tasks.ErrMismatch)

	k := tasks.Define[int, int]("cluster", tasks.Lease(2*time.Second), tasks.Backoff(func(int) time.Duration { return time.Millisecond }))
	w := tasks.NewWorker(c)
	handle(t, w, k, 4, func(ctx context.Context, n int) (int, error) {
		if r, _ := tasks.RunFrom(ctx); n%10 == 0 && r.Attempt == 1 {
			return 0, fmt.Errorf("again")
		}
		return 2 * n, nil
	})
	run(t, w)
	var ids []tasks.ID
	for n := range 100 {
		if n == 50 {
			leader := leaderOf(t, servers, "REMUDA_QUEUE_cluster")
			leader.Shutdown()
			leader.WaitForShutdown()
		}
		name := tasks.WithID(fmt.Sprint(n))
		id, err := k.Push(within(t), c, n, name)
		for try := 0; err != nil && try < 10; try++ { // no leader for a moment
			id, err = k.Push(within(t), c, n, name)
			if duplicateOf(err) == tasks.NewID("cluster", fmt.Sprint(n)) {
				id, err = tasks.NewID("cluster", fmt.Sprint(n)), nil
			}
			time.Sleep(100 * time.Millisecond)
		}
		require.NoError(t, err)
		ids = append(ids, id)
	}
	for n, id := range ids {
		got, err := k.Wait(within(t), c, id)
		require.NoError(t, err)
		assert.Equal(t, 2*n, got)
	}
	asked, _, err := direct.Pending()
	require.NoError(t, err)
	assert.Zero(t, asked, "decisions rest on what the leader says")
}

func startCluster(t testing.TB, n int) []*server.Server {
	var routes []string
	for range n {
		routes = append(routes, "nats://"+freeAddr(t))
	}
	var all []*server.Server
	for i := range n {
		host, port, err := net.SplitHostPort(strings.TrimPrefix(routes[i], "nats://"))
		require.NoError(t, err)
		opts := &server.Options{
			ServerName: fmt.Sprintf("s%d", i), JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true,
			Host: "127.0.0.1", Port: server.RANDOM_PORT, Routes: server.RoutesFromStr(strings.Join(routes, ",")),
			Cluster: server.ClusterOpts{Name: "test", Host: host},
		}
		_, err = fmt.Sscan(port, &opts.Cluster.Port)
		require.NoError(t, err)
		s, err := server.NewServer(opts)
		require.NoError(t, err)
		s.Start()
		t.Cleanup(func() {
			s.Shutdown()
			s.WaitForShutdown()
		})
		all = append(all, s)
	}
	for _, s := range all {
		require.True(t, s.ReadyForConnections(soon))
	}
	return all
}

func leaderOf(t testing.TB, servers []*server.Server, stream string) *server.Server {
	for _, s := range servers {
		if s.JetStreamIsStreamLeader("$G", stream) {
			return s
		}
	}
	require.Fail(t, "nobody leads", stream)
	return nil
}

func duplicateOf(err error) tasks.ID {
	if d, ok := err.(*tasks.DuplicateError); ok {
		return d.ID
	}
	return ""
}
