package tasks_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/embedded"
	"github.com/remuda-go/remuda/tasks/internal/setup"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A full store refuses pushes, and keeps room for the ends of tasks that run.
func TestMaxStore(t *testing.T) {
	t.Parallel()
	c := open(t, t.TempDir(), embedded.MaxStore(4<<20), embedded.RelaxedSync())
	a := tasks.Define[[]byte, []byte]("a", tasks.Codec(tasks.Raw))
	b := tasks.Define[[]byte, []byte]("b", tasks.Codec(tasks.Raw))
	w := tasks.NewWorker(c)
	release := make(chan struct{})
	begun := make(chan int, 1000)
	h := handle(t, w, a, 3, func(_ context.Context, in []byte) ([]byte, error) {
		begun <- 1
		<-release
		return in, nil
	})
	run(t, w)
	chunk := bytes.Repeat([]byte("x"), 50<<10)
	var ids []tasks.ID
	for {
		k := a
		if len(ids)%2 == 1 {
			k = b
		}
		id, err := k.Push(t.Context(), c, chunk)
		if err != nil {
			require.ErrorIs(t, err, remuda.ErrQueueFull)
			break
		}
		ids = append(ids, id)
		require.Less(t, len(ids), 100)
	}
	assert.Greater(t, len(ids), 50)
	_, err := b.Push(t.Context(), c, []byte("x"), tasks.Unique("key"), tasks.After(time.Hour))
	require.ErrorIs(t, err, remuda.ErrQueueFull)
	for range 3 {
		receive(t, begun)
	}
	require.NoError(t, h.Resize(0)) // no more than what runs
	close(release)
	for _, id := range []tasks.ID{ids[0], ids[2], ids[4]} {
		_, err := a.Wait(within(t), c, id)
		require.NoError(t, err)
	}
	for _, id := range ids {
		require.NoError(t, c.Delete(t.Context(), id))
	}
	require.NoError(t, h.Resize(3)) // takes what was deleted out of the queue
	handle(t, w, b, 3, func(_ context.Context, in []byte) ([]byte, error) { return nil, nil })
	require.Eventually(t, func() bool {
		_, err := b.Push(t.Context(), c, []byte("x"))
		return err == nil
	}, soon, 10*time.Millisecond)
}

// A natsServer is a server that is stopped and started again.
type natsServer struct {
	t    testing.TB
	opts server.Options
	srv  *server.Server
}

func newServer(t testing.TB, change ...func(*server.Options)) *natsServer {
	n := &natsServer{t: t, opts: server.Options{
		JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true, Host: "127.0.0.1", Port: server.RANDOM_PORT,
	}}
	for _, f := range change {
		f(&n.opts)
	}
	n.start()
	t.Cleanup(n.stop)
	return n
}

func (n *natsServer) start() {
	opts := n.opts
	srv, err := server.NewServer(&opts)
	require.NoError(n.t, err)
	srv.Start()
	require.True(n.t, srv.ReadyForConnections(soon))
	n.srv, n.opts.Port = srv, srv.Addr().(*net.TCPAddr).Port
}

func (n *natsServer) stop() {
	n.srv.Shutdown()
	n.srv.WaitForShutdown()
}

// dial connects as any NATS client does.
func (n *natsServer) dial() *nats.Conn {
	n.t.Helper()
	conn, err := nats.Connect(n.srv.ClientURL())
	require.NoError(n.t, err)
	n.t.Cleanup(conn.Close)
	return conn
}

func (n *natsServer) connect(opts ...tasks.Option) *tasks.Client {
	n.t.Helper()
	c, err := tasks.Connect(n.t.Context(), n.srv.ClientURL(), opts...)
	require.NoError(n.t, err)
	n.t.Cleanup(func() { require.NoError(n.t, c.Close()) })
	return c
}

// Rule 6: a schedule that comes due while the store is full never fires; the sweeper
// publishes it again.
func TestASchedulesThatComesDueWhileTheStoreIsFull(t *testing.T) {
	t.Parallel()
	n := newServer(t, func(o *server.Options) { o.JetStreamMaxStore = 8 << 20 })
	c := n.connect(func(s *setup.Options) { s.Sweep = 200 * time.Millisecond })
	k := tasks.Define[int, int]("overdue")
	js, err := jetstream.New(n.dial())
	require.NoError(t, err)
	_, err = js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "FILLER", Subjects: []string{"filler"}})
	require.NoError(t, err)
	fill := func() error {
		_, err := js.Publish(t.Context(), "filler", make([]byte, 900<<10))
		return err
	}
	for range 6 { // most of it beforehand: the rest must take less time than the task waits
		require.NoError(t, fill())
	}
	id := push(t, c, k, 1, tasks.After(1500*time.Millisecond))
	require.NoError(t, k.Cron(t.Context(), c, "tick", tasks.Spec{Expr: "@every 2s"}, 2))
	for fill() == nil {
	}
	time.Sleep(4 * time.Second) // both come due
	assert.Equal(t, tasks.Scheduled, state(t, c, id, tasks.Scheduled).State)
	require.NoError(t, js.DeleteStream(t.Context(), "FILLER"))
	ran := make(chan int, 100)
	w := tasks.NewWorker(c)
	handle(t, w, k, 1, func(_ context.Context, n int) (int, error) { ran <- n; return n, nil })
	run(t, w)
	_, err = k.Wait(within(t), c, id)
	require.NoError(t, err)
	for ticks := 0; ticks < 2; {
		if receive(t, ran) == 2 {
			ticks++
		}
	}
	require.NoError(t, c.Health(t.Context()))
}

