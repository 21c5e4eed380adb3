package tasks_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/embedded"
	"github.com/remuda-go/remuda/tasks/internal/setup"
	"github.com/stretchr/testify/require"
)

// Rule 4: a Push under an ID that is being forgotten is not called stored if its carrier
// was acknowledged unrun, for the record that is gone by the time that Push reads it.
func TestAPushWhileItsIDIsForgotten(t *testing.T) {
	t.Parallel()
	forgetting, forget := make(chan struct{}), make(chan struct{})
	pushed, goOn := make(chan struct{}), make(chan struct{})
	var first, again sync.Once
	var armed bool
	c := open(t, "", sweep(20*time.Millisecond), embedded.Client(func(o *setup.Options) {
		o.Fault = func(point, _ string) {
			switch {
			case point == "forget":
				first.Do(func() { close(forgetting); <-forget })
			case point == "pushed" && armed:
				again.Do(func() { close(pushed); <-goOn })
			}
		}
	}))
	k := tasks.Define[int, int]("gap", tasks.Keep(200*time.Millisecond))
	w := tasks.NewWorker(c)
	handle(t, w, k, 1, double)
	run(t, w)
	id := push(t, c, k, 1, tasks.WithID("a"))
	_, err := k.Wait(within(t), c, id)
	require.NoError(t, err)
	receive(t, forgetting)
	armed = true
	outcome := make(chan error, 1)
	go func() {
		_, err := k.Push(context.Background(), c, 1, tasks.WithID("a"))
		outcome <- err
	}()
	receive(t, pushed)
	drained(t, c, "gap") // acknowledged unrun
	close(forget)
	require.Eventually(t, func() bool {
		_, err := k.Result(t.Context(), c, id)
		return err != nil
	}, soon, time.Millisecond)
	close(goOn)
	require.Equal(t, id, duplicateOf(receive(t, outcome)), "it has ended, and nothing is there")
	require.Eventually(t, func() bool { // the window forgets, too
		_, err := k.Push(t.Context(), c, 1, tasks.WithID("a"))
		return err == nil
	}, soon, 10*time.Millisecond)
}
