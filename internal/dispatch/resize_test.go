package dispatch_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda/internal/dispatch"
)

func TestResize(t *testing.T) {
	withRig(t, 100, 0, func(r *rig) {
		r.send(1, 2, 3, 4, 5, 6)
		r.requireRunning()
		r.Resize(4)
		r.requireRunning(1, 2, 3, 4)
		r.Resize(2)
		require.Equal(t, 2, r.Target(), "at once")
		require.Equal(t, 2, r.Stats().Retired)
		for _, item := range []int{1, 2} {
			r.end(item)
			synctest.Wait()
		}
		r.requireRunning(3, 4) // no item is lost, and none begins
		require.Equal(t, 2, r.Stats().Queued)
		r.end(3)
		r.requireRunning(4, 5)
	})
}

func TestIdleWorkersThatAreTooManyEnd(t *testing.T) {
	withRig(t, 100, 4, func(r *rig) {
		r.send(1, 2, 3, 4)
		r.requireRunning(1, 2, 3, 4)
		for item := range 4 {
			r.end(item + 1)
		}
		r.requireRunning()
		require.Equal(t, 4, r.workers())
		r.Resize(1)
		require.Equal(t, 1, r.workers())
	})
}

func TestWorkersAreMadeOnFirstNeed(t *testing.T) {
	withRig(t, 100, 1000, func(r *rig) {
		for item := range 10 {
			r.send(item)
			r.requireRunning(item)
			r.end(item)
			synctest.Wait()
		}
		require.Equal(t, 1, r.MadeWorkers())
	})
}

func TestDrain(t *testing.T) {
	t.Run("ends at once if there is nothing", func(t *testing.T) {
		withRig(t, 4, 2, func(r *rig) {
			require.True(t, r.Drain(errRefused))
			require.EqualValues(t, 1, r.ended.Load())
			require.False(t, r.Drain(errRefused))
			require.False(t, r.Resize(3))
			_, ok := r.SendGuest(1)
			require.False(t, ok)
			var b dispatch.Batch
			require.False(t, r.AcceptBatch(&b, 1))
		})
	})
	t.Run("runs what was accepted, with one worker if there are none", func(t *testing.T) {
		withRig(t, 2, 0, func(r *rig) {
			r.send(1, 2)
			w := r.block(3)
			r.Drain(errRefused)
			require.ErrorIs(t, <-w[0].Answer(), errRefused)
			r.requireRunning(1)
			r.end(1)
			r.requireRunning(2)
			require.Zero(t, r.ended.Load())
			r.end(2)
			synctest.Wait()
			require.EqualValues(t, 1, r.ended.Load())
		})
	})
	t.Run("runs what comes back", func(t *testing.T) {
		withRig(t, 2, 1, func(r *rig) {
			r.send(1)
			r.requireRunning(1)
			r.Resize(0)
			r.Drain(errRefused)
			r.endWith(1, func(*worker) { r.Requeue(2, 3) })
			r.requireRunning(2)
		})
	})
	t.Run("waits for runs that have yielded their slot", func(t *testing.T) {
		withRig(t, 2, 1, func(r *rig) {
			var s dispatch.Slot
			r.send(1)
			r.requireRunning(1)
			r.Yield(&s)
			r.Drain(errRefused)
			synctest.Wait()
			require.Zero(t, r.ended.Load())
			<-r.reacquire(&s, nil)
		})
	})
	t.Run("waits for calls inline", func(t *testing.T) {
		withRig(t, 2, 1, func(r *rig) {
			w := r.AcquireInline()
			r.Drain(errRefused)
			synctest.Wait()
			require.Zero(t, r.ended.Load())
			r.ReleaseInline(w, dispatch.Failed)
			synctest.Wait()
			require.EqualValues(t, 1, r.ended.Load())
			require.Equal(t, dispatch.Tally{dispatch.Failed: 1}, r.Stats().Tally)
		})
	})
}

func TestTakeAll(t *testing.T) {
	withRig(t, 3, 0, func(r *rig) {
		r.send(1, 2, 3)
		r.SendGuest(100)
		w := r.block(4)
		var taken []int
		r.TakeAll(func(item int) {
			require.NoError(t, r.Check())
			if len(taken) == 0 {
				require.NoError(t, <-w[0].Answer(), "before something takes its time")
			}
			taken = append(taken, item)
		})
		require.Equal(t, []int{1, 2, 3, 100}, taken)
		require.Equal(t, uint64(3), r.Stats().Tally[dispatch.Dropped])
		require.Equal(t, 1, r.Stats().Queued)
	})
}

// A call inline takes a free worker, and overtakes nobody.
func TestInline(t *testing.T) {
	withRig(t, 4, 2, func(r *rig) {
		first, second := r.AcquireInline(), r.AcquireInline()
		require.NotNil(t, first)
		require.NotNil(t, second)
		require.Nil(t, r.AcquireInline())
		require.Equal(t, []int{1, 2}, []int{first.ID, second.ID})
		r.send(1)
		r.requireRunning()
		r.ReleaseInline(first, dispatch.Succeeded)
		require.Nil(t, r.AcquireInline(), "an item waits")
		r.requireRunning(1)
		r.ReleaseInline(second, dispatch.Succeeded)
		require.Same(t, second, r.AcquireInline())
		r.Resize(1)
		r.ReleaseInline(second, dispatch.Succeeded)
		r.end(1)
		r.requireRunning()
		require.Equal(t, uint64(4), r.Stats().Tally[dispatch.Succeeded])
	})
}
