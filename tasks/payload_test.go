package tasks_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/remuda-go/remuda/middleware"
	"github.com/remuda-go/remuda/tasks"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A payload can be looked at in every state but done.
func TestPayload(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[string, string]("payload", tasks.Backoff(func(int) time.Duration { return time.Hour }))
	ids := map[tasks.State]tasks.ID{
		tasks.Waiting:   push(t, c, k, "waiting"),
		tasks.Scheduled: push(t, c, k, "scheduled", tasks.After(time.Hour)),
		tasks.Cancelled: push(t, c, k, "cancelled"),
	}
	require.NoError(t, c.Cancel(t.Context(), ids[tasks.Cancelled]))
	check := func(s tasks.State) {
		payload, err := c.Payload(t.Context(), ids[s])
		require.NoError(t, err, s)
		assert.Equal(t, `"`+string(s)+`"`, string(payload))
	}
	for s := range ids {
		check(s)
	}

	w := tasks.NewWorker(c)
	handle(t, w, k, 2, func(_ context.Context, in string) (string, error) {
		switch in {
		case "retrying":
			return "", errors.New("later")
		case "dead":
			return "", middleware.Permanent(errors.New("never"))
		}
		return in, nil
	})
	run(t, w)
	for _, s := range []tasks.State{tasks.Retrying, tasks.Dead, tasks.Done} {
		ids[s] = push(t, c, k, string(s))
		state(t, c, ids[s], s)
	}
	check(tasks.Retrying)
	check(tasks.Dead)
	_, err := c.Payload(t.Context(), ids[tasks.Done])
	require.ErrorIs(t, err, tasks.ErrEnded)
	_, err = c.Payload(t.Context(), tasks.NewID("payload", "none"))
	require.ErrorIs(t, err, tasks.ErrNotFound)
	_, err = c.Payload(t.Context(), "no dot")
	require.ErrorIs(t, err, tasks.ErrInvalidName)
}
