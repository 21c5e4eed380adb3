package dispatch_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda/internal/dispatch"
)

func (r *rig) reacquire(s *dispatch.Slot, cancelled <-chan struct{}) <-chan bool {
	return async(func() bool {
		r.AwaitBack(s, r.AskBack(s), cancelled)
		return true
	})
}

func TestYieldedSlotRunsOthersMeanwhile(t *testing.T) {
	withRig(t, 4, 1, func(r *rig) {
		var s dispatch.Slot
		r.send(1, 2, 3)
		r.requireRunning(1)
		require.False(t, s.Used())
		r.Yield(&s)
		require.True(t, s.Used())
		r.requireRunning(1, 2)
		require.Equal(t, 1, r.Stats().Yielded)
		back := r.reacquire(&s, nil)
		require.Empty(t, back, "no slot is free")
		r.end(2)
		r.requireRunning(1) // and not 3: runs that want their slot back come first
		<-back
		require.Zero(t, r.Stats().Yielded)
		r.EndSlot(&s)
		r.end(1)
		r.requireRunning(3)
	})
}

func TestSlotIsYieldedWhileAnyCallOfItsRunWaits(t *testing.T) {
	withRig(t, 4, 1, func(r *rig) {
		var s dispatch.Slot
		r.send(1, 2)
		r.Yield(&s)
		r.Yield(&s)
		<-r.reacquire(&s, nil) // the other call still waits
		require.Equal(t, 1, r.Stats().Yielded)
		r.requireRunning(1, 2)
		back := r.reacquire(&s, nil)
		require.Empty(t, back)
		r.Yield(&s) // a third one: it stays yielded, and the second goes on
		<-back
		back = r.reacquire(&s, nil)
		require.Empty(t, back)
		r.end(2)
		<-back
		r.EndSlot(&s)
	})
}

func TestClaimsOnASlotEndWithItsRun(t *testing.T) {
	withRig(t, 4, 1, func(r *rig) {
		var s dispatch.Slot
		r.send(1, 2, 3)
		r.Yield(&s)
		r.requireRunning(1, 2)
		back := r.reacquire(&s, nil)
		r.EndSlot(&s)
		<-back
		r.end(1)
		r.requireRunning(2) // there is one worker too many
		r.Yield(&s)
		<-r.reacquire(&s, nil)
		require.Zero(t, r.Stats().Yielded)
		r.requireRunning(2)
		r.end(2)
		r.requireRunning(3)
	})
}

func TestCancelledRunGoesOnWithoutItsSlot(t *testing.T) {
	withRig(t, 4, 1, func(r *rig) {
		var s dispatch.Slot
		r.send(1, 2, 3)
		r.Yield(&s)
		r.requireRunning(1, 2)
		cancelled := make(chan struct{})
		back := r.reacquire(&s, cancelled)
		require.Empty(t, back)
		close(cancelled)
		<-back
		require.Equal(t, 1, r.Stats().Yielded, "until it ends")
		r.end(2)
		r.requireRunning(1, 3)
		r.EndSlot(&s)
		r.end(1)
		r.requireRunning(3)
	})
}

// A call that was told to go on, and was cancelled too, does not take back what
// another call of the same run has asked for.
func TestCancelledCallLeavesOthersAlone(t *testing.T) {
	withRig(t, 4, 1, func(r *rig) {
		var s dispatch.Slot
		r.send(1, 2)
		r.requireRunning(1)
		r.Yield(&s)
		r.requireRunning(1, 2)
		first := r.AskBack(&s)
		r.Yield(&s)
		<-first
		back := r.reacquire(&s, nil)
		r.StopReturning(&s, first) // select has chosen so
		synctest.Wait()
		require.Empty(t, back)
		r.end(2)
		<-back
		r.EndSlot(&s)
	})
}
