package crash_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/remuda-go/remuda/tasks"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// points are where a process may be killed.
var points = []string{
	"push", "pushed", "stored", "key", "taken", "written", "begun", "run", "end", "ended", "ack", "again", "retrying", "scheduled",
	"release", "giveback", "moved", "endedfrom", "redriven", "mend", "forget", "overdue",
}

// A world is a store, and the processes that come and go in it.
type world struct {
	t     *testing.T
	o     order
	kills map[string]int // by point
}

func newWorld(t *testing.T, o order) *world {
	o.Log = filepath.Join(t.TempDir(), "log")
	if o.URL == "" {
		o.Dir = filepath.Join(t.TempDir(), "store")
	}
	return &world{t: t, o: o, kills: make(map[string]int)}
}

// command makes the next process.
func (w *world) command(patience time.Duration, change func(*order)) (order, *exec.Cmd) {
	w.o.Epoch++
	o := w.o
	o.Patience = patience
	change(&o)
	text, err := json.Marshal(o)
	require.NoError(w.t, err)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+string(text))
	return o, cmd
}

// process runs one to its end. It reports whether it was killed at its point.
func (w *world) process(change func(*order)) (killed bool) {
	w.t.Helper()
	o, cmd := w.command(30*time.Second, change)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if cmd.Run() == nil {
		return false
	}
	require.Equal(w.t, -1, cmd.ProcessState.ExitCode(), "epoch %d, to be killed at %q: %s", o.Epoch, o.Point, out.String())
	w.kills[o.Point]++
	if o.Power {
		w.powerFails()
	}
	return true
}

// A history is what the log tells.
type history struct {
	pushed map[tasks.ID]bool
	begun  map[tasks.ID]map[int]int // by epoch
	broken map[tasks.ID]int         // runs without an end
	hits   map[string]int           // kills while a task was there
	after  map[tasks.ID]int         // runs that began after the end was recorded
}

func (w *world) history() *history {
	h := &history{
		pushed: map[tasks.ID]bool{}, begun: map[tasks.ID]map[int]int{}, broken: map[tasks.ID]int{}, hits: map[string]int{}, after: map[tasks.ID]int{},
	}
	file, err := os.Open(w.o.Log)
	if os.IsNotExist(err) { // nothing has happened yet
		return h
	}
	require.NoError(w.t, err)
	defer file.Close()
	final := map[tasks.ID]bool{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		f := strings.Fields(lines.Text())
		epoch, err := strconv.Atoi(f[0])
		require.NoError(w.t, err)
		id := tasks.ID(f[2])
		switch f[1] {
		case "pushed":
			h.pushed[id] = true
		case "begin":
			if h.begun[id] == nil {
				h.begun[id] = map[int]int{}
			}
			h.begun[id][epoch]++
			h.broken[id]++
			if final[id] {
				h.after[id]++
			}
		case "final":
			final[id] = true
		case "back":
			h.begun[id][epoch]--
		case "end":
			h.broken[id]--
		case "killed":
			if len(f) > 3 && f[3] != "" {
				h.hits[f[2]]++
			}
		}
	}
	return h
}

// check looks at every task that was confirmed.
func (w *world) check() {
	t := w.t
	h := w.history()
	l := &logbook{}
	c, err := order{Dir: w.o.Dir, URL: w.o.URL, Relaxed: w.o.Relaxed}.open(t.Context(), l)
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close()) }()
	require.NotEmpty(t, h.pushed)
	states := map[tasks.State]int{}
	for id := range h.pushed {
		info, err := c.Info(context.Background(), id)
		if id.Kind() == "brief" {
			require.NotEmpty(t, h.begun[id], "%s was never run", id)
			require.ErrorIs(t, err, tasks.ErrNotFound, "%s is forgotten: %v", id, info.State)
			continue
		}
		require.NoError(t, err, "%s is lost", id)
		if info.State != tasks.Cancelled { // the operator may be killed before he redrives what he has cancelled
			require.NotEmpty(t, h.begun[id], "%s was never run: %+v", id, info)
		}
		states[info.State]++
		switch sort, _, _ := strings.Cut(id.Name(), "-"); sort {
		case "never":
			assert.Equal(t, tasks.Dead, info.State, id)
		case "operated":
			assert.Contains(t, []tasks.State{tasks.Done, tasks.Cancelled}, info.State, id)
		default:
			assert.Equal(t, tasks.Done, info.State, "%s: %s", id, info.Reason)
		}
		w.runs(h, id)
	}
	t.Logf("%d tasks: %v", len(h.pushed), states)
}

// runs checks that within one process a task is not run more often than it failed
// or was given back there, and that across processes each further run has a
// process that was killed, since a confirmed end is never run again.
func (w *world) runs(h *history, id tasks.ID) {
	sort, _, _ := strings.Cut(id.Name(), "-")
	own := 1 // a run in each process that had it
	switch sort {
	case "fail", "vandalised":
		own = 2 // and one that fails, once
	case "operated", "never", "deployed", "long":
		return // redriven, and given back, as often as it pleases the operator
	}
	assert.Zero(w.t, h.after[id], "%s was run after its end was recorded", id)
	for epoch, n := range h.begun[id] {
		assert.LessOrEqual(w.t, n, own, "%s was run %d times in process %d", id, n, epoch)
	}
}

// The promise, over kills at every point. REMUDA_KILLS is their number.
func TestKills(t *testing.T) {
	hits := make(map[string]int)
	for i, name := range []string{"embedded", "relaxed", "cluster"} {
		o := order{Relaxed: name == "relaxed"}
		first := i * len(points) / 3 // a short test comes to other points in each
		t.Run(name, func(t *testing.T) {
			if name == "cluster" {
				o.URL = serve(t)
			}
			killPoints(t, o, first, kills()/3, hits)
		})
	}
	histogram(t, hits, kills())
}

// histogram tells how often a process was killed at each point while a task was there,
// and that no point was left out.
func histogram(t *testing.T, hits map[string]int, kills int) {
	for _, point := range points {
		t.Logf("%-10s %4d", point, hits[point])
		assert.GreaterOrEqual(t, hits[point], kills/len(points)/2, "kills at %s", point)
	}
}

// kills is how many processes are to be killed.
func kills() int {
	if n, err := strconv.Atoi(os.Getenv("REMUDA_KILLS")); err == nil {
		return n
	}
	return 30
}

// killPoints kills so many processes, at each point in turn, and adds to the hits.
func killPoints(t *testing.T, o order, first, kills int, hits map[string]int) {
	w := newWorld(t, o)
	missed := 0
	for i := 0; i < kills; {
		point := points[(first+i+missed)%len(points)]
		if w.process(func(o *order) { o.Point, o.Nth, o.Pushes = point, 1+rand.N(4), 3 }) {
			i++
		} else {
			missed++
			require.Less(t, missed, 10+kills, "points are not reached, the last of them %s", point)
		}
	}
	for w.process(func(o *order) { o.Finish, o.Patience = true, 60*time.Second }) {
	}
	w.check()
	for point, n := range w.history().hits {
		hits[point] += n
	}
}

// serve is a server that lives on when the workers' processes die.
func serve(t *testing.T) string {
	s, err := server.NewServer(&server.Options{
		JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true, Port: server.RANDOM_PORT, Host: "127.0.0.1",
	})
	require.NoError(t, err)
	s.Start()
	require.True(t, s.ReadyForConnections(10*time.Second))
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	return s.ClientURL()
}
