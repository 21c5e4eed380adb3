package remudajetstream_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/remuda-go/remuda"
	remudajetstream "github.com/remuda-go/remuda/jetstream"
	"github.com/remuda-go/remuda/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// twice makes the consumer deliver a message twice at most.
var twice = jetstream.ConsumerConfig{BackOff: []time.Duration{20 * time.Millisecond}, MaxDeliver: 2}

// A death is a message of which OnDead was told.
type death struct {
	data     string
	delivery int
	err      error
}

// deaths returns a hook, and what it was told.
func deaths() (remuda.Middleware, <-chan death) {
	told := make(chan death, 100)
	return remudajetstream.OnDead(func(ctx context.Context, msg jetstream.Msg, err error) error {
		told <- death{string(msg.Data()), attempt(ctx), err}
		return ctx.Err()
	}), told
}

// Whatever keeps a message from being delivered again, somebody hears of it.
func TestOnDead(t *testing.T) {
	for name, c := range map[string]struct {
		job      func(context.Context, int) error
		delivery int // after which it is dead; 0 if it is not
		is       error
	}{
		"success":                {func(context.Context, int) error { return nil }, 0, nil},
		"final error":            {func(context.Context, int) error { return middleware.Permanent(errJob) }, 1, errJob},
		"panic with a final one": {func(context.Context, int) error { panic(middleware.Permanent(errJob)) }, 1, errJob},
		"error, each time":       {func(context.Context, int) error { return errJob }, 2, errJob},
		"panic, each time":       {func(context.Context, int) error { panic(errJob) }, 2, errJob},
		"Goexit, each time":      {func(context.Context, int) error { runtime.Goexit(); return nil }, 2, nil},
		"error, once": {func(ctx context.Context, _ int) error {
			if attempt(ctx) == 1 {
				return errJob
			}
			return nil
		}, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			n := newServer(t)
			hook, told := deaths()
			p := start(t, n.consumer(twice), remuda.Config{}, c.job, hook)
			n.publish("1")
			if c.delivery > 0 {
				d := receive(t, told)
				assert.Equal(t, death{"1", c.delivery, d.err}, d)
				require.Error(t, d.err)
				if c.is != nil {
					assert.ErrorIs(t, d.err, c.is)
				}
			}
			require.Eventually(t, func() bool {
				info := n.info()
				return info.NumAckPending == 0 && info.NumPending == 0 && info.Delivered.Stream == 1
			}, soon, time.Millisecond)
			require.NoError(t, p.CloseWithTimeout(soon))
			assert.Empty(t, told, "once")
		})
	}
}

// A hook that breaks has another chance if the message can be delivered again.
func TestOnDeadThatBreaks(t *testing.T) {
	broken := errors.New("no place for the dead")
	for name, fault := range map[string]func() error{
		"error":  func() error { return broken },
		"panic":  func() error { panic(broken) },
		"Goexit": func() error { runtime.Goexit(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			n := newServer(t)
			tries := make(chan int, 10)
			p := start(t, n.consumer(shortly), remuda.Config{}, func(context.Context, int) error { return middleware.Permanent(errJob) },
				remudajetstream.OnDead(func(ctx context.Context, _ jetstream.Msg, err error) error {
					tries <- attempt(ctx)
					if attempt(ctx) < 3 {
						return fault()
					}
					return nil
				}))
			n.publish("1")
			n.settled()
			require.NoError(t, p.CloseWithTimeout(soon))
			for want := range 3 {
				assert.Equal(t, want+1, receive(t, tries))
			}
			assert.Empty(t, tries)
			assert.EqualValues(t, 3, p.Stats().Failed)
		})
	}
}

// A last delivery that Close cancels is not given back without a word, as the
// server would not deliver it again.
func TestLastDeliveryAtClose(t *testing.T) {
	n := newServer(t)
	hook, told := deaths()
	running := make(chan int)
	p := start(t, n.consumer(jetstream.ConsumerConfig{MaxDeliver: 1}), remuda.Config{}, func(ctx context.Context, in int) error {
		running <- in
		<-ctx.Done()
		return ctx.Err()
	}, hook)
	n.publish("1")
	receive(t, running)
	require.ErrorIs(t, p.Close(ended(t)), context.Canceled)
	assert.ErrorIs(t, receive(t, told).err, context.Canceled)
	receive(t, p.Done())
}

