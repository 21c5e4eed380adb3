package tasks_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/remuda-go/remuda/middleware"
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/internal/setup"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A vandal changes by hand what is stored, into what a process may leave that is killed
// in the wrong place.
type vandal struct {
	t  testing.TB
	js jetstream.JetStream
}

// vandalise starts a server on which a sweeper comes often, and has a vandal.
func vandalise(t testing.TB) (*tasks.Client, vandal) {
	n := newServer(t)
	c := n.connect(func(s *setup.Options) { s.Sweep = 50 * time.Millisecond })
	js, err := jetstream.New(n.dial())
	require.NoError(t, err)
	return c, vandal{t, js}
}

func (v vandal) stream(name string) jetstream.Stream {
	s, err := v.js.Stream(v.t.Context(), name)
	require.NoError(v.t, err)
	return s
}

func (v vandal) purge(stream, subject string) {
	require.NoError(v.t, v.stream(stream).Purge(v.t.Context(), jetstream.WithPurgeSubject(subject)))
}

func (v vandal) last(stream, subject string) *jetstream.RawStreamMsg {
	msg, err := v.stream(stream).GetLastMsgForSubject(v.t.Context(), subject)
	require.NoError(v.t, err)
	return msg
}

func (v vandal) put(msg *nats.Msg) {
	_, err := v.js.PublishMsg(v.t.Context(), msg)
	require.NoError(v.t, err)
}

// Rule 1: only what has ended is forgotten, and of that not the dead.
func TestWhatHasNotEndedIsNotForgotten(t *testing.T) {
	t.Parallel()
	c, v := vandalise(t)
	k := tasks.Define[int, int]("kept", tasks.Keep(100*time.Millisecond), tasks.MaxQueued(1),
		tasks.Backoff(func(int) time.Duration { return 3 * time.Second }))
	w := tasks.NewWorker(c)
	run(t, w) // which sweeps
	job := func(ctx context.Context, n int) (int, error) {
		r, _ := tasks.RunFrom(ctx)
		switch {
		case n == 0:
			return 0, middleware.Permanent(errors.New("dead"))
		case n == 1 && r.Attempt == 1:
			return 0, errors.New("later")
		}
		return n, nil
	}
	h := handle(t, w, k, 1, job)
	dead := push(t, c, k, 0)
	state(t, c, dead, tasks.Dead)
	drained(t, c, "kept")
	retrying := push(t, c, k, 1)
	state(t, c, retrying, tasks.Retrying)
	drained(t, c, "kept")
	require.NoError(t, h.Close(within(t)))
	push(t, c, k, 2) // the kind is full, so that what is lost can't come back
	done := make(chan struct{})
	time.AfterFunc(4500*time.Millisecond, func() { close(done) }) // Keep and the window have passed, and it is due
	for over := false; !over; {
		select {
		case <-done:
			over = true
		default:
			v.purge("REMUDA_SCHEDULE", "remuda.*."+string(retrying)+".1")
			time.Sleep(5 * time.Millisecond)
		}
	}
	info, err := c.Info(t.Context(), dead)
	require.NoError(t, err)
	assert.Equal(t, tasks.Dead, info.State)
	info, err = c.Info(t.Context(), retrying)
	require.NoError(t, err)
	assert.Equal(t, tasks.Retrying, info.State)
	handle(t, w, k, 1, job)
	got, err := k.Wait(within(t), c, retrying)
	require.NoError(t, err)
	assert.Equal(t, 1, got)
}

// Rule 1: an ID is remembered for Keep, and for the window of its queue, which may have
// been made with another Keep.
func TestAnIDIsRememberedForKeepAndTheWindow(t *testing.T) {
	t.Parallel()
	c, _ := vandalise(t)
	w := tasks.NewWorker(c)
	ids := make(map[tasks.ID]tasks.Kind[int, int])
	for name, keeps := range map[string][2]time.Duration{"window": {time.Hour, 100 * time.Millisecond}, "keep": {100 * time.Millisecond, time.Hour}} {
		push(t, c, tasks.Define[int, int](name, tasks.Keep(keeps[0])), 1)
		k := tasks.Define[int, int](name, tasks.Keep(keeps[1]))
		handle(t, w, k, 1, double)
		ids[push(t, c, k, 1, tasks.WithID("a"))] = k
	}
	run(t, w)
	for id, k := range ids {
		_, err := k.Wait(within(t), c, id)
		require.NoError(t, err)
	}
	time.Sleep(time.Second)
	for id, k := range ids {
		_, err := k.Result(t.Context(), c, id)
		require.NoError(t, err)
	}
}

