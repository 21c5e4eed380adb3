package remudajetstream_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/remuda-go/remuda"
	remudajetstream "github.com/remuda-go/remuda/jetstream"
	"github.com/remuda-go/remuda/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var errJob = errors.New("job failed")

// shortly makes the consumer redeliver failed messages at once.
var shortly = jetstream.ConsumerConfig{BackOff: []time.Duration{20 * time.Millisecond}, MaxDeliver: 10}

// A message is delivered again if its run failed, unless the error says that it
// always will.
func TestOutcomes(t *testing.T) {
	once := func(f func(context.Context) error) func(context.Context, int) error {
		return func(ctx context.Context, _ int) error {
			if attempt(ctx) == 1 {
				return f(ctx)
			}
			return nil
		}
	}
	returns := func(err error) func(context.Context, int) error {
		return once(func(context.Context) error { return err })
	}
	message := func(settle func(jetstream.Msg) error) func(context.Context, int) error {
		return once(func(ctx context.Context) error {
			msg, _ := remudajetstream.MessageFrom(ctx)
			return settle(msg)
		})
	}
	for name, c := range map[string]struct {
		job        func(context.Context, int) error
		payload    string
		deliveries uint64
		succeeded  uint64
		panicked   uint64
	}{
		"success":            {job: returns(nil), deliveries: 1, succeeded: 1},
		"error":              {job: returns(errJob), deliveries: 2, succeeded: 1},
		"panic":              {job: once(func(context.Context) error { panic("job") }), deliveries: 2, succeeded: 1, panicked: 1},
		"goexit":             {job: once(func(context.Context) error { runtime.Goexit(); return nil }), deliveries: 2, succeeded: 1},
		"permanent":          {job: returns(middleware.Permanent(errJob)), deliveries: 1},
		"not retryable":      {job: returns(middleware.ErrNotRetryable), deliveries: 1},
		"invalid input":      {job: returns(remuda.ErrInvalidInput), deliveries: 1},
		"not JSON":           {job: returns(nil), payload: "{", deliveries: 1},
		"no payload":         {job: returns(nil), payload: " ", deliveries: 1},
		"the job's own term": {job: message(jetstream.Msg.Term), deliveries: 1, succeeded: 1},
		"the job's own nak":  {job: message(jetstream.Msg.Nak), deliveries: 2, succeeded: 2},
		"the job's own ack": {
			job:        message(func(msg jetstream.Msg) error { return msg.DoubleAck(context.Background()) }),
			deliveries: 1, succeeded: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := newServer(t)
			p := start(t, n.consumer(shortly), remuda.Config{}, c.job)
			n.publish(cmp.Or(c.payload, "1"))

			info := n.settled()
			require.NoError(t, p.CloseWithTimeout(soon))
			assert.Equal(t, c.deliveries, info.Delivered.Consumer)
			stats := p.Stats()
			assert.Equal(t, c.succeeded, stats.Succeeded)
			assert.Equal(t, c.deliveries-c.succeeded, stats.Failed)
			assert.Equal(t, c.panicked, stats.Panicked)
		})
	}
}

func TestAttemptIsTheNumberOfTheDelivery(t *testing.T) {
	n := newServer(t)
	attempts := make(chan int, 3)
	start(t, n.consumer(shortly), remuda.Config{}, func(ctx context.Context, _ int) error {
		attempts <- attempt(ctx)
		if attempt(ctx) < 3 {
			return errJob
		}
		return nil
	})
	n.publish("1")
	for want := range 3 {
		assert.Equal(t, want+1, receive(t, attempts))
	}
	n.settled()
}

