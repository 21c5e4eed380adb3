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

func TestJobsThatWaitForTasks(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	child := tasks.Define[int, int]("child")
	parent := tasks.Define[int, int]("parent")
	w := tasks.NewWorker(c)
	handle(t, w, child, 1, double)
	handle(t, w, parent, 2, func(ctx context.Context, n int) (int, error) {
		r, _ := tasks.RunFrom(ctx)
		id, err := child.Push(ctx, c, n, tasks.WithID(r.ID.Name()))
		if err != nil {
			return 0, err
		}
		var waits sync.WaitGroup
		for range 3 { // several goroutines of one run may wait
			waits.Go(func() { _, _ = child.Wait(ctx, c, id) })
		}
		waits.Wait()
		return child.Wait(ctx, c, id)
	})
	run(t, w)
	for i := range 5 {
		got, err := parent.Wait(within(t), c, push(t, c, parent, i))
		require.NoError(t, err)
		assert.Equal(t, 2*i, got)
	}
}

// Rule 11: a run that waits for another task does not keep that from being alone. Once it
// has what it waited for, it goes on, and does.
func TestAJobThatWaitsForASuspect(t *testing.T) {
	t.Parallel()
	c, child, suspected := suspecting(t)
	parent := tasks.Define[int, int]("waiting")
	w := tasks.NewWorker(c)
	begun := make(chan string, 10)
	handle(t, w, child, 2, func(_ context.Context, name string) (int, error) { begun <- name; return len(name), nil })
	runs, first := make(chan int), make(chan tasks.ID)
	back, finish := make(chan int), make(chan struct{})
	handle(t, w, parent, 1, func(ctx context.Context, _ int) (n int, err error) {
		runs <- 1
		id := <-first
		var waits sync.WaitGroup
		for range 3 {
			waits.Go(func() { _, _ = child.Wait(ctx, c, id) })
		}
		n, err = child.Wait(ctx, c, id)
		waits.Wait()
		back <- n
		<-finish
		return n, err
	})
	run(t, w)
	id := push(t, c, parent, 1)
	receive(t, runs)
	first <- suspected("first")
	assert.Equal(t, "first", receive(t, begun))
	assert.Equal(t, 5, receive(t, back))
	second := suspected("second")
	time.Sleep(100 * time.Millisecond)
	assert.Empty(t, begun, "it runs beside the other")
	close(finish)
	assert.Equal(t, "second", receive(t, begun))
	_, err := parent.Wait(within(t), c, id)
	require.NoError(t, err)
	_, err = child.Wait(within(t), c, second)
	require.NoError(t, err)
}

// suspecting opens a store, and returns a kind of tasks and what pushes one of them that
// is a suspect: its process was killed while it ran.
func suspecting(t *testing.T) (*tasks.Client, tasks.Kind[string, int], func(name string) tasks.ID) {
	var j setup.Journal
	c := open(t, "", embedded.Client(func(o *setup.Options) { j = o.Journal }))
	k := tasks.Define[string, int]("suspected")
	return c, k, func(name string) tasks.ID {
		require.NoError(t, j.Begin("suspected."+name, 0))
		return push(t, c, k, name, tasks.WithID(name))
	}
}

// A forked task is one whose run waits for two tasks, each in a goroutine of its own: the
// one that first tells, whose output it returns, and the one that done tells.
type forked struct {
	kind  tasks.Kind[int, int]
	id    tasks.ID
	first chan tasks.ID
	done  chan tasks.ID
	ended tasks.ID // a task that has ended, for done
}

// fork runs the worker and, once a task of the kind child has ended, a forked task, which
// calls then when it has what done told.
func fork(t *testing.T, c *tasks.Client, w *tasks.Worker, child tasks.Kind[string, int], then func()) forked {
	f := forked{kind: tasks.Define[int, int]("forked"), first: make(chan tasks.ID), done: make(chan tasks.ID, 1)}
	runs := make(chan int)
	handle(t, w, f.kind, 1, func(ctx context.Context, _ int) (n int, err error) {
		runs <- 1
		var waits sync.WaitGroup
		waits.Go(func() { n, err = child.Wait(ctx, c, <-f.first) })
		_, doneErr := child.Wait(ctx, c, <-f.done)
		then()
		waits.Wait()
		return n, errors.Join(err, doneErr)
	})
	run(t, w)
	f.ended = push(t, c, child, "ended")
	_, err := child.Wait(within(t), c, f.ended)
	require.NoError(t, err)
	f.id = push(t, c, f.kind, 1)
	receive(t, runs)
	return f
}

// Rule 11: a run of which one goroutine waits for a suspect does not wait for that in
// another goroutine, which may be what the suspect waits for.
func TestAJobOfWhichAPartWaitsForASuspect(t *testing.T) {
	t.Parallel()
	c, child, suspected := suspecting(t)
	w := tasks.NewWorker(c)
	begun, release := make(chan string, 10), make(chan struct{})
	handle(t, w, child, 2, func(_ context.Context, name string) (int, error) {
		begun <- name
		if name == "suspect" {
			<-release
		}
		return len(name), nil
	})
	f := fork(t, c, w, child, func() { close(release) })
	assert.Equal(t, "ended", receive(t, begun))
	f.first <- suspected("suspect")
	assert.Equal(t, "suspect", receive(t, begun)) // alone: the other waits for it
	f.done <- f.ended
	got, err := f.kind.Wait(within(t), c, f.id)
	require.NoError(t, err)
	assert.Equal(t, 7, got)
}

// Rule 11: a run takes its share back once, whatever of it waits meanwhile. With two of
// them, no suspect would ever be alone.
func TestAJobThatWaitsWhileItTakesItsShareBack(t *testing.T) {
	t.Parallel()
	c, child, suspected := suspecting(t)
	w := tasks.NewWorker(c)
	begun, release := make(chan string, 10), map[string]chan struct{}{"first": make(chan struct{}), "second": make(chan struct{})}
	handle(t, w, child, 2, func(_ context.Context, name string) (int, error) {
		begun <- name
		if ch := release[name]; ch != nil {
			<-ch
		}
		return len(name), nil
	})
	f := fork(t, c, w, child, func() { close(release["second"]) })
	assert.Equal(t, "ended", receive(t, begun))
	f.first <- suspected("first")
	assert.Equal(t, "first", receive(t, begun))
	state(t, c, suspected("second"), tasks.Running) // it waits to be alone
	time.Sleep(100 * time.Millisecond)
	close(release["first"])
	assert.Equal(t, "second", receive(t, begun)) // before the parent has its share again
	time.Sleep(100 * time.Millisecond)
	f.done <- f.ended
	got, err := f.kind.Wait(within(t), c, f.id)
	require.NoError(t, err)
	assert.Equal(t, 5, got)
	_, err = child.Wait(within(t), c, suspected("third"))
	require.NoError(t, err)
}
