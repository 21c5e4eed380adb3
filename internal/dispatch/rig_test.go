package dispatch_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda/internal/dispatch"
	"github.com/remuda-go/remuda/internal/queuetime"
)

// A rig is a dispatcher with workers that are goroutines. Their runs stand still
// until the test ends them.
type rig struct {
	*dispatcher
	t     *testing.T
	clock queuetime.Clock

	mu    sync.Mutex
	begun []int // in order
	runs  map[int]chan func(*worker)
	seen  map[*worker]bool // workers with a goroutine at present
	ended atomic.Int32
}

// withRig runs f in a bubble, and then ends all runs and drains.
func withRig(t *testing.T, bound, target int, f func(r *rig)) {
	withIdleTimeout(t, bound, target, 0, f)
}

func withIdleTimeout(t *testing.T, bound, target int, idle time.Duration, f func(r *rig)) {
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, dispatcher: new(dispatcher), runs: make(map[int]chan func(*worker)), seen: make(map[*worker]bool)}
		r.clock.Start()
		r.Open(dispatch.Config[int, own]{
			Target: target, Bound: bound, IdleTimeout: idle, Clock: &r.clock,
			Run:    r.run,
			Idle:   func() {},
			Unused: func(*worker) { go r.Gone() },
			Ended:  func() { r.ended.Add(1) },
		})
		f(r)
		r.Drain(errRefused)
		for i := 0; r.ended.Load() == 0 && i < 1000; i++ {
			for _, item := range r.running() {
				r.end(item)
			}
			synctest.Wait()
		}
		require.EqualValues(t, 1, r.ended.Load(), "it has ended, once")
		require.Zero(t, r.workers(), "no worker is left")
		require.NoError(t, r.Check())
	})
}

// run is a worker's goroutine.
func (r *rig) run(w *worker) {
	r.mu.Lock()
	if r.seen[w] {
		r.t.Error("a worker has two goroutines")
	}
	r.seen[w] = true
	r.mu.Unlock()
	for r.Fetch(w) {
		end := make(chan func(*worker), 1)
		r.mu.Lock()
		r.begun = append(r.begun, w.Item)
		r.runs[w.Item] = end
		r.mu.Unlock()
		(<-end)(w)
	}
	r.mu.Lock()
	delete(r.seen, w)
	r.mu.Unlock()
	r.Gone()
}

// endWith ends a run, after f.
func (r *rig) endWith(item int, f func(*worker)) {
	r.mu.Lock()
	end := r.runs[item]
	delete(r.runs, item)
	r.mu.Unlock()
	require.NotNil(r.t, end, "%d runs", item)
	end <- f
}

func (r *rig) end(item int) {
	r.endWith(item, func(w *worker) {
		if !w.Guest {
			w.Last = dispatch.Succeeded
		}
	})
}

func (r *rig) running() (items []int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for item := range r.runs {
		items = append(items, item)
	}
	return items
}

// workers returns the number of goroutines, once everything stands still.
func (r *rig) workers() int {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.seen)
}

// requireRunning lets everything come to a standstill, and sees which runs there are.
func (r *rig) requireRunning(items ...int) {
	r.t.Helper()
	synctest.Wait()
	require.ElementsMatch(r.t, items, r.running())
	require.NoError(r.t, r.Check())
}

// send hands items over, of which there must be place for all.
func (r *rig) send(items ...int) (seq uint64) {
	r.t.Helper()
	for _, item := range items {
		var err error
		seq, err = r.Send(item)
		if err == dispatch.ErrFull {
			seq, _, err = r.SendSlowly(item, false, nil)
		}
		require.NoError(r.t, err, "%d", item)
	}
	return seq
}

// block hands items over for which there is no place.
func (r *rig) block(items ...int) (waiters []*dispatch.Waiter[int]) {
	r.t.Helper()
	for _, item := range items {
		_, w, err := r.SendSlowly(item, true, nil)
		require.NoError(r.t, err)
		require.NotNil(r.t, w, "%d must wait", item)
		waiters = append(waiters, w)
	}
	return waiters
}

// async calls f in a goroutine, and returns a channel with what it returned.
func async[T any](f func() T) <-chan T {
	ch := make(chan T, 1)
	go func() { ch <- f() }()
	synctest.Wait()
	return ch
}