// A run that Close cancels because it has to give up is somebody else's at once,
// although the AckWait is not over and the job has not failed for a reason of its
// own.
func TestCancelledRunIsHandedBack(t *testing.T) {
	for name, outcome := range map[string]func(error) error{
		"error":     func(err error) error { return err },
		"permanent": middleware.Permanent,
		"panic":     func(err error) error { panic(err) },
	} {
		t.Run(name, func(t *testing.T) {
			n := newServer(t)
			running, causes := make(chan int), make(chan error, 1)
			p := start(t, n.consumer(jetstream.ConsumerConfig{}), remuda.Config{}, func(ctx context.Context, in int) error {
				running <- in
				<-ctx.Done()
				causes <- context.Cause(ctx)
				return outcome(ctx.Err())
			})
			n.publish("1")
			receive(t, running)
			err := p.Close(ended(t))
			require.ErrorIs(t, err, context.Canceled)
			var gaveUp *remuda.CloseError
			require.ErrorAs(t, err, &gaveUp)
			assert.Equal(t, 1, gaveUp.Running)
			assert.ErrorIs(t, receive(t, causes), remuda.ErrPoolClosed)

			attempts := make(chan int, 1)
			start(t, n.consumer(jetstream.ConsumerConfig{}), remuda.Config{}, func(ctx context.Context, _ int) error {
				attempts <- attempt(ctx)
				return nil
			})
			assert.Equal(t, 2, receive(t, attempts))
			n.settled()
		})
	}
}

// A cancelled run that succeeds nevertheless has succeeded.
func TestCancelledRunThatSucceeds(t *testing.T) {
	n := newServer(t)
	running := make(chan int)
	p := start(t, n.consumer(jetstream.ConsumerConfig{}), remuda.Config{}, func(ctx context.Context, in int) error {
		running <- in
		<-ctx.Done()
		return nil
	})
	n.publish("1")
	receive(t, running)
	require.ErrorIs(t, p.Close(ended(t)), context.Canceled)
	receive(t, p.Done())
	assert.EqualValues(t, 1, n.settled().Delivered.Consumer)
	assert.EqualValues(t, 1, p.Stats().Succeeded)
}

// A deploy does not throw back what a worker has in hand: the run goes on to its
// end, undisturbed, and its message is acked. The next message is left to others.
func TestRunInHandFinishes(t *testing.T) {
	for name, retire := range map[string]func(p *pool) (ended <-chan error){
		"Less": func(p *pool) <-chan error {
			err := make(chan error, 1)
			err <- p.Less()
			return err
		},
		"Resize": func(p *pool) <-chan error {
			err := make(chan error, 1)
			err <- p.Resize(0)
			return err
		},
		"Close": func(p *pool) <-chan error {
			err := make(chan error, 1)
			go func() { err <- p.CloseWithTimeout(soon) }()
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := newServer(t)
			running, release, cut := make(chan int, 2), make(chan struct{}), make(chan error, 2)
			p := start(t, n.consumer(jetstream.ConsumerConfig{}), remuda.Config{}, func(ctx context.Context, in int) error {
				running <- in
				<-release
				cut <- ctx.Err()
				return ctx.Err()
			})
			n.publish("1", "2")
			receive(t, running)
			err := retire(p)
			require.Eventually(t, func() bool { return p.Current() == 0 }, soon, time.Millisecond)
			close(release)
			require.NoError(t, receive(t, err))
			require.NoError(t, receive(t, cut))
			require.Eventually(t, func() bool { return n.info().AckFloor.Stream == 1 }, soon, time.Millisecond)
			require.Eventually(t, func() bool { return p.Stats().Retired == 0 }, soon, time.Millisecond)

			// The server counts a message as pending some time after it has stored it.
			require.Eventually(t, func() bool { return n.info().NumPending == 1 }, soon, time.Millisecond, "the second message is left")
			info := n.info()
			assert.EqualValues(t, 1, info.Delivered.Consumer)
			assert.Zero(t, info.NumRedelivered)
			assert.Empty(t, running)
			stats := p.Stats()
			assert.EqualValues(t, 1, stats.Succeeded)
			assert.Zero(t, stats.Failed)
		})
	}
}

