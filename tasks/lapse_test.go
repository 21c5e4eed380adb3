package tasks_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/embedded"
	"github.com/remuda-go/remuda/tasks/internal/setup"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A lapser ends leases, as if the process had been out of breath for so long that it
// could not renew them.
type lapser struct {
	t      testing.TB
	conn   *nats.Conn
	inbox  *nats.Subscription // sees what every worker receives
	leases map[string]string  // by the carrier's subject, whom to tell
	taken  chan string        // has a task's ID when a worker has taken a delivery
}

func newLapser(t testing.TB) *lapser {
	return &lapser{t: t, leases: make(map[string]string), taken: make(chan string, 100)}
}

// fault is a hook for fault points.
func (l *lapser) fault(point, id string) {
	if point == "taken" {
		l.taken <- id
	}
}

func (l *lapser) listen(conn *nats.Conn) {
	inbox, err := conn.SubscribeSync("_INBOX.>")
	require.NoError(l.t, err)
	require.NoError(l.t, conn.Flush())
	l.t.Cleanup(func() { _ = inbox.Unsubscribe() })
	l.conn, l.inbox = conn, inbox
}

// delivered waits for the next delivery of the task.
func (l *lapser) delivered(id tasks.ID) {
	for ctx := within(l.t); ; {
		msg, err := l.inbox.NextMsgWithContext(ctx)
		require.NoError(l.t, err, "%s is not delivered", id)
		if strings.HasPrefix(msg.Reply, "$JS.ACK.") && msg.Subject == "remuda.queue."+string(id) {
			l.leases[msg.Subject] = msg.Reply
			return
		}
	}
}

// lapse ends the lease of a task that was delivered, and returns when a worker has taken
// it again.
func (l *lapser) lapse(id tasks.ID) {
	for len(l.taken) > 0 {
		<-l.taken
	}
	require.NoError(l.t, l.conn.Publish(l.leases["remuda.queue."+string(id)], []byte("-NAK")))
	l.delivered(id)
	for receive(l.t, l.taken) != string(id) {
	}
}

// lapsing opens a store in this process, and connects to one elsewhere.
func lapsing(t *testing.T, test func(t *testing.T, c *tasks.Client, l *lapser, j setup.Journal)) {
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		var o *setup.Options
		l := newLapser(t)
		c := open(t, "", embedded.Client(func(opts *setup.Options) { o, opts.Fault = opts, l.fault }))
		l.listen(o.Conn)
		test(t, c, l, o.Journal)
	})
	t.Run("elsewhere", func(t *testing.T) {
		t.Parallel()
		n, l := newServer(t), newLapser(t)
		l.listen(n.dial())
		test(t, n.connect(func(o *setup.Options) { o.Fault = l.fault }), l, nil)
	})
}

// A task whose lease has run out is delivered again. Where it still runs in the same
// process, that is no second run and no interruption: it does not wait to be alone, and
// so holds up nobody.
func TestALeaseThatRunsOutInItsOwnProcess(t *testing.T) {
	t.Parallel()
	lapsing(t, func(t *testing.T, c *tasks.Client, l *lapser, _ setup.Journal) {
		k := tasks.Define[string, int]("lapse", tasks.Lease(time.Hour), tasks.Backoff(func(int) time.Duration { return 0 }))
		w := tasks.NewWorker(c)
		begun, finish := make(chan int, 10), make(chan struct{})
		release := sync.OnceFunc(func() { close(finish) })
		handle(t, w, k, 3, func(ctx context.Context, how string) (int, error) {
			r, _ := tasks.RunFrom(ctx)
			if how == "quick" {
				return 0, nil
			}
			begun <- r.Attempt
			if r.Attempt == 1 {
				<-finish
				return 0, errors.New("once")
			}
			return r.Attempt, nil
		})
		run(t, w)
		t.Cleanup(release)
		id := push(t, c, k, "held", tasks.WithID("held"))
		receive(t, begun)
		l.delivered(id)
		for range 3 {
			l.lapse(id)
		}
		_, err := k.Wait(within(t), c, push(t, c, k, "quick"))
		require.NoError(t, err, "it waits for a run that was not interrupted")
		release()
		got, err := k.Wait(within(t), c, id) // tried again at once, and not when the lease is over
		require.NoError(t, err)
		assert.Equal(t, 2, got)
		assert.Equal(t, 2, receive(t, begun))
		assert.Empty(t, begun)
		drained(t, c, "lapse")
	})
}

