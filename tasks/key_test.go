package tasks_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/embedded"
	"github.com/remuda-go/remuda/tasks/internal/setup"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Rule 5: who gives back a key looks whether it is still its own.
func TestAKeyThatAnotherTaskHasTaken(t *testing.T) {
	t.Parallel()
	c, _ := vandalise(t)
	k := tasks.Define[string, string]("taken")
	w := tasks.NewWorker(c)
	begun, release := make(chan string, 10), make(chan struct{})
	handle(t, w, k, 1, func(_ context.Context, in string) (string, error) {
		begun <- in
		<-release
		return in, nil
	})
	run(t, w)
	push(t, c, k, "first")
	assert.Equal(t, "first", receive(t, begun))
	cancelled := push(t, c, k, "cancelled", tasks.Unique("u"))
	require.NoError(t, c.Cancel(t.Context(), cancelled))
	holder := push(t, c, k, "holder", tasks.Unique("u"))
	release <- struct{}{}
	assert.Equal(t, "holder", receive(t, begun), "the carrier of the cancelled one was acknowledged unrun")
	_, err := k.Push(t.Context(), c, "third", tasks.Unique("u"))
	require.Equal(t, holder, duplicateOf(err))
	close(release)
}

// Rule 5: the sweeper gives back a key whose task has ended, and no other.
func TestAKeyThatWasNotGivenBack(t *testing.T) {
	t.Parallel()
	c, v := vandalise(t)
	k := tasks.Define[int, int]("stale")
	held := push(t, c, k, 1, tasks.Unique("held"), tasks.After(time.Hour))
	w := tasks.NewWorker(c)
	release := make(chan struct{})
	handle(t, w, k, 1, func(_ context.Context, n int) (int, error) { <-release; return n, nil })
	id := push(t, c, k, 1, tasks.Unique("u"))
	key := v.last("REMUDA_STATE", "remuda.key.stale.u")
	run(t, w)
	close(release)
	_, err := k.Wait(within(t), c, id)
	require.NoError(t, err)
	drained(t, c, "stale")
	stale := nats.NewMsg(key.Subject)
	for _, name := range []string{"Remuda-Task", "Remuda-Key"} {
		stale.Header.Set(name, key.Header.Get(name))
	}
	v.put(stale)
	_, err = k.Push(t.Context(), c, 2, tasks.Unique("u"))
	require.Equal(t, id, duplicateOf(err))
	require.Eventually(t, func() bool {
		_, err := k.Push(t.Context(), c, 2, tasks.Unique("u"))
		return err == nil
	}, soon, 20*time.Millisecond)
	_, err = k.Push(t.Context(), c, 2, tasks.Unique("held"))
	require.Equal(t, held, duplicateOf(err))
}

// Rule 5: who gives back a key looks whether the task has ended: it may have been
// redriven since.
func TestAKeyOfATaskThatWasRedriven(t *testing.T) {
	t.Parallel()
	var c *tasks.Client
	var once sync.Once
	redriven := make(chan error, 1)
	c = open(t, "", embedded.Client(func(o *setup.Options) {
		o.Fault = func(point, id string) {
			if point == "ended" { // the end is recorded, and the key not given back
				once.Do(func() { redriven <- c.Redrive(context.Background(), tasks.ID(id)) })
			}
		}
	}))
	k := tasks.Define[int, int]("revived", tasks.Attempts(1))
	w := tasks.NewWorker(c)
	first := true
	begun, release := make(chan int, 10), make(chan struct{})
	handle(t, w, k, 1, func(_ context.Context, n int) (int, error) {
		if first {
			first = false
			return 0, errors.New("dead")
		}
		begun <- n
		<-release
		return n, nil
	})
	id := push(t, c, k, 7, tasks.Unique("u"))
	run(t, w)
	require.NoError(t, receive(t, redriven))
	receive(t, begun)
	_, err := k.Push(t.Context(), c, 8, tasks.Unique("u"))
	require.Equal(t, id, duplicateOf(err))
	close(release)
	got, err := k.Wait(within(t), c, id)
	require.NoError(t, err)
	assert.Equal(t, 7, got)
}