// A run that goes on for longer than its AckWait keeps its message. That time
// passes is told by another consumer's message that nobody acks.
func TestLongRunKeepsItsMessage(t *testing.T) {
	for name, cfg := range map[string]jetstream.ConsumerConfig{
		"AckWait": {AckWait: 300 * time.Millisecond},
		"BackOff": {BackOff: []time.Duration{300 * time.Millisecond, time.Minute}, MaxDeliver: 5},
	} {
		t.Run(name, func(t *testing.T) {
			n := newServer(t)
			running, release := make(chan int, 10), make(chan struct{})
			start(t, n.consumer(cfg), remuda.Config{Initial: 2}, func(ctx context.Context, _ int) error {
				running <- attempt(ctx)
				<-release
				return nil
			})
			n.publish("1")
			require.Equal(t, 1, receive(t, running))

			canary, err := n.js.CreateConsumer(t.Context(), streamName, jetstream.ConsumerConfig{AckWait: 300 * time.Millisecond})
			require.NoError(t, err)
			for range 4 {
				_, err := canary.Next(jetstream.FetchMaxWait(soon))
				require.NoError(t, err)
			}
			close(release)
			assert.EqualValues(t, 1, n.settled().Delivered.Consumer)
			assert.Empty(t, running)
		})
	}
}

// A message that the job has given back is not kept any more, although the run
// goes on.
func TestSettledByTheJobIsNotKept(t *testing.T) {
	n := newServer(t)
	release := make(chan struct{})
	attempts := make(chan int, 2)
	start(t, n.consumer(jetstream.ConsumerConfig{AckWait: 30 * time.Millisecond}), remuda.Config{Initial: 2},
		func(ctx context.Context, _ int) error {
			attempts <- attempt(ctx)
			if attempt(ctx) == 1 {
				msg, _ := remudajetstream.MessageFrom(ctx)
				_ = msg.Nak()
				<-release
				return errJob
			}
			return nil
		})
	n.publish("1")
	assert.Equal(t, 1, receive(t, attempts))
	assert.Equal(t, 2, receive(t, attempts))
	n.settled()
	close(release)
}

// Middleware is inside of the settling: the message is settled once, by what
// comes out of it.
func TestMiddlewareDecides(t *testing.T) {
	refuse := remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
		return func(ctx context.Context) error {
			if attempt(ctx) == 1 {
				return errJob
			}
			return next(ctx)
		}
	})
	panics := remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
		return func(ctx context.Context) error {
			if attempt(ctx) == 1 {
				panic("middleware")
			}
			return next(ctx)
		}
	})
	for name, c := range map[string]struct {
		mw         remuda.Middleware
		deliveries uint64
		attempts   []int
	}{
		"retry":  {middleware.Retry(2), 1, []int{1, 2, 3}},
		"refuse": {refuse, 3, []int{2, 3}},
		"panic":  {panics, 3, []int{2, 3}},
	} {
		t.Run(name, func(t *testing.T) {
			n := newServer(t)
			var mu sync.Mutex
			var attempts []int
			start(t, n.consumer(shortly), remuda.Config{}, func(ctx context.Context, _ int) error {
				mu.Lock()
				defer mu.Unlock()
				attempts = append(attempts, attempt(ctx))
				if attempt(ctx) < 3 {
					return errJob
				}
				return nil
			}, c.mw)
			n.publish("1")
			assert.Equal(t, c.deliveries, n.settled().Delivered.Consumer)
			assert.Equal(t, c.attempts, attempts)
		})
	}
}

