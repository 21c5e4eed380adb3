package dispatch_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda/internal/dispatch"
	"github.com/remuda-go/remuda/internal/queuetime"
)

// An input that finds a worker idle does not pass through the queue: it can't be removed,
// takes no place, and others don't wait for its worker.
func TestAssigned(t *testing.T) {
	withRig(t, 1, 2, func(r *rig) {
		r.send(1, 2)
		r.requireRunning(1, 2)
		r.end(1)
		r.end(2)
		r.requireRunning()
		require.Zero(t, r.send(3), "it has no place in the queue")
		require.Zero(t, r.Stats().Queued)
		_, ok := r.Remove(0)
		require.False(t, ok)
		r.requireRunning(3)
		r.end(3)
		r.requireRunning()
	})
}

// What is queued comes first.
func TestNothingIsAssignedBesideTheQueue(t *testing.T) {
	withRig(t, 2, 1, func(r *rig) {
		r.send(1)
		r.requireRunning(1)
		require.Positive(t, r.send(2))
		require.Positive(t, r.send(3))
		r.end(1)
		r.requireRunning(2)
		r.end(2)
		r.requireRunning(3)
		r.end(3)
		r.requireRunning()
		require.Equal(t, []int{1, 2, 3}, r.begun)
	})
}

// A worker that was given an input runs it, even if it has become surplus since.
func TestAssignedToASurplusWorker(t *testing.T) {
	withRig(t, 1, 1, func(r *rig) {
		r.send(1)
		r.Resize(0)
		r.requireRunning(1)
		require.Equal(t, 1, r.Stats().Retired)
		r.end(1)
		require.Zero(t, r.workers())
	})
}

// No more than some workers are on their way with an item: what comes then is queued, and
// one more worker looks for it.
func TestMostAssigned(t *testing.T) {
	var clock queuetime.Clock
	clock.Start()
	launched := make(chan *worker, 100)
	d := new(dispatcher)
	d.Open(dispatch.Config[int, own]{
		Target: 100, Bound: 100, Clock: &clock,
		Run:    func(w *worker) { launched <- w }, // and it does not come
		Idle:   func() {},
		Unused: func(*worker) {},
		Ended:  func() {},
	})
	for i := range dispatch.MostAssigned {
		seq, err := d.Send(i)
		require.NoError(t, err)
		require.Zero(t, seq)
		require.True(t, (<-launched).IsAssigned())
	}
	seq, err := d.Send(dispatch.MostAssigned)
	require.NoError(t, err)
	require.Positive(t, seq)
	require.False(t, (<-launched).IsAssigned())
	require.NoError(t, d.Check())
}
