package remudajetstream_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/remuda-go/remuda"
	remudajetstream "github.com/remuda-go/remuda/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Workers come and go all the time, in the middle of runs and while they wait
// for a message. No message is lost, none has to wait for its AckWait, and none is
// given back: each runs once. (The server at times delivers one twice: it sends it
// to a worker that has just gone, sees that nobody is there, and sends it again.)
func TestEveryMessageRunsWhileWorkersComeAndGo(t *testing.T) {
	const messages = 1000
	n := newServer(t)
	consumer := n.consumer(jetstream.ConsumerConfig{})
	acks, err := n.conn.SubscribeSync("$JS.ACK.>")
	require.NoError(t, err)
	var mu sync.Mutex
	done := make(map[int]int)
	all := make(chan struct{})
	p := start(t, consumer, remuda.Config{Initial: 4}, func(ctx context.Context, in int) error {
		if in%10 == 0 { // so that Less meets runs, too
			select {
			case <-ctx.Done():
				t.Errorf("run of %d is cancelled", in)
				return ctx.Err()
			case <-time.After(time.Millisecond):
			}
		}
		mu.Lock()
		defer mu.Unlock()
		done[in]++
		if len(done) == messages && done[in] == 1 {
			close(all)
		}
		return nil
	})

	var publishing sync.WaitGroup
	publishing.Go(func() { n.publish(numbers(messages)...) })
	deadline := time.After(soon)
	for size, over := 0, false; !over; size = (size + 3) % 8 {
		require.NoError(t, p.Resize(size))
		select {
		case <-all:
			over = true
		case <-deadline:
			require.FailNow(t, "messages are missing")
		case <-time.After(time.Millisecond):
		}
	}
	publishing.Wait()

	require.NoError(t, p.CloseWithTimeout(soon))
	n.settled()
	assert.Len(t, done, messages)
	for in, times := range done {
		assert.Equal(t, 1, times, "runs of %d", in)
	}
	require.NoError(t, n.conn.Flush())
	count, _, err := acks.Pending()
	require.NoError(t, err)
	assert.Equal(t, messages, count)
	for range count {
		ack, err := acks.NextMsg(soon)
		require.NoError(t, err)
		assert.Equal(t, "+ACK", string(ack.Data))
	}
}

// A message that no worker is free for stays at the server, where others can
// have it.
func TestWorkersTakeNoMoreThanTheyRun(t *testing.T) {
	n := newServer(t)
	consumer := n.consumer(jetstream.ConsumerConfig{})
	n.publish(numbers(10)...)
	running, release := make(chan int, 10), make(chan struct{})
	start(t, consumer, remuda.Config{Initial: 3}, func(_ context.Context, in int) error {
		running <- in
		<-release
		return nil
	})
	defer close(release)
	for range 3 {
		receive(t, running)
	}

	other, err := n.js.Consumer(t.Context(), streamName, "charge")
	require.NoError(t, err)
	rest, err := other.Fetch(7, jetstream.FetchMaxWait(10*time.Second)) // all that is left, if workers took no more
	require.NoError(t, err)
	count := 0
	for msg := range rest.Messages() {
		require.NoError(t, msg.Ack())
		count++
	}
	assert.Equal(t, 7, count)
}

func TestPoolEndsWithAnError(t *testing.T) {
	deleteConsumer := func(n *natsServer) error { return n.js.DeleteConsumer(n.t.Context(), streamName, "charge") }
	deleteStream := func(n *natsServer) error { return n.js.DeleteStream(n.t.Context(), streamName) }
	closeConn := func(n *natsServer) error { n.conn.Close(); return nil }
	for name, c := range map[string]struct {
		end  func(*natsServer) error
		want error
		busy bool // the only worker has no request at the server when it happens
	}{
		"consumer deleted":              {deleteConsumer, jetstream.ErrConsumerDeleted, false},
		"consumer deleted during a run": {deleteConsumer, jetstream.ErrConsumerNotFound, true},
		"stream deleted":                {deleteStream, jetstream.ErrConsumerDeleted, false},
		"stream deleted during a run":   {deleteStream, jetstream.ErrStreamNotFound, true},
		"connection closed":             {closeConn, jetstream.ErrConnectionClosed, false},
	} {
		t.Run(name, func(t *testing.T) {
			n := newServer(t)
			consumer := n.consumer(jetstream.ConsumerConfig{MaxRequestExpires: time.Second})
			running, release := make(chan int), make(chan struct{})
			p := start(t, consumer, remuda.Config{}, func(_ context.Context, in int) error {
				running <- in
				<-release
				return nil
			})
			if c.busy {
				n.publish("1")
				receive(t, running)
			} else {
				require.Eventually(t, func() bool { return n.info().NumWaiting == 1 }, soon, time.Millisecond)
			}

			require.NoError(t, c.end(n))
			close(release)
			receive(t, p.Done())
			assert.ErrorIs(t, p.Err(), c.want)
			assert.EqualValues(t, 0, p.Stats().Failed, "a run that was under way has gone on to its end")
		})
	}
}

// An outcome that the server cannot be told of is no success.
func TestConnectionClosedDuringARun(t *testing.T) {
	n := newServer(t)
	running, release := make(chan int), make(chan struct{})
	p := start(t, n.consumer(jetstream.ConsumerConfig{}), remuda.Config{}, func(_ context.Context, in int) error {
		running <- in
		<-release
		return nil
	})
	n.publish("1")
	receive(t, running)

	n.conn.Close()
	close(release)
	receive(t, p.Done())
	assert.ErrorIs(t, p.Err(), nats.ErrConnectionClosed)
	assert.EqualValues(t, 1, p.Stats().Failed)
}

// A server that goes away and comes back is no end.
func TestPoolSurvivesARestartOfTheServer(t *testing.T) {
	n := newServer(t)
	consumer := n.consumer(jetstream.ConsumerConfig{})
	ran := make(chan int, 10)
	p := start(t, consumer, remuda.Config{Initial: 2}, func(_ context.Context, in int) error {
		ran <- in
		return nil
	})
	n.publish("1")
	require.Equal(t, 1, receive(t, ran))
	n.settled()

	n.stop()
	n.start()
	require.Eventually(t, func() bool { return n.conn.Stats().Reconnects > 0 }, soon, time.Millisecond)
	n.publish("2")
	require.Equal(t, 2, receive(t, ran))
	n.settled()
	assert.NoError(t, p.Err())
}

func TestNewRefusesConsumers(t *testing.T) {
	n := newServer(t)
	ordered, err := n.js.OrderedConsumer(t.Context(), streamName, jetstream.OrderedConsumerConfig{})
	require.NoError(t, err)
	all, err := n.js.CreateConsumer(t.Context(), streamName, jetstream.ConsumerConfig{AckPolicy: jetstream.AckAllPolicy})
	require.NoError(t, err)
	none, err := n.js.CreateConsumer(t.Context(), streamName, jetstream.ConsumerConfig{AckPolicy: jetstream.AckNonePolicy})
	require.NoError(t, err)
	for name, consumer := range map[string]jetstream.Consumer{"nil": nil, "ordered": ordered, "ack all": all, "ack none": none} {
		t.Run(name, func(t *testing.T) {
			p, err := remudajetstream.New[remuda.Void](consumer, remuda.Config{})
			assert.ErrorIs(t, err, remudajetstream.ErrInvalidConsumer)
			assert.Nil(t, p)
		})
	}

	_, err = remudajetstream.New[remuda.Void](n.consumer(jetstream.ConsumerConfig{}), remuda.Config{Min: -1})
	assert.ErrorIs(t, err, remuda.ErrInvalidMin)
}
