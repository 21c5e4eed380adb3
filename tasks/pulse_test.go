package tasks_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/internal/setup"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The lease is renewed while the run lasts: no other process gets the task.
func TestARunMayTakeLongerThanItsLease(t *testing.T) {
	t.Parallel()
	n := newServer(t)
	k := tasks.Define[int, int]("lease", tasks.Lease(time.Second))
	var runs atomic.Int64
	var c *tasks.Client
	for range 2 { // as two processes have them
		c = n.connect()
		w := tasks.NewWorker(c)
		handle(t, w, k, 2, func(_ context.Context, n int) (int, error) {
			runs.Add(1)
			time.Sleep(3 * time.Second)
			return n, nil
		})
		run(t, w)
	}
	_, err := k.Wait(within(t), c, push(t, c, k, 1))
	require.NoError(t, err)
	assert.EqualValues(t, 1, runs.Load())
}

// A worker that can't read a record, as while a cluster chooses a leader, keeps what it
// has taken until it can: to hand it back would look like an interruption, and after each
// such trouble all tasks in hand would run one by one.
func TestRecordsThatCanNotBeReadForAWhile(t *testing.T) {
	t.Parallel()
	n := newServer(t)
	js, err := jetstream.New(n.dial())
	require.NoError(t, err)
	k := tasks.Define[int, int]("unread", tasks.Lease(time.Second))
	taken := make(chan string, 100)
	var c *tasks.Client
	begun := make(chan int, 10)
	var workers []*tasks.Worker
	for range 2 { // as two processes have them
		c = n.connect(func(o *setup.Options) {
			o.Fault = func(point, id string) {
				if point == "taken" {
					taken <- id
				}
			}
		})
		w := tasks.NewWorker(c)
		handle(t, w, k, 1, func(ctx context.Context, _ int) (int, error) {
			r, _ := tasks.RunFrom(ctx)
			begun <- r.Attempt
			return r.Attempt, nil
		})
		workers = append(workers, w)
	}
	readable := func(yes bool) {
		state, err := js.Stream(t.Context(), "REMUDA_STATE")
		require.NoError(t, err)
		cfg := state.CachedInfo().Config
		cfg.AllowDirect = yes
		_, err = js.UpdateStream(t.Context(), cfg)
		require.NoError(t, err)
	}
	readable(false)
	for _, w := range workers {
		run(t, w)
	}
	id := push(t, c, k, 1)
	receive(t, taken)
	time.Sleep(3 * time.Second) // longer than it asks at first, and than a lease lasts
	readable(true)
	got, err := k.Wait(within(t), c, id)
	require.NoError(t, err)
	assert.Equal(t, 1, got, "it was not interrupted")
	drained(t, c, "unread")
	assert.Len(t, begun, 1)
}

// A lease is not renewed any more once its delivery was handed back, since that would take
// the place of the delay, nor once it was let go.
func TestALeaseIsNotRenewedAfterItWasHandedBack(t *testing.T) {
	t.Parallel()
	n := newServer(t)
	told, err := n.dial().SubscribeSync("$JS.ACK.REMUDA_QUEUE_renewed.>")
	require.NoError(t, err)
	var once sync.Once
	c := n.connect(func(o *setup.Options) {
		o.Fault = func(point, _ string) {
			if point == "letgo" {
				once.Do(func() { time.Sleep(500 * time.Millisecond) })
			}
		}
	})
	k := tasks.Define[int, int]("renewed", tasks.Lease(300*time.Millisecond), tasks.Backoff(func(int) time.Duration { return time.Second }))
	failOnce(t, c, k)
	succeedsAtTheSecond(t, c, k, push(t, c, k, 1))
	drained(t, c, "renewed")
	handedBack := map[string]bool{}
	for ended := within(t); ; { // until there is silence
		require.NoError(t, ended.Err(), "it is renewed for ever")
		msg, err := told.NextMsg(500 * time.Millisecond)
		if err != nil {
			break
		}
		switch what, _, _ := strings.Cut(string(msg.Data), " "); what {
		case "-NAK":
			handedBack[msg.Subject] = true
		case "+WPI":
			assert.False(t, handedBack[msg.Subject])
		}
	}
	assert.NotEmpty(t, handedBack)
}
