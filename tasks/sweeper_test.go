package tasks_test

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/embedded"
	"github.com/remuda-go/remuda/tasks/internal/setup"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The first worker of a store in this process sweeps when it begins, and the next one
// does not: they share the sweeper, whose next round is a minute later.
func TestTheWorkersOfAClientShareItsSweeper(t *testing.T) {
	t.Parallel()
	var o *setup.Options
	c := open(t, "", embedded.Client(func(opts *setup.Options) { o = opts }))
	js, err := jetstream.New(o.Conn)
	require.NoError(t, err)
	rounds := func() (last uint64) { // of which each writes that it is under way
		state, err := js.Stream(t.Context(), "REMUDA_STATE")
		require.NoError(t, err)
		if msg, err := state.GetLastMsgForSubject(t.Context(), "remuda.duty.sweeper"); err == nil {
			last = msg.Sequence
		}
		return last
	}
	k := tasks.Define[int, int]("shared")
	work := func() {
		w := tasks.NewWorker(c)
		handle(t, w, k, 1, double)
		ended := make(chan error, 1)
		go func() { ended <- w.Run(t.Context()) }()
		_, err := k.Wait(within(t), c, push(t, c, k, 1))
		require.NoError(t, err)
		time.Sleep(200 * time.Millisecond) // a round is over by then, if there is one
		require.NoError(t, w.Close(within(t)))
		require.NoError(t, receive(t, ended))
	}
	work()
	first := rounds()
	require.NotZero(t, first, "the first worker does not sweep")
	work()
	assert.Equal(t, first, rounds(), "the second worker sweeps anew")
}
