package tasks_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/embedded"
	"github.com/remuda-go/remuda/tasks/internal/setup"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// faulty opens a store in this process, and connects to one elsewhere, each with a hook
// for fault points.
func faulty(t *testing.T, hook func() func(point, id string), test func(t *testing.T, c *tasks.Client)) {
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, "", embedded.Client(func(o *setup.Options) { o.Fault = hook() })))
	})
	t.Run("elsewhere", func(t *testing.T) {
		t.Parallel()
		test(t, newServer(t).connect(func(o *setup.Options) { o.Fault = hook() }))
	})
}

// A retry may be delivered before the run that failed is over. That is no interruption.
func TestARetryThatComesBeforeItsRunIsOver(t *testing.T) {
	t.Parallel()
	faulty(t, func() func(point, id string) {
		taken := make(chan string, 10)
		var once sync.Once
		return func(point, id string) {
			switch point {
			case "taken":
				taken <- id
			case "letgo":
				once.Do(func() {
					receive(t, taken) // the first, and then the retry
					receive(t, taken)
					time.Sleep(50 * time.Millisecond) // until it is seen
				})
			}
		}
	}, func(t *testing.T, c *tasks.Client) {
		k := tasks.Define[int, int]("soon", tasks.Lease(time.Hour), tasks.Backoff(func(int) time.Duration { return 0 }))
		failOnce(t, c, k)
		succeedsAtTheSecond(t, c, k, push(t, c, k, 1))
	})
}

// failOnce runs a worker with which each task fails once, and then returns its attempt.
func failOnce(t *testing.T, c *tasks.Client, k tasks.Kind[int, int]) {
	w := tasks.NewWorker(c)
	handle(t, w, k, 2, func(ctx context.Context, n int) (int, error) {
		if r, _ := tasks.RunFrom(ctx); r.Attempt > 1 {
			return r.Attempt, nil
		}
		return 0, errors.New("once")
	})
	run(t, w)
}

// succeedsAtTheSecond waits for a task of failOnce, which is to succeed at the second attempt.
func succeedsAtTheSecond(t *testing.T, c *tasks.Client, k tasks.Kind[int, int], id tasks.ID) {
	got, err := k.Wait(within(t), c, id)
	require.NoError(t, err)
	assert.Equal(t, 2, got)
}

// A lease may run out while the end of its run is being recorded, more than once even, and
// the retry may come before the run is let go: the record does not cover these deliveries,
// which are no interruption all the same, and one run.
func TestALeaseThatRunsOutWhileItsRunIsRecorded(t *testing.T) {
	t.Parallel()
	n, l := newServer(t), newLapser(t)
	l.listen(n.dial())
	var recorded, over sync.Once
	c := n.connect(func(o *setup.Options) {
		o.Fault = func(point, id string) {
			l.fault(point, id)
			switch point {
			case "written": // the record of the retry, whose delivery is not handed back yet
				recorded.Do(func() {
					l.delivered(tasks.ID(id))
					l.lapse(tasks.ID(id))
					l.lapse(tasks.ID(id))
				})
			case "letgo":
				over.Do(func() { receive(t, l.taken) })
			}
		}
	})
	k := tasks.Define[int, int]("recorded", tasks.Lease(time.Hour), tasks.Backoff(func(int) time.Duration { return 0 }))
	w := tasks.NewWorker(c)
	begun := make(chan int, 10)
	handle(t, w, k, 5, func(ctx context.Context, _ int) (int, error) {
		r, _ := tasks.RunFrom(ctx)
		begun <- r.Attempt
		time.Sleep(50 * time.Millisecond) // for another one to begin
		if r.Attempt < 3 {
			return 0, errors.New("again")
		}
		return r.Attempt, nil
	})
	run(t, w)
	got, err := k.Wait(within(t), c, push(t, c, k, 1))
	require.NoError(t, err)
	assert.Equal(t, 3, got)
	drained(t, c, "recorded")
	assert.Len(t, begun, 3)
}

// A server that was restarted delivers a retry before it is due, and every client may
// ask for that. It is handed back, as often as it takes, and was not interrupted.
func TestARetryThatComesEarly(t *testing.T) {
	t.Parallel()
	lapsing(t, func(t *testing.T, c *tasks.Client, l *lapser, _ setup.Journal) {
		k := tasks.Define[int, int]("early", tasks.Lease(time.Hour), tasks.Backoff(func(int) time.Duration { return time.Second }))
		failOnce(t, c, k)
		id := push(t, c, k, 1)
		l.delivered(id)
		state(t, c, id, tasks.Retrying)
		l.lapse(id)
		l.lapse(id)
		succeedsAtTheSecond(t, c, k, id)
	})
}

// What is handed back unrun may be delivered again before it is let go, and is not lost.
func TestWhatIsHandedBackComesBeforeItIsLetGo(t *testing.T) {
	t.Parallel()
	var o *setup.Options
	l := newLapser(t)
	taken := make(chan string, 10)
	var letGo atomic.Int64
	c := open(t, "", embedded.Client(func(opts *setup.Options) {
		o, opts.Fault = opts, func(point, id string) {
			l.fault(point, id)
			switch {
			case point == "taken":
				taken <- id
			case point == "letgo" && letGo.Add(1) == 2: // of the one that came early
				for range 3 {
					receive(t, taken)
				}
			}
		}
	}))
	l.listen(o.Conn)
	k := tasks.Define[int, int]("back", tasks.Lease(time.Hour), tasks.Backoff(func(int) time.Duration { return time.Second }))
	failOnce(t, c, k)
	id := push(t, c, k, 1)
	l.delivered(id)
	state(t, c, id, tasks.Retrying)
	l.lapse(id)
	succeedsAtTheSecond(t, c, k, id)
}
