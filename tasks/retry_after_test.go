package tasks_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/remuda-go/remuda/tasks"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// RetryAfter chooses the delay, and the attempt counts.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	require.NoError(t, tasks.RetryAfter(nil, time.Second))
	c := open(t, "")
	k := tasks.Define[int, int]("after", tasks.Attempts(2), tasks.Backoff(func(int) time.Duration { return time.Hour }))
	w := tasks.NewWorker(c)
	refused := errors.New("503")
	var at []time.Time
	handle(t, w, k, 1, func(context.Context, int) (int, error) {
		at = append(at, time.Now())
		return 0, fmt.Errorf("call: %w", tasks.RetryAfter(refused, 300*time.Millisecond))
	})
	run(t, w)
	id := push(t, c, k, 1)
	info := state(t, c, id, tasks.Retrying)
	assert.Equal(t, 1, info.Attempts)
	assert.Equal(t, "call: 503", info.Reason)
	info = state(t, c, id, tasks.Dead)
	assert.Equal(t, 2, info.Attempts)
	require.Len(t, at, 2)
	assert.GreaterOrEqual(t, at[1].Sub(at[0]), 290*time.Millisecond)
	assert.ErrorIs(t, tasks.RetryAfter(refused, 0), refused)

	dead, err := c.DeadTask(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, info, dead.Info)
	assert.Equal(t, "1", string(dead.Payload))
	_, err = c.DeadTask(t.Context(), push(t, c, k, 2, tasks.After(time.Hour)))
	require.ErrorIs(t, err, tasks.ErrNotFound)
}