// A message whose run failed comes back after a time that grows with the number
// of its deliveries: what the consumer says, or else up to a second at first and
// a minute at last.
func TestDelayAfterFailure(t *testing.T) {
	backoff := []time.Duration{20 * time.Millisecond, 40 * time.Millisecond}
	for _, c := range []struct {
		backoff     []time.Duration
		delivery    int
		least, most time.Duration
	}{
		{nil, 1, time.Second / 2, time.Second},
		{nil, 2, time.Second, 2 * time.Second},
		{nil, 6, 16 * time.Second, 32 * time.Second},
		{nil, 7, 30 * time.Second, time.Minute},
		{nil, 100, 30 * time.Second, time.Minute},
		{backoff, 1, backoff[0], backoff[0]},
		{backoff, 2, backoff[1], backoff[1]},
		{backoff, 3, backoff[1], backoff[1]},
	} {
		t.Run(fmt.Sprintf("%v, delivery %d", c.backoff, c.delivery), func(t *testing.T) {
			n := newServer(t)
			acks, err := n.conn.SubscribeSync("$JS.ACK.>")
			require.NoError(t, err)
			consumer := n.consumer(jetstream.ConsumerConfig{BackOff: c.backoff, MaxDeliver: 101})
			start(t, consumer, remuda.Config{}, func(ctx context.Context, _ int) error {
				if attempt(ctx) < c.delivery {
					msg, _ := remudajetstream.MessageFrom(ctx)
					return msg.Nak()
				}
				return errJob
			})
			n.publish("1")

			for range c.delivery - 1 {
				ack, err := acks.NextMsg(soon)
				require.NoError(t, err)
				require.Equal(t, "-NAK", string(ack.Data))
			}
			ack, err := acks.NextMsg(soon)
			require.NoError(t, err)
			var delay time.Duration
			_, err = fmt.Sscanf(string(ack.Data), `-NAK {"delay": %d}`, &delay)
			require.NoError(t, err)
			assert.GreaterOrEqual(t, delay, c.least)
			assert.LessOrEqual(t, delay, c.most)
		})
	}
}

func TestDecode(t *testing.T) {
	n := newServer(t)
	p, err := remudajetstream.New[remuda.Void](n.consumer(jetstream.ConsumerConfig{}), remuda.Config{})
	require.NoError(t, err)
	got := make(chan int, 1)
	closed := make(chan struct{})
	require.NoError(t, p.StartWithBuilder(remuda.JobBuilderFunc[jetstream.Msg, remuda.Void](func() remuda.Job[jetstream.Msg, remuda.Void] {
		return remudajetstream.Decode(func(data []byte) (int, error) {
			n, err := strconv.ParseInt(string(data), 16, 0)
			return int(n), err
		}, closingJob{got, closed})
	})))
	n.publish("ff", "no number")
	assert.Equal(t, 255, receive(t, got))
	assert.EqualValues(t, 2, n.settled().Delivered.Consumer)
	require.NoError(t, p.CloseWithTimeout(soon))
	receive(t, closed)
	assert.EqualValues(t, 1, p.Stats().Failed)
}

type closingJob struct {
	got    chan int
	closed chan struct{}
}

func (j closingJob) Do(_ context.Context, in int) (remuda.Void, error) {
	j.got <- in
	return remuda.Void{}, nil
}

func (j closingJob) Close() error { close(j.closed); return nil }

func TestDecodeFailureIsInvalidInput(t *testing.T) {
	job := remudajetstream.JSON(remuda.NoError(func(context.Context, int) int { return 0 }))
	_, err := job.Do(t.Context(), message{data: "{"})
	assert.ErrorIs(t, err, remuda.ErrInvalidInput)
	assert.EqualError(t, err, "remuda: invalid input: decode: unexpected end of JSON input")
}

// A message is one that comes from no server.
type message struct {
	jetstream.Msg
	data string
}

func (m message) Data() []byte { return []byte(m.data) }

func TestMessageFrom(t *testing.T) {
	_, ok := remudajetstream.MessageFrom(t.Context())
	assert.False(t, ok, "not in a pool")

	other := remuda.New[int, bool]()
	require.NoError(t, other.Start(remuda.NoError(func(ctx context.Context, _ int) bool {
		_, ok := remudajetstream.MessageFrom(ctx)
		return ok
	})))
	ok, err := other.Do(t.Context(), 1)
	require.NoError(t, err)
	assert.False(t, ok, "in another pool")
	require.NoError(t, other.CloseWithTimeout(soon))

	n := newServer(t)
	subjects := make(chan string, 1)
	start(t, n.consumer(jetstream.ConsumerConfig{}), remuda.Config{}, func(ctx context.Context, _ int) error {
		msg, _ := remudajetstream.MessageFrom(ctx)
		subjects <- msg.Subject()
		return nil
	})
	n.publish("1")
	assert.Equal(t, subject, receive(t, subjects))
	n.settled()
}