// A suspect whose lease runs out was interrupted once, and not twice.
func TestASuspectWhoseLeaseRunsOut(t *testing.T) {
	t.Parallel()
	lapsing(t, func(t *testing.T, c *tasks.Client, l *lapser, j setup.Journal) {
		k := tasks.Define[int, int]("suspect", tasks.Lease(time.Hour), tasks.Attempts(1)) // one interruption alone never buries
		id := push(t, c, k, 7, tasks.WithID("a"))
		if j != nil { // the process before was killed while it ran
			require.NoError(t, j.Begin(string(id), 0))
		} else {
			takeAndDie(t, l, id)
		}
		w := tasks.NewWorker(c)
		begun, finish := make(chan int, 10), make(chan struct{})
		release := sync.OnceFunc(func() { close(finish) })
		handle(t, w, k, 2, func(ctx context.Context, n int) (int, error) {
			r, _ := tasks.RunFrom(ctx)
			begun <- r.Attempt
			<-finish
			return n, nil
		})
		run(t, w)
		t.Cleanup(release)
		assert.Equal(t, 2, receive(t, begun))
		l.delivered(id)
		l.lapse(id)
		for range 20 { // it would be buried meanwhile
			_, err := k.Result(t.Context(), c, id)
			require.ErrorIs(t, err, tasks.ErrNotDone)
			time.Sleep(10 * time.Millisecond)
		}
		release()
		got, err := k.Wait(within(t), c, id)
		require.NoError(t, err)
		assert.Equal(t, 7, got)
		assert.Empty(t, begun)
	})
}

// Rule 11: one interruption alone never buries, so a task with one attempt runs twice;
// after the second it is dead, and not run.
func TestOneInterruptionNeverBuries(t *testing.T) {
	t.Parallel()
	var j setup.Journal
	c := open(t, "", embedded.Client(func(o *setup.Options) { j = o.Journal }))
	k := tasks.Define[string, int]("interrupted", tasks.Attempts(1))
	w := tasks.NewWorker(c)
	begun := make(chan string, 10)
	handle(t, w, k, 1, func(ctx context.Context, in string) (int, error) {
		r, _ := tasks.RunFrom(ctx)
		begun <- in
		return r.Attempt, nil
	})
	ids := map[int]tasks.ID{}
	for name, times := range map[string]int{"once": 1, "twice": 2} {
		for range times {
			require.NoError(t, j.Begin("interrupted."+name, 0))
		}
		ids[times] = push(t, c, k, name, tasks.WithID(name))
	}
	run(t, w)
	attempt, err := k.Wait(within(t), c, ids[1])
	require.NoError(t, err)
	assert.Equal(t, 2, attempt)
	_, err = k.Wait(within(t), c, ids[2])
	var dead *tasks.TaskError
	require.ErrorAs(t, err, &dead)
	assert.Equal(t, tasks.Dead, dead.State)
	assert.Equal(t, 2, dead.Attempts)
	assert.Equal(t, "once", receive(t, begun))
	assert.Empty(t, begun)
}

// takeAndDie takes a task as a worker does that is killed, and whose lease runs out.
func takeAndDie(t *testing.T, l *lapser, id tasks.ID) {
	require.NoError(t, l.conn.PublishRequest("$JS.API.CONSUMER.MSG.NEXT.REMUDA_QUEUE_"+id.Kind()+".worker", l.conn.NewRespInbox(), []byte(`{"batch":1}`)))
	l.delivered(id)
	require.NoError(t, l.conn.Publish(l.leases["remuda.queue."+string(id)], []byte("-NAK")))
	require.NoError(t, l.conn.Flush())
}

// faulty opens a store in this process, and connects to one elsewhere, each with a hook
// for fault points.
func faulty(t *testing.T, hook func() func(point, id string), test func(t *testing.T, c *tasks.Client)) {
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, "", embedded.Client(func(o *setup.Options) { o.Fault = hook() })))
	})
	t.Run("elsewhere", func(t *testing.T) {
		t.Parallel()
		test(t, newServer(t).connect(func(o *setup.Options) { o.Fault = hook() }))
	})
}

// A retry may be delivered before the run that failed is over. That is no interruption.
func TestARetryThatComesBeforeItsRunIsOver(t *testing.T) {
	t.Parallel()
	faulty(t, func() func(point, id string) {
		taken := make(chan string, 10)
		var once sync.Once
		return func(point, id string) {
			switch point {
			case "taken":
				taken <- id
			case "letgo":
				once.Do(func() {
					receive(t, taken) // the first, and then the retry
					receive(t, taken)
					time.Sleep(50 * time.Millisecond) // until it is seen
				})
			}
		}
	}, func(t *testing.T, c *tasks.Client) {
		k := tasks.Define[int, int]("soon", tasks.Lease(time.Hour), tasks.Backoff(func(int) time.Duration { return 0 }))
		failOnce(t, c, k)
		succeedsAtTheSecond(t, c, k, push(t, c, k, 1))
	})
}

