package crash_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/embedded"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// soon bounds what has to come, and is never waited for in a test that passes.
const soon = 20 * time.Second

// A process that was killed at a point, in the middle of one task, leaves what the
// next one makes good. Each row names what is promised.
func TestKilledAtAPoint(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		point, sort string
		begun       int // runs, over both processes
		rule        string
	}{
		{"key", "unique", 1, "rule 5: the key is the commit point; the sweeper publishes the carrier"},
		{"taken", "plain", 1, "taken and not begun: it runs once"},
		{"begun", "plain", 1, "killed as the run begins: again"},
		{"run", "plain", 2, "killed at the end of the run, which was not recorded: again"},
		{"end", "plain", 2, "the same, a step later"},
		{"ended", "plain", 1, "killed after the result, before the ack: not run again"},
		{"ack", "plain", 1, "the same, a step later"},
		{"ended", "never", 1, "killed between the dead letter and the ack: the same dead letter"},
		{"again", "fail", 2, "rule 1: killed before the retry was recorded: again"},
		{"retrying", "fail", 2, "rule 6: a record without a carrier gets one"},
		{"release", "unique", 1, "rule 5: the key is given back"},
		{"moved", "later", 1, "rule 3: a due message that is moved twice is one task"},
		{"overdue", "jammed", 1, "rule 6: a schedule that never fired is published again"},
	} {
		t.Run(row.point+"/"+row.sort, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, order{})
			only := func(o *order) { o.Only, o.Pushes = row.sort, 1 }
			require.True(t, w.process(func(o *order) { only(o); o.Point, o.Nth, o.Idle = row.point, 1, row.sort == "later" }), row.rule)
			require.False(t, w.process(func(o *order) { only(o); o.Pushes, o.Finish = 0, true }))
			h := w.history()
			id := tasks.NewID("work", row.sort+"-1-0")
			begun := 0
			for _, n := range h.begun[id] {
				begun += n
			}
			assert.Equal(t, row.begun, begun, row.rule)
			c, err := embedded.Open(t.Context(), w.o.Dir)
			require.NoError(t, err)
			defer func() { require.NoError(t, c.Close()) }()
			info, err := c.Info(t.Context(), id)
			require.NoError(t, err)
			want := tasks.Done
			if row.sort == "never" {
				want = tasks.Dead
			}
			assert.Equal(t, want, info.State, row.rule)
			if row.sort == "unique" {
				_, err := work.Push(t.Context(), c, "unique again", tasks.Unique("key-1-0"))
				require.NoError(t, err, row.rule)
			}
		})
	}
}

// Rule 4: what a pusher did that was killed, nobody knows. Pushed again with the same ID
// it is one task, whether the first push was stored or not.
func TestAPusherThatIsKilled(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"push", "pushed", "stored"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, order{})
			require.True(t, w.process(func(o *order) { o.Only, o.Pushes, o.Point, o.Nth, o.Idle = "plain", 1, point, 1, true }))
			c, err := embedded.Open(t.Context(), w.o.Dir)
			require.NoError(t, err)
			id, err := work.Push(t.Context(), c, "plain 1-0", tasks.WithID("plain-1-0"))
			require.NoError(t, err)
			require.NoError(t, c.Close())
			require.False(t, w.process(func(o *order) { o.Only, o.Finish = "plain", true }))
			assert.Equal(t, map[tasks.ID]map[int]int{id: {2: 1}}, w.history().begun)
		})
	}
}

// Rule 8: a firing that is moved twice, since its mover was killed in between, is one
// task.
func TestAFiringIsOneTask(t *testing.T) {
	t.Parallel()
	w := newWorld(t, order{})
	require.True(t, w.process(func(o *order) { o.Only, o.Pushes, o.Point, o.Nth, o.Idle = "cron", 1, "fired", 1, true }))
	require.False(t, w.process(func(o *order) { o.Only, o.Finish = "cron", true }))
	h := w.history()
	require.NotEmpty(t, h.begun)
	for id, epochs := range h.begun {
		assert.Equal(t, map[int]int{2: 1}, epochs, id)
	}
}