func TestTheServerIsStartedAgain(t *testing.T) {
	t.Parallel()
	n := newServer(t)
	c := n.connect(tasks.NATS(nats.ReconnectWait(10 * time.Millisecond)))
	k := tasks.Define[int, int]("restart", tasks.Lease(time.Second))
	w := tasks.NewWorker(c)
	begun, finish := make(chan int, 100), make(chan struct{})
	handle(t, w, k, 2, func(_ context.Context, n int) (int, error) {
		begun <- n
		if n == 0 {
			<-finish
		}
		return n, nil
	})
	run(t, w)
	held := push(t, c, k, 0)
	receive(t, begun)
	later := push(t, c, k, 1, tasks.After(2*time.Second))
	n.stop()

	// The server is away: nobody knows whether the task is stored.
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := k.Push(ctx, c, 7, tasks.WithID("seven"))
	var unknown *tasks.OutcomeUnknownError
	require.ErrorAs(t, err, &unknown)
	close(finish) // the end of a run that the server can't be told of yet
	n.start()
	for range 2 { // pushed again with the same ID, it is one task
		_, err = k.Push(within(t), c, 7, tasks.WithID(unknown.ID.Name()))
		if there := (*tasks.DuplicateError)(nil); !errors.As(err, &there) {
			require.NoError(t, err)
		}
	}
	for _, id := range []tasks.ID{held, later, unknown.ID} {
		_, err := k.Wait(within(t), c, id)
		require.NoError(t, err)
	}
	time.Sleep(100 * time.Millisecond)
	seven := 0
	for range len(begun) {
		if <-begun == 7 {
			seven++
		}
	}
	assert.Equal(t, 1, seven)
}

// Rule 8: firings that were missed while the server was down run once.
func TestCronFiringsThatWereMissed(t *testing.T) {
	t.Parallel()
	n := newServer(t)
	c := n.connect(tasks.NATS(nats.ReconnectWait(10 * time.Millisecond)))
	k := tasks.Define[int, int]("missed")
	require.NoError(t, k.Cron(t.Context(), c, "tick", tasks.Spec{Expr: "*/2 * * * * *"}, 1))
	n.stop()
	time.Sleep(7 * time.Second) // three are missed
	n.start()
	w := tasks.NewWorker(c)
	ran := make(chan tasks.ID, 100)
	handle(t, w, k, 1, func(ctx context.Context, n int) (int, error) {
		r, _ := tasks.RunFrom(ctx)
		ran <- r.ID
		return n, nil
	})
	run(t, w)
	receive(t, ran)
	select {
	case id := <-ran:
		// It must be the next one, and not another of those that were missed.
		at, err := time.Parse("missed.tick@"+time.RFC3339, string(id))
		require.NoError(t, err)
		assert.WithinDuration(t, time.Now(), at, 3*time.Second)
	case <-time.After(soon):
		require.Fail(t, "it does not go on")
	}
}

// An attempt that is given back does not count, unless that happens all the time.
func TestGivenBackForEver(t *testing.T) {
	if testing.Short() {
		t.Skip("it closes a hundred workers")
	}
	c := open(t, "")
	k := tasks.Define[int, int]("back", tasks.Attempts(1))
	id := push(t, c, k, 1)
	for i := 0; ; i++ {
		require.LessOrEqual(t, i, 101)
		w := tasks.NewWorker(c)
		begun := make(chan int, 1)
		handle(t, w, k, 1, func(ctx context.Context, _ int) (int, error) {
			begun <- 1
			<-ctx.Done()
			return 0, ctx.Err()
		})
		ended := make(chan error, 1)
		go func() { ended <- w.Run(context.Background()) }()
		receive(t, begun)
		now, cancel := context.WithCancel(t.Context())
		cancel()
		if err := w.Close(now); err != nil { // nil if the run was over before the pool looked
			require.ErrorIs(t, err, context.Canceled)
		}
		require.NoError(t, receive(t, ended))
		if _, err := k.Result(t.Context(), c, id); !errors.Is(err, tasks.ErrNotDone) {
			var dead *tasks.TaskError
			require.ErrorAs(t, err, &dead)
			assert.Equal(t, "given back too often", dead.Reason)
			// A worker that is being closed may get it, and give it back, a second time.
			assert.InDelta(t, 100, i, 30)
			return
		}
	}
}
