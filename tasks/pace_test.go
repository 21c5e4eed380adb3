package tasks_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/internal/setup"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A sweeper rests while there is work, which would otherwise wait for it, and loses no
// time while there is none.
func TestASweeperRestsWhileThereIsWork(t *testing.T) {
	t.Parallel()
	n := newServer(t)
	var rests atomic.Int64
	c := n.connect(func(o *setup.Options) {
		o.Sweep = 20 * time.Millisecond
		o.Fault = func(point, _ string) {
			if point == "rest" {
				rests.Add(1)
			}
		}
	})
	js, err := jetstream.New(n.dial())
	require.NoError(t, err)
	k := tasks.Define[int, int]("swept", tasks.Keep(time.Millisecond*100))
	push(t, c, k, 0)
	fill := func(from int) { // what was done, and is to be forgotten
		for i := range 1000 {
			m := nats.NewMsg(fmt.Sprintf("remuda.record.swept.%d", from+i))
			m.Header.Set("Remuda-Record", `{"state":"done"}`)
			_, err := js.PublishMsgAsync(m)
			require.NoError(t, err)
		}
		<-js.PublishAsyncComplete()
	}
	fill(0)
	w := tasks.NewWorker(c)
	run(t, w)
	require.Eventually(t, func() bool {
		state, err := js.Stream(t.Context(), "REMUDA_STATE")
		require.NoError(t, err)
		return state.CachedInfo().State.Msgs < 500
	}, soon, 20*time.Millisecond, "nothing is swept")
	assert.Zero(t, rests.Load())
	fill(1000)
	require.Eventually(t, func() bool {
		push(t, c, k, 1)
		return rests.Load() > 0
	}, soon, time.Millisecond)
}