// Rule 11: a task that ends its process each time is buried when its attempts are used
// up, and not run once more. Its neighbours lose nothing, although they run whenever it
// strikes, and would be buried with it if they were charged for that.
func TestAKiller(t *testing.T) {
	t.Parallel()
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		testKiller(t, newWorld(t, order{}))
	})
	t.Run("cluster", func(t *testing.T) {
		t.Parallel()
		testKiller(t, newWorld(t, order{URL: serve(t)}))
	})
}

func testKiller(t *testing.T, w *world) {
	open := func() *tasks.Client {
		c, err := order{Dir: w.o.Dir, URL: w.o.URL}.open(t.Context(), &logbook{})
		require.NoError(t, err)
		return c
	}
	c := open()
	var neighbours []tasks.ID
	for range 2 {
		n, err := neighbour.Push(t.Context(), c, "long x")
		require.NoError(t, err)
		neighbours = append(neighbours, n)
	}
	id, err := killer.Push(t.Context(), c, "x")
	require.NoError(t, err)
	require.NoError(t, c.Close())
	died := 0
	for {
		if !w.dies(func(o *order) { o.Finish = true }) {
			break
		}
		died++
		require.LessOrEqual(t, died, 3)
	}
	assert.Equal(t, 3, died)
	c = open()
	defer func() { require.NoError(t, c.Close()) }()
	_, err = killer.Result(t.Context(), c, id)
	var dead *tasks.TaskError
	require.ErrorAs(t, err, &dead)
	assert.Equal(t, 3, dead.Attempts)
	for _, n := range neighbours {
		info, err := c.Info(t.Context(), n)
		require.NoError(t, err)
		assert.Equal(t, tasks.Done, info.State, info.Reason)
		assert.Equal(t, 1, info.Attempts)
	}
}

// What a killed process held runs again at once where the server was part of it:
// with a lease of an hour there is nothing else to wait for.
func TestRunsAgainAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, order{})
	require.True(t, w.process(func(o *order) { o.Only, o.Pushes, o.Point, o.Nth, o.Lease = "plain", 1, "run", 1, time.Hour }))
	require.False(t, w.process(func(o *order) { o.Only, o.Finish, o.Lease = "plain", true, time.Hour }))
	assert.Len(t, w.history().begun[tasks.NewID("work", "plain-1-0")], 2)
}

// A process that is killed while it ends the leases of the one before leaves the kinds as
// they are: what was paused stays paused, and what is bounded stays bounded.
func TestKilledWhileLeasesEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, order{})
	open := func() *tasks.Client {
		c, err := embedded.Open(t.Context(), w.o.Dir)
		require.NoError(t, err)
		return c
	}
	bounded := tasks.Define[int, int]("bounded", tasks.MaxRunning(1))
	c := open()
	_, err := bounded.Push(t.Context(), c, 1)
	require.NoError(t, err)
	require.NoError(t, c.Pause(t.Context(), "bounded"))
	require.NoError(t, c.Close())
	for n := range 2 { // the kind's, and that of what comes due
		require.True(t, w.process(func(o *order) { o.Point, o.Nth = "leases", n+1 }))
		c = open()
		_, err := tasks.Define[int, int]("bounded", tasks.MaxRunning(2)).Push(t.Context(), c, 2)
		require.ErrorIs(t, err, tasks.ErrMismatch)
		kinds, err := c.Kinds(t.Context())
		require.NoError(t, err)
		require.Len(t, kinds, 1)
		assert.True(t, kinds[0].Paused)
		require.NoError(t, c.Close())
	}
}

