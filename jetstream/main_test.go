package remudajetstream_test

import (
	"context"
	"errors"
	"net"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/remuda-go/remuda"
	remudajetstream "github.com/remuda-go/remuda/jetstream"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	streamName = "ORDERS"
	subject    = "orders.new"

	// soon bounds what has to come, and is never waited for in a test that
	// passes. It is below the default AckWait, so that a message that is only
	// redelivered because nobody settled it fails its test.
	soon = 15 * time.Second
)

// A natsServer is a server in this process and a connection to it that uses no
// socket.
type natsServer struct {
	t    testing.TB
	dir  string
	srv  atomic.Pointer[server.Server]
	conn *nats.Conn
	js   jetstream.JetStream

	published atomic.Uint64 // the last sequence number of the stream
}

// newServer starts a server with an empty stream.
func newServer(t testing.TB) *natsServer {
	t.Helper()
	n := &natsServer{t: t, dir: t.TempDir()}
	n.start()
	t.Cleanup(n.stop)
	var err error
	n.conn, err = nats.Connect("", nats.InProcessServer(n),
		nats.ReconnectWait(10*time.Millisecond), nats.MaxReconnects(-1),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})) // the default one prints
	require.NoError(t, err)
	t.Cleanup(n.conn.Close)
	n.js, err = jetstream.New(n.conn)
	require.NoError(t, err)
	_, err = n.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: streamName, Subjects: []string{"orders.>"}})
	require.NoError(t, err)
	return n
}

func (n *natsServer) start() {
	srv, err := server.NewServer(&server.Options{
		JetStream: true, StoreDir: n.dir, DontListen: true, NoLog: true, NoSigs: true,
	})
	require.NoError(n.t, err)
	srv.Start()
	require.True(n.t, srv.ReadyForConnections(soon), "server does not start")
	n.srv.Store(srv)
}

func (n *natsServer) stop() {
	srv := n.srv.Load()
	srv.Shutdown()
	srv.WaitForShutdown()
}

// InProcessConn connects to the server that runs now.
func (n *natsServer) InProcessConn() (net.Conn, error) { return n.srv.Load().InProcessConn() }

func (n *natsServer) consumer(cfg jetstream.ConsumerConfig) jetstream.Consumer {
	n.t.Helper()
	cfg.Durable = "charge"
	consumer, err := n.js.CreateOrUpdateConsumer(n.t.Context(), streamName, cfg)
	require.NoError(n.t, err)
	return consumer
}

// info is what the server knows of the consumer. It uses a handle of its own,
// since the pool's is the pool's.
func (n *natsServer) info() *jetstream.ConsumerInfo {
	consumer, err := n.js.Consumer(n.t.Context(), streamName, "charge")
	require.NoError(n.t, err)
	return consumer.CachedInfo()
}

// settled waits until the server knows the fate of every message that was
// published.
func (n *natsServer) settled() *jetstream.ConsumerInfo {
	n.t.Helper()
	var info *jetstream.ConsumerInfo
	require.Eventually(n.t, func() bool {
		info = n.info()
		return info.AckFloor.Stream == n.published.Load()
	}, soon, time.Millisecond, "messages are left")
	return info
}

func (n *natsServer) publish(payloads ...string) {
	n.t.Helper()
	for _, payload := range payloads {
		ack, err := n.js.Publish(n.t.Context(), subject, []byte(payload))
		require.NoError(n.t, err)
		n.published.Store(ack.Sequence)
	}
}

// numbers are the payloads 0 to n-1.
func numbers(n int) []string {
	payloads := make([]string, n)
	for i := range payloads {
		payloads[i] = strconv.Itoa(i)
	}
	return payloads
}

type pool = remuda.Pool[jetstream.Msg, remuda.Void]

// start starts a pool on consumer and closes it at the end of the test.
func start(t testing.TB, consumer jetstream.Consumer, cfg remuda.Config, job func(context.Context, int) error, mws ...remuda.Middleware) *pool {
	t.Helper()
	p, err := remudajetstream.New[remuda.Void](consumer, cfg, mws...)
	require.NoError(t, err)
	require.NoError(t, p.Start(remudajetstream.JSON(remuda.NoOutput(job))))
	t.Cleanup(func() {
		if err := p.CloseWithTimeout(soon); !errors.Is(err, remuda.ErrPoolClosed) {
			require.NoError(t, err)
		}
	})
	return p
}

// ended is a context that has ended, for a Close that gives up at once.
func ended(t testing.TB) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// receive waits for the next value.
func receive[T any](t testing.TB, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(soon):
		require.FailNow(t, "nothing came")
		panic("unreachable")
	}
}

// attempt is the number of the run that ctx belongs to.
func attempt(ctx context.Context) int {
	info, _ := remuda.InfoFrom(ctx)
	return info.Attempt
}