// A message that was on its way when its worker was to end is in hand: it runs,
// unless Close has given up by then. In that case it is given back unseen, but for
// one that the server would not deliver again: that runs, and OnDead hears of it.
func TestMessageOnItsWay(t *testing.T) {
	less := func(t *testing.T, p *pool) { require.NoError(t, p.Less()) }
	giveUp := func(t *testing.T, p *pool) { require.ErrorIs(t, p.Close(ended(t)), context.Canceled) }
	for name, c := range map[string]struct {
		end        func(*testing.T, *pool)
		maxDeliver int
		settled    string
		ran, dead  bool
	}{
		"Less":                          {less, 4, "ack", true, false},
		"Less, last delivery":           {less, 3, "ack", true, false},
		"Close gives up":                {giveUp, 4, "nak", false, false},
		"Close gives up, last delivery": {giveUp, 3, "nak", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			late := &lateMessage{asked: make(chan struct{}), release: make(chan struct{}), settled: make(chan string, 10)}
			hook, told := deaths()
			ran := make(chan int, 10)
			p, err := remudajetstream.New[remuda.Void](lateConsumer{late: late, maxDeliver: c.maxDeliver}, remuda.Config{}, hook)
			require.NoError(t, err)
			// Not made by JSON, which would not enter it with a context that has ended.
			require.NoError(t, p.Start(remuda.NoOutput(func(ctx context.Context, _ jetstream.Msg) error {
				ran <- attempt(ctx)
				return ctx.Err()
			})))
			receive(t, late.asked)
			c.end(t, p)
			close(late.release)
			require.Equal(t, c.settled, receive(t, late.settled))
			if err := p.CloseWithTimeout(soon); !errors.Is(err, remuda.ErrPoolClosed) {
				require.NoError(t, err)
			}
			if c.dead {
				d := receive(t, told)
				assert.ErrorIs(t, d.err, context.Canceled)
				assert.Equal(t, 3, d.delivery)
			}
			assert.Empty(t, told)
			assert.Equal(t, c.ran, len(ran) == 1, "whether the job was entered")
			assert.Empty(t, late.settled, "settled once")
		})
	}
}

// A lateConsumer has one message for whoever has stopped waiting for it.
type lateConsumer struct {
	jetstream.Consumer
	late       *lateMessage
	maxDeliver int
}

func (c lateConsumer) CachedInfo() *jetstream.ConsumerInfo {
	return &jetstream.ConsumerInfo{Config: jetstream.ConsumerConfig{AckPolicy: jetstream.AckExplicitPolicy, MaxDeliver: c.maxDeliver}}
}

func (c lateConsumer) Messages(...jetstream.PullMessagesOpt) (jetstream.MessagesContext, error) {
	return c.late, nil
}

// A lateMessage is that message, in its third delivery, and how it is got at.
type lateMessage struct {
	jetstream.MessagesContext
	jetstream.Msg
	asked   chan struct{} // closed: somebody waits for it
	release chan struct{} // closed: he is told that he need not any more
	drained bool
	settled chan string
}

func (m *lateMessage) Next(...jetstream.NextOpt) (jetstream.Msg, error) {
	if m.drained {
		return m, nil
	}
	close(m.asked)
	<-m.release
	return nil, context.Canceled
}

func (m *lateMessage) Drain()            { m.drained = true }
func (m *lateMessage) Stop()             {}
func (m *lateMessage) Data() []byte      { return []byte("1") }
func (m *lateMessage) InProgress() error { return nil }

func (m *lateMessage) Metadata() (*jetstream.MsgMetadata, error) {
	return &jetstream.MsgMetadata{NumDelivered: 3}, nil
}

func (m *lateMessage) Nak() error {
	m.settled <- "nak"
	return nil
}

func (m *lateMessage) NakWithDelay(time.Duration) error {
	m.settled <- "nak, after a delay"
	return nil
}

func (m *lateMessage) Ack() error {
	m.settled <- "ack"
	return nil
}

// On a work queue a message that was termed is gone, and one whose deliveries are
// used up is not.
func TestWorkQueueKeepsWhatWasNotFinal(t *testing.T) {
	n := newServer(t)
	stream, err := n.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "QUEUE", Subjects: []string{"queue"}, Retention: jetstream.WorkQueuePolicy})
	require.NoError(t, err)
	consumer, err := stream.CreateConsumer(t.Context(), jetstream.ConsumerConfig{MaxDeliver: 1})
	require.NoError(t, err)
	hook, told := deaths()
	start(t, consumer, remuda.Config{}, func(_ context.Context, in int) error {
		if in == 1 {
			return middleware.Permanent(errJob)
		}
		return errJob
	}, hook)
	for _, payload := range []string{"1", "2"} {
		_, err := n.js.Publish(t.Context(), "queue", []byte(payload))
		require.NoError(t, err)
		receive(t, told)
	}
	require.Eventually(t, func() bool {
		info, err := stream.Info(t.Context())
		return err == nil && info.State.Msgs == 1 && info.State.FirstSeq == 2
	}, soon, time.Millisecond)
}

// A consumer of which nothing is known is refused, whoever made it.
func TestNewRefusesAConsumerWithoutInfo(t *testing.T) {
	_, err := remudajetstream.New[remuda.Void](unknown{}, remuda.Config{})
	require.ErrorIs(t, err, remudajetstream.ErrInvalidConsumer)
}

type unknown struct{ jetstream.Consumer }

func (unknown) CachedInfo() *jetstream.ConsumerInfo { return nil }

func TestOnDeadWithoutAFunction(t *testing.T) {
	n := newServer(t)
	p := start(t, n.consumer(twice), remuda.Config{}, func(context.Context, int) error { return nil }, remudajetstream.OnDead(nil))
	n.publish("1")
	n.settled()
	require.NoError(t, p.Err())
}