// Fencing: a process that is paused for longer than its lease finds, when it goes
// on, that another one has run its task. One result is kept.
func TestPausedForLongerThanTheLease(t *testing.T) {
	t.Parallel()
	w := newWorld(t, order{URL: serve(t)})
	c, err := tasks.Connect(t.Context(), w.o.URL)
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close()) }()
	cmd := w.start(func(o *order) { o.Only = "plain" })
	id, err := work.Push(t.Context(), c, "long x")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(w.history().begun[id]) == 1 }, soon, 5*time.Millisecond)
	require.NoError(t, cmd.Process.Signal(syscall.SIGSTOP))
	other := w.start(func(o *order) { o.Only = "plain" })
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	kept, err := work.Wait(ctx, c, id)
	require.NoError(t, err)
	assert.Contains(t, kept, "epoch 2")
	require.NoError(t, cmd.Process.Signal(syscall.SIGCONT))
	ended := func() bool { return w.history().broken[id] == 0 }
	require.Eventually(t, ended, soon, 5*time.Millisecond, "the paused run goes on to its end")
	time.Sleep(200 * time.Millisecond)
	still, err := work.Result(t.Context(), c, id)
	require.NoError(t, err)
	assert.Equal(t, kept, still)
	for _, p := range []*exec.Cmd{cmd, other} {
		require.NoError(t, p.Process.Kill())
		_ = p.Wait()
	}
}

// smallDisk is a directory with so much room, until the end of the test.
func smallDisk(t *testing.T, size string) string {
	dir := filepath.Join(t.TempDir(), "small")
	require.NoError(t, os.Mkdir(dir, 0o755))
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skip("no right to mount a small disk:", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// A full disk: the server does not answer, a push is not known to be stored, and
// once there is room again the store opens, and nothing that was confirmed is lost.
func TestDiskFull(t *testing.T) {
	dir := smallDisk(t, "24m")
	store := filepath.Join(dir, "store")
	c, err := embedded.Open(t.Context(), store)
	require.NoError(t, err)
	filler := filepath.Join(dir, "filler")
	require.NoError(t, os.WriteFile(filler, make([]byte, 18<<20), 0o644)) // so that the server's own bound is not met
	k := tasks.Define[[]byte, []byte]("disk", tasks.Codec(tasks.Raw))
	chunk := make([]byte, 512<<10)
	var ids []tasks.ID
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		var id tasks.ID
		id, err = k.Push(ctx, c, chunk)
		cancel()
		if err != nil {
			var unknown *tasks.OutcomeUnknownError
			require.True(t, errors.As(err, &unknown) || errors.Is(err, remuda.ErrQueueFull), "%v", err)
			break
		}
		ids = append(ids, id)
		require.Less(t, len(ids), 100)
	}
	t.Logf("%d tasks were confirmed, then: %v", len(ids), err)
	if f, err := os.OpenFile(filler, os.O_APPEND|os.O_WRONLY, 0); err == nil { // to the brim
		for err == nil {
			_, err = f.Write(make([]byte, 4<<10))
		}
		require.NoError(t, f.Close())
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	require.Error(t, c.Health(ctx))
	cancel()
	_ = c.Close()
	require.NoError(t, os.Remove(filler))
	c, err = embedded.Open(t.Context(), store)
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close()) }()
	w := tasks.NewWorker(c)
	_, err = k.Handle(w, remuda.Func(func(context.Context, []byte) ([]byte, error) { return nil, nil }), remuda.Config{Initial: 2})
	require.NoError(t, err)
	go func() { _ = w.Run(context.Background()) }()
	require.NoError(t, c.Health(t.Context()))
	ctx, cancel = context.WithTimeout(t.Context(), soon)
	defer cancel()
	for _, id := range ids {
		_, err := k.Wait(ctx, c, id)
		require.NoError(t, err, "of %d that were confirmed, %s is lost", len(ids), id)
	}
	require.NoError(t, w.Close(ctx))
}

// start starts a process, which the caller ends.
func (w *world) start(change func(*order)) *exec.Cmd {
	_, cmd := w.command(30*time.Second, change)
	require.NoError(w.t, cmd.Start())
	return cmd
}

// dies reports whether a process was ended by a job of its own.
func (w *world) dies(change func(*order)) bool {
	cmd := w.start(change)
	err := cmd.Wait()
	if err != nil {
		require.Equal(w.t, killedItself, cmd.ProcessState.ExitCode())
	}
	return err != nil
}