// failOnce runs a worker with which each task fails once, and then returns its attempt.
func failOnce(t *testing.T, c *tasks.Client, k tasks.Kind[int, int]) {
	w := tasks.NewWorker(c)
	handle(t, w, k, 2, func(ctx context.Context, n int) (int, error) {
		if r, _ := tasks.RunFrom(ctx); r.Attempt > 1 {
			return r.Attempt, nil
		}
		return 0, errors.New("once")
	})
	run(t, w)
}

// succeedsAtTheSecond waits for a task of failOnce, which is to succeed at the second attempt.
func succeedsAtTheSecond(t *testing.T, c *tasks.Client, k tasks.Kind[int, int], id tasks.ID) {
	got, err := k.Wait(within(t), c, id)
	require.NoError(t, err)
	assert.Equal(t, 2, got)
}

// A lease may run out while the end of its run is being recorded, more than once even, and
// the retry may come before the run is let go: the record does not cover these deliveries,
// which are no interruption all the same, and one run.
func TestALeaseThatRunsOutWhileItsRunIsRecorded(t *testing.T) {
	t.Parallel()
	n, l := newServer(t), newLapser(t)
	l.listen(n.dial())
	var recorded, over sync.Once
	c := n.connect(func(o *setup.Options) {
		o.Fault = func(point, id string) {
			l.fault(point, id)
			switch point {
			case "written": // the record of the retry, whose delivery is not handed back yet
				recorded.Do(func() {
					l.delivered(tasks.ID(id))
					l.lapse(tasks.ID(id))
					l.lapse(tasks.ID(id))
				})
			case "letgo":
				over.Do(func() { receive(t, l.taken) })
			}
		}
	})
	k := tasks.Define[int, int]("recorded", tasks.Lease(time.Hour), tasks.Backoff(func(int) time.Duration { return 0 }))
	w := tasks.NewWorker(c)
	begun := make(chan int, 10)
	handle(t, w, k, 5, func(ctx context.Context, _ int) (int, error) {
		r, _ := tasks.RunFrom(ctx)
		begun <- r.Attempt
		time.Sleep(50 * time.Millisecond) // for another one to begin
		if r.Attempt < 3 {
			return 0, errors.New("again")
		}
		return r.Attempt, nil
	})
	run(t, w)
	got, err := k.Wait(within(t), c, push(t, c, k, 1))
	require.NoError(t, err)
	assert.Equal(t, 3, got)
	drained(t, c, "recorded")
	assert.Len(t, begun, 3)
}

// A server that was restarted delivers a retry before it is due, and every client may
// ask for that. It is handed back, as often as it takes, and was not interrupted.
func TestARetryThatComesEarly(t *testing.T) {
	t.Parallel()
	lapsing(t, func(t *testing.T, c *tasks.Client, l *lapser, _ setup.Journal) {
		k := tasks.Define[int, int]("early", tasks.Lease(time.Hour), tasks.Backoff(func(int) time.Duration { return time.Second }))
		failOnce(t, c, k)
		id := push(t, c, k, 1)
		l.delivered(id)
		state(t, c, id, tasks.Retrying)
		l.lapse(id)
		l.lapse(id)
		succeedsAtTheSecond(t, c, k, id)
	})
}

// What is handed back unrun may be delivered again before it is let go, and is not lost.
func TestWhatIsHandedBackComesBeforeItIsLetGo(t *testing.T) {
	t.Parallel()
	var o *setup.Options
	l := newLapser(t)
	taken := make(chan string, 10)
	var letGo atomic.Int64
	c := open(t, "", embedded.Client(func(opts *setup.Options) {
		o, opts.Fault = opts, func(point, id string) {
			l.fault(point, id)
			switch {
			case point == "taken":
				taken <- id
			case point == "letgo" && letGo.Add(1) == 2: // of the one that came early
				for range 3 {
					receive(t, taken)
				}
			}
		}
	}))
	l.listen(o.Conn)
	k := tasks.Define[int, int]("back", tasks.Lease(time.Hour), tasks.Backoff(func(int) time.Duration { return time.Second }))
	failOnce(t, c, k)
	id := push(t, c, k, 1)
	l.delivered(id)
	state(t, c, id, tasks.Retrying)
	l.lapse(id)
	succeedsAtTheSecond(t, c, k, id)
}
