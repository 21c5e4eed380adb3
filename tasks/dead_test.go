package tasks_test

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"testing"

	"github.com/remuda-go/remuda/middleware"
	"github.com/remuda-go/remuda/tasks"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The dead are listed the longest dead first, whether they are few, so that each is read
// by itself, or many.
func TestTheDeadInOrder(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k, other := tasks.Define[int, int]("mortal"), tasks.Define[int, int]("other")
	w := tasks.NewWorker(c)
	die := func(_ context.Context, n int) (int, error) {
		return 0, middleware.Permanent(errors.New("n is " + strconv.Itoa(n)))
	}
	handle(t, w, k, 1, die)
	handle(t, w, other, 1, die)
	run(t, w)
	var ids []tasks.ID
	dies := func(k tasks.Kind[int, int], n int) tasks.ID {
		id := push(t, c, k, n)
		_, err := k.Wait(within(t), c, id)
		require.Error(t, err)
		return id
	}
	for n := range 5 {
		ids = append(ids, dies(k, n))
	}
	elsewhere := dies(other, 9)
	list := func(f tasks.Filter) (listed []tasks.ID) {
		t.Helper()
		f.States = []tasks.State{tasks.Dead}
		for i, err := range c.List(t.Context(), f) {
			require.NoError(t, err)
			assert.Equal(t, tasks.Dead, i.State)
			listed = append(listed, i.ID)
		}
		var told []tasks.ID
		for d, err := range c.Dead(t.Context(), f) {
			require.NoError(t, err)
			assert.NotEmpty(t, d.Payload)
			told = append(told, d.ID)
		}
		assert.Equal(t, listed, told)
		return listed
	}
	check := func() {
		t.Helper()
		require.NoError(t, c.Redrive(t.Context(), ids[0])) // it dies again, the last of them
		_, err := k.Wait(within(t), c, ids[0])
		require.Error(t, err)
		state(t, c, ids[0], tasks.Dead)
		ids = append(ids[1:], ids[0])
		assert.Equal(t, ids, list(tasks.Filter{Kind: "mortal"}))
		assert.Equal(t, ids[len(ids)-2:], list(tasks.Filter{Kind: "mortal", Limit: 2}))
		assert.Equal(t, ids, list(tasks.Filter{Kind: "mortal", Limit: len(ids)}))
		assert.Equal(t, []tasks.ID{elsewhere}, list(tasks.Filter{Reason: regexp.MustCompile("n is 9$")}))
	}
	check()
	require.NoError(t, c.Delete(t.Context(), ids[1]))
	ids = append(ids[:1], ids[2:]...)
	check()
	for n := range 1000 { // more than are read one by one
		ids = append(ids, push(t, c, k, n%9))
	}
	_, err := k.Wait(within(t), c, ids[len(ids)-1])
	require.Error(t, err)
	check()
}
