package crash_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"testing"
	"testing/synctest"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/tasks"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// skewedEnv makes TestSkewedProcess a process whose clock is wrong. It holds the
// server's URL.
const skewedEnv = "REMUDA_SKEWED_CHILD"

// skewed is a kind whose retries go through the schedule stream. Its output is how
// long the run had until its deadline.
var skewed = tasks.Define[string, time.Duration]("skewed", tasks.Backoff(func(int) time.Duration { return time.Minute }))

// Rule 7: times are the server's. A process whose clock is decades behind pushes
// tasks that come due when they should, retries them when it should, and does not
// take what has yet to expire for expired.
func TestAClockThatIsWrong(t *testing.T) {
	t.Parallel()
	url := serve(t)
	c, err := tasks.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close()) }()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	expires := time.Now().Add(time.Hour)
	bound, err := skewed.Push(ctx, c, "bound", tasks.Expires(expires))
	require.NoError(t, err)
	expired, err := skewed.Push(ctx, c, "expired", tasks.Expires(time.Now()))
	require.NoError(t, err)
	failing, err := skewed.Push(ctx, c, "fail")
	require.NoError(t, err)

	begun := time.Now()
	cmd := exec.Command(os.Args[0], "-test.run=^TestSkewedProcess$")
	cmd.Env = append(os.Environ(), skewedEnv+"="+url)
	require.NoError(t, cmd.Start())
	defer func() {
		require.NoError(t, cmd.Process.Kill())
		require.EqualError(t, cmd.Wait(), "signal: killed")
	}()
	come := func(id tasks.ID, want tasks.State) (info tasks.Info) {
		t.Helper()
		require.Eventually(t, func() bool {
			info, err = c.Info(ctx, id)
			return err == nil && info.State == want
		}, soon, 5*time.Millisecond, "%s is %s", id, info.State)
		return info
	}

	left, err := skewed.Wait(ctx, c, bound)
	require.NoError(t, err)
	assert.InDelta(t, time.Hour, left, float64(soon))
	come(expired, tasks.Expired)
	within := func(at time.Time, delay time.Duration) {
		t.Helper()
		assert.WithinRange(t, at, begun.Add(delay), time.Now().Add(delay))
	}
	within(come(failing, tasks.Retrying).Due, time.Minute)
	within(come(tasks.NewID(skewed.Name(), "later"), tasks.Scheduled).Due, time.Hour)
}

// It is no test, but the process of the one above. The clock of a bubble begins in
// the year 2000 and stands still as long as somebody waits for the network.
func TestSkewedProcess(t *testing.T) {
	url := os.Getenv(skewedEnv)
	if url == "" {
		t.Skip("it is a part of TestAClockThatIsWrong")
	}
	synctest.Test(t, func(t *testing.T) {
		require.Equal(t, 2000, time.Now().Year())
		c, err := tasks.Connect(t.Context(), url)
		require.NoError(t, err)
		_, err = skewed.Push(t.Context(), c, "later", tasks.WithID("later"), tasks.After(time.Hour))
		require.NoError(t, err)
		w := tasks.NewWorker(c)
		_, err = skewed.Handle(w, remuda.Func(func(ctx context.Context, in string) (time.Duration, error) {
			if in == "fail" {
				return 0, errors.New("later")
			}
			deadline, _ := ctx.Deadline()
			return time.Until(deadline), nil
		}), remuda.Config{})
		require.NoError(t, err)
		require.NoError(t, w.Run(t.Context())) // until it is killed
	})
}
