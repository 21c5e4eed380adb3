package tasks_test

import (
	"testing"
	"time"

	"github.com/remuda-go/remuda/tasks"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A task that waits and is pushed again under its ID, to be run later, is one task that
// waits; so is one that was to run later and is pushed again to run now.
func TestATaskThatWaitsTwiceIsListedOnce(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[int, int]("twice")
	soonest := push(t, c, k, 1, tasks.WithID("now"))
	push(t, c, k, 1, tasks.WithID("now"), tasks.After(time.Hour))
	push(t, c, k, 1, tasks.WithID("later"), tasks.After(time.Hour))
	later := push(t, c, k, 1, tasks.WithID("later"))
	other := push(t, c, k, 1, tasks.After(time.Hour))
	list := func(f tasks.Filter) (all []tasks.ID) {
		for i, err := range c.List(t.Context(), f) {
			require.NoError(t, err)
			info, err := c.Info(t.Context(), i.ID)
			require.NoError(t, err)
			assert.Equal(t, info.State, i.State, i.ID)
			all = append(all, i.ID)
		}
		return all
	}
	assert.ElementsMatch(t, []tasks.ID{soonest, later, other}, list(tasks.Filter{}))
	assert.ElementsMatch(t, []tasks.ID{soonest, later}, list(tasks.Filter{Kind: "twice", States: []tasks.State{tasks.Waiting}}))
	assert.ElementsMatch(t, []tasks.ID{other}, list(tasks.Filter{States: []tasks.State{tasks.Scheduled}}))
}
