package dispatch_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda/internal/dispatch"
)

var bg = context.Background()

func waitAll(r *rig) <-chan error { return async(func() error { return r.WaitAll(bg) }) }

func TestWaitAll(t *testing.T) {
	t.Run("returns at once if there is nothing to wait for", func(t *testing.T) {
		withRig(t, 4, 1, func(r *rig) { require.NoError(t, r.WaitAll(bg)) })
	})
	t.Run("returns once the last run has ended", func(t *testing.T) {
		withRig(t, 4, 2, func(r *rig) {
			r.send(1, 2, 3)
			all := waitAll(r)
			for item := range 3 {
				require.Empty(t, all)
				r.end(item + 1)
				synctest.Wait()
			}
			require.NoError(t, <-all)
		})
	})
	t.Run("returns once the last input was removed", func(t *testing.T) {
		withRig(t, 4, 0, func(r *rig) {
			seq := r.send(1)
			all := waitAll(r)
			require.Empty(t, all)
			r.Remove(seq)
			require.NoError(t, <-all)
		})
	})
	t.Run("waits for a batch", func(t *testing.T) {
		withRig(t, 4, 0, func(r *rig) {
			var b, rest dispatch.Batch
			r.AcceptBatch(&b, 2)
			r.SplitBatch(&b, &rest, false)
			all := waitAll(r)
			for _, b := range []*dispatch.Batch{&b, &rest} {
				require.Empty(t, all)
				b.Next()
				b.Next()
				r.FinishBatch(b)
				synctest.Wait()
			}
			require.NoError(t, <-all)
		})
	})
	t.Run("gives up with its context", func(t *testing.T) {
		withRig(t, 4, 1, func(r *rig) {
			r.send(1)
			ctx, cancel := context.WithCancel(bg)
			gaveUp, all := async(func() error { return r.WaitAll(ctx) }), waitAll(r)
			cancel()
			require.ErrorIs(t, <-gaveUp, context.Canceled)
			require.Empty(t, all)
			r.end(1)
			require.NoError(t, <-all)
		})
	})
}

// Who has the outcome of the last input and sends another one does not keep WaitAll
// waiting, however long that goes on.
func TestWaitAllReturnsBeforeTheOutcomeIsKnown(t *testing.T) {
	withRig(t, 4, 1, func(r *rig) {
		r.send(1)
		r.requireRunning(1)
		all := waitAll(r)
		r.endWith(1, func(*worker) {
			r.Count(dispatch.Succeeded)
			r.send(2) // as who waited for it may do now
		})
		r.requireRunning(2)
		require.Len(t, all, 1)
	})
}

// A guest is no input: a worker that goes on with one may be busy for long.
func TestWaitAllDoesNotWaitForGuests(t *testing.T) {
	for _, workers := range []int{1, 2} { // the second takes the item from the same swap
		withRig(t, 4, workers, func(r *rig) {
			r.Resize(0)
			r.send(1)
			r.SendGuest(2)
			if workers == 2 {
				r.SendGuest(3)
			}
			r.Resize(1)
			r.requireRunning(1)
			all := waitAll(r)
			r.end(1)
			r.requireRunning(2)
			require.Len(t, all, 1)
		})
	}
}
