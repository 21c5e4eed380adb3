package tasks_test

import (
	"context"
	"testing"
	"time"

	"github.com/remuda-go/remuda/tasks"
	"github.com/stretchr/testify/require"
)

// After Resume, workers that have waited take what was pushed meanwhile, at once.
func TestResumeWakesWorkersThatWait(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	k := tasks.Define[int, int]("resume")
	w := tasks.NewWorker(c)
	handle(t, w, k, 3, double)
	run(t, w)
	id := push(t, c, k, 1)
	_, err := k.Wait(within(t), c, id) // they wait
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, c.Pause(t.Context(), "resume"))
		id := push(t, c, k, 1)
		time.Sleep(50 * time.Millisecond)
		_, err := k.Result(t.Context(), c, id)
		require.ErrorIs(t, err, tasks.ErrNotDone)
		require.NoError(t, c.Resume(t.Context(), "resume"))
		at, cancel := context.WithTimeout(t.Context(), pullBeat/2)
		_, err = k.Wait(at, c, id)
		cancel()
		require.NoError(t, err)
	}
}

// pullBeat is how often the server looks at those who wait.
const pullBeat = 5 * time.Second
