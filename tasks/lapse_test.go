package tasks_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/embedded"
	"github.com/remuda-go/remuda/tasks/internal/setup"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

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
