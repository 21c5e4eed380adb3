package tasks_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/embedded"
	"github.com/stretchr/testify/require"
)

// What is read may be replaced and removed meanwhile; it is read to its end all the
// same, by the sweeper too.
func TestRecordsAreReadWhileTheyChange(t *testing.T) {
	t.Parallel()
	c := open(t, "", sweep(time.Millisecond))
	k := tasks.Define[int, int]("scan", tasks.Attempts(1000), tasks.Keep(100*time.Millisecond),
		tasks.Backoff(func(int) time.Duration { return 0 }))
	w := tasks.NewWorker(c)
	handle(t, w, k, 4, func(ctx context.Context, n int) (int, error) {
		if r, _ := tasks.RunFrom(ctx); r.Attempt < n {
			return 0, errors.New("again")
		}
		return n, nil
	})
	run(t, w)
	var ids []tasks.ID
	for i := range 100 {
		ids = append(ids, push(t, c, k, 2+i/5, tasks.Unique(fmt.Sprint(i)))) // a key is removed, and nothing comes in its place
	}
	reading, stop := context.WithCancel(within(t))
	read := make(chan error, 1)
	go func() {
		for reading.Err() == nil {
			for _, err := range c.Dead(within(t), tasks.Filter{}) {
				if err != nil {
					read <- err
					return
				}
			}
		}
		read <- nil
	}()
	for _, id := range ids {
		if _, err := k.Wait(within(t), c, id); !errors.Is(err, tasks.ErrNotFound) { // forgotten already
			require.NoError(t, err)
		}
	}
	stop()
	require.NoError(t, receive(t, read))
	require.Eventually(t, func() bool {
		_, err := c.Info(t.Context(), ids[99])
		return errors.Is(err, tasks.ErrNotFound)
	}, soon, 10*time.Millisecond, "the sweeper does not come to the end")
}

// What was to be read is removed, and nothing comes in its place.
func TestReadingEndsWhenTheRestIsRemoved(t *testing.T) {
	t.Parallel()
	addr := freeAddr(t)
	c := open(t, t.TempDir(), embedded.Listen(addr), embedded.RelaxedSync())
	nc, err := nats.Connect("nats://" + addr)
	require.NoError(t, err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	stream, err := js.Stream(t.Context(), "REMUDA_STATE")
	require.NoError(t, err)
	for i := range 2000 {
		m := nats.NewMsg(fmt.Sprintf("remuda.record.x.%d", i))
		m.Header.Set("Remuda-Record", `{"state":"dead"}`)
		_, err := js.PublishMsg(t.Context(), m)
		require.NoError(t, err)
	}
	n := 0
	for _, err := range c.Dead(within(t), tasks.Filter{}) {
		require.NoError(t, err)
		if n++; n == 1 {
			require.NoError(t, stream.Purge(t.Context(), jetstream.WithPurgeSubject("remuda.record.>")))
		}
	}
	require.Less(t, n, 2000)
}