// Rule 1: an end is remembered while a carrier is there that would run again without it.
func TestAnEndIsRememberedWhileACarrierIsThere(t *testing.T) {
	t.Parallel()
	c, v := vandalise(t)
	k := tasks.Define[int, int]("spoken", tasks.Keep(3*time.Second))
	w := tasks.NewWorker(c)
	runs := make(chan int, 10)
	handle(t, w, k, 1, func(_ context.Context, n int) (int, error) { runs <- n; return n, nil })
	run(t, w)
	id := push(t, c, k, 1, tasks.WithID("a"))
	_, err := k.Wait(within(t), c, id)
	require.NoError(t, err)
	require.NoError(t, c.Pause(t.Context(), "spoken"))
	drained(t, c, "spoken")
	again := nats.NewMsg("remuda.queue.spoken.a")
	again.Data = []byte("1")
	v.put(again)
	_, err = k.Result(t.Context(), c, id)
	require.NoError(t, err, "the carrier came too late to be spoken of")
	time.Sleep(4 * time.Second)
	require.NoError(t, c.Resume(t.Context(), "spoken"))
	drained(t, c, "spoken")
	assert.Len(t, runs, 1)
}

// Rule 3: that the window remembers a carrier does not say that the task is in its
// queue: it may have been acknowledged unrun, for a record that is forgotten.
func TestADueMessageWhoseCarrierIsGone(t *testing.T) {
	t.Parallel()
	c, v := vandalise(t)
	k := tasks.Define[int, int]("due", tasks.Keep(3*time.Second)) // which is the window, too
	push(t, c, k, 1)
	msg := nats.NewMsg("remuda.queue.due.a")
	msg.Header.Set(jetstream.MsgIDHeader, "due.a@0")
	v.put(msg)
	v.purge("REMUDA_QUEUE_due", "remuda.queue.due.a")
	id := push(t, c, k, 21, tasks.WithID("a"), tasks.After(50*time.Millisecond))
	w := tasks.NewWorker(c)
	handle(t, w, k, 1, double)
	run(t, w)
	got, err := k.Wait(within(t), c, id)
	require.NoError(t, err)
	assert.Equal(t, 42, got)
}

// Rule 6: the sweeper ends what has expired, also if the schedule for that is lost.
func TestATaskExpiresThatNothingTellsOf(t *testing.T) {
	t.Parallel()
	c, v := vandalise(t)
	k := tasks.Define[int, int]("lost", tasks.Backoff(func(int) time.Duration { return time.Hour }))
	w := tasks.NewWorker(c)
	handle(t, w, k, 1, func(context.Context, int) (int, error) { return 0, errors.New("later") })
	run(t, w)
	id := push(t, c, k, 1, tasks.Expires(time.Now().Add(2*time.Second)))
	state(t, c, id, tasks.Retrying)
	v.purge("REMUDA_SCHEDULE", "remuda.schedule."+string(id)+".expire")
	state(t, c, id, tasks.Expired)
}

// Wait looks again for an end of which it was not told.
func TestWaitWithoutEvents(t *testing.T) {
	t.Parallel()
	c, v := vandalise(t)
	state := v.stream("REMUDA_STATE").CachedInfo().Config
	state.RePublish = nil
	_, err := v.js.UpdateStream(t.Context(), state)
	require.NoError(t, err)
	k := tasks.Define[int, int]("untold")
	id := push(t, c, k, 21)
	w := tasks.NewWorker(c)
	begun, release := make(chan int), make(chan struct{})
	handle(t, w, k, 1, func(_ context.Context, n int) (int, error) { begun <- n; <-release; return 2 * n, nil })
	run(t, w)
	receive(t, begun)
	time.AfterFunc(time.Second, func() { close(release) }) // its first looks have found nothing
	got, err := k.Wait(within(t), c, id)
	require.NoError(t, err)
	assert.Equal(t, 42, got)
}

// Rule 10: a server that still writes the first copy of a carrier has not refused it.
func TestADuplicateThatIsUnderWay(t *testing.T) {
	t.Parallel()
	n := newServer(t)
	c := n.connect()
	conn := n.dial()
	js, err := jetstream.New(conn)
	require.NoError(t, err)
	// A queue that does not hear of its carriers: the test answers in its place.
	_, err = js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "REMUDA_QUEUE_conflict", Subjects: []string{"elsewhere"}, MaxMsgs: 1_000_000})
	require.NoError(t, err)
	answers := []string{
		`{"error":{"code":409,"err_code":10158,"description":"message is a duplicate of one in progress"}}`,
		`{"stream":"REMUDA_QUEUE_conflict","seq":1}`,
	}
	asked := make(chan string, 10)
	_, err = conn.Subscribe("remuda.queue.conflict.*", func(msg *nats.Msg) {
		asked <- msg.Header.Get(jetstream.MsgIDHeader)
		_ = msg.Respond([]byte(answers[min(len(asked), len(answers))-1]))
	})
	require.NoError(t, err)
	require.NoError(t, conn.Flush())
	id := push(t, c, tasks.Define[int, int]("conflict"), 1)
	for range answers {
		assert.Equal(t, string(id)+"@0", receive(t, asked))
	}
	assert.Empty(t, asked)
}
