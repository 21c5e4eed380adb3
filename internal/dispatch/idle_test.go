package dispatch_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda/internal/dispatch"
)

// Once per IdleTimeout as many workers end as were idle throughout.
func TestIdleTimeout(t *testing.T) {
	const timeout = time.Minute
	burst := func(r *rig, n int) {
		for item := range n {
			r.send(item)
		}
		synctest.Wait()
		for item := range n {
			r.end(item)
		}
		synctest.Wait()
	}

	t.Run("all that nobody needs", func(t *testing.T) {
		withIdleTimeout(t, 100, 10, timeout, func(r *rig) {
			burst(r, 10)
			require.Equal(t, 10, r.workers())
			time.Sleep(timeout)
			require.Equal(t, 9, r.workers(), "the clock began with the first that was idle")
			time.Sleep(timeout)
			require.Zero(t, r.workers())
			require.False(t, r.IdleClockRuns(), "nothing runs on")
			require.Equal(t, 10, r.Target(), "they can come back")
			burst(r, 10)
			require.Equal(t, 10, r.workers())
		})
	})
	t.Run("but not those that were needed now and then", func(t *testing.T) {
		withIdleTimeout(t, 100, 10, timeout, func(r *rig) {
			burst(r, 10)
			for range 5 {
				time.Sleep(timeout / 2)
				burst(r, 4)
				time.Sleep(timeout / 2)
			}
			require.Equal(t, 4, r.workers())
			r.Resize(2)
			require.Equal(t, 2, r.workers())
			time.Sleep(2 * timeout)
			require.Zero(t, r.workers())
		})
	})
	t.Run("never while they run", func(t *testing.T) {
		withIdleTimeout(t, 100, 2, timeout, func(r *rig) {
			r.send(1, 2)
			r.requireRunning(1, 2)
			r.end(2)
			time.Sleep(10 * timeout)
			r.requireRunning(1)
			require.Equal(t, 1, r.workers())
		})
	})
	t.Run("workers without a goroutine too", func(t *testing.T) {
		withIdleTimeout(t, 100, 2, timeout, func(r *rig) {
			w := r.AcquireInline()
			r.ReleaseInline(w, dispatch.Succeeded)
			time.Sleep(timeout)
			synctest.Wait()
			next := r.AcquireInline()
			require.NotSame(t, w, next)
			r.ReleaseInline(next, dispatch.Succeeded)
		})
	})
	t.Run("draining stops the clock", func(t *testing.T) {
		withIdleTimeout(t, 100, 2, timeout, func(r *rig) {
			burst(r, 2)
			require.True(t, r.IdleClockRuns())
			r.Drain(errRefused)
			require.NoError(t, r.Check())
			time.Sleep(10 * timeout)
		})
	})
	t.Run("no clock without a timeout", func(t *testing.T) {
		withRig(t, 100, 2, func(r *rig) {
			burst(r, 2)
			require.False(t, r.IdleClockRuns())
			time.Sleep(10 * timeout)
			require.Equal(t, 2, r.workers())
		})
	})
}
