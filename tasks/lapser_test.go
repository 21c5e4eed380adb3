package tasks_test

import (
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/embedded"
	"github.com/remuda-go/remuda/tasks/internal/setup"
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

// takeAndDie takes a task as a worker does that is killed, and whose lease runs out.
func takeAndDie(t *testing.T, l *lapser, id tasks.ID) {
	require.NoError(t, l.conn.PublishRequest("$JS.API.CONSUMER.MSG.NEXT.REMUDA_QUEUE_"+id.Kind()+".worker", l.conn.NewRespInbox(), []byte(`{"batch":1}`)))
	l.delivered(id)
	require.NoError(t, l.conn.Publish(l.leases["remuda.queue."+string(id)], []byte("-NAK")))
	require.NoError(t, l.conn.Flush())
}
