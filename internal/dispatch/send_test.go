package dispatch_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda/internal/dispatch"
)

func TestItemsRunInOrderOfAcceptance(t *testing.T) {
	withRig(t, 100, 1, func(r *rig) {
		var want []int
		for item := range 50 {
			want = append(want, item)
			r.send(item)
		}
		for item := range 50 {
			r.requireRunning(item)
			r.end(item)
		}
		synctest.Wait()
		require.Equal(t, want, r.begun)
	})
}

func TestAFreePlaceIsGivenAtOnce(t *testing.T) {
	withRig(t, 3, 1, func(r *rig) {
		r.send(1)
		r.requireRunning(1)
		r.send(2, 3, 4)
		w := r.block(5, 6)
		_, _, err := r.SendSlowly(7, false, nil)
		require.ErrorIs(t, err, dispatch.ErrFull)
		_, err = r.Send(7)
		require.ErrorIs(t, err, dispatch.ErrFull)

		r.end(1)
		require.NoError(t, <-w[0].Answer(), "when the next run begins, and not when the queue is used up")
		synctest.Wait()
		require.Empty(t, w[1].Answer())
		_, ok := r.Remove(w[0].Seq())
		require.True(t, ok)
		require.NoError(t, <-w[1].Answer())
		for _, item := range []int{2, 3, 4, 6} {
			r.requireRunning(item)
			r.end(item)
		}
	})
}

func TestBlockedSenderGivesUp(t *testing.T) {
	withRig(t, 1, 0, func(r *rig) {
		seq := r.send(1)
		w := r.block(2, 3, 4)
		require.True(t, r.GiveUp(w[1]))
		require.False(t, r.GiveUp(w[1]))
		r.Remove(seq)
		require.NoError(t, <-w[0].Answer())
		require.False(t, r.GiveUp(w[0]))
		r.Remove(w[0].Seq())
		require.NoError(t, <-w[2].Answer(), "it passes who gave up")
	})
}

func TestHandOff(t *testing.T) {
	withRig(t, 0, 2, func(r *rig) {
		r.send(1, 2)
		r.requireRunning(1, 2)
		_, _, err := r.SendSlowly(3, false, nil)
		require.ErrorIs(t, err, dispatch.ErrFull)
		w := r.block(3, 4)
		r.end(1)
		r.requireRunning(2, 3)
		require.NoError(t, <-w[0].Answer())
		require.Zero(t, w[0].Seq())
		r.Resize(3)
		r.requireRunning(2, 3, 4)
		require.NoError(t, <-w[1].Answer())
		require.Zero(t, r.Stats().Queued)
	})
}

// Where there is no place for them, guests and senders come in order of arrival.
func TestGuestsWaitBehindBlockedSenders(t *testing.T) {
	for _, bound := range []int{0, 1} {
		withRig(t, bound, 1, func(r *rig) {
			want := []int{1}
			r.send(1)
			r.requireRunning(1)
			if bound > 0 {
				r.send(2)
				want = append(want, 2)
			}
			for item := 3; item < 9; item += 2 {
				r.block(item)
				_, ok := r.SendGuest(item + 1)
				require.True(t, ok)
				want = append(want, item, item+1)
			}
			out, _ := r.SendGuest(100)
			r.RemoveGuest(out)
			for _, item := range want {
				r.requireRunning(item)
				r.end(item)
			}
			synctest.Wait()
			require.Equal(t, want, r.begun)
		})
	}
}

func TestGuestsTakeNoPlace(t *testing.T) {
	withRig(t, 2, 0, func(r *rig) {
		g, _ := r.SendGuest(100)
		r.SendGuest(101)
		r.send(1, 2)
		require.Equal(t, 2, r.Stats().Queued)
		r.RemoveGuest(g)
		require.Zero(t, r.Stats().Tally[dispatch.Dropped])
		r.block(3)
		r.Resize(1)
		r.requireRunning(101)
		require.Len(t, r.begun, 1)
	})
}

// A sender whose context has ended is about to give up: nobody waits for that.
func TestSenderThatIsAboutToGiveUpIsPassedOver(t *testing.T) {
	for _, bound := range []int{0, 1} {
		withRig(t, bound, 0, func(r *rig) {
			var seq uint64
			if bound > 0 {
				seq = r.send(1)
			}
			end := make(chan struct{})
			_, w, _ := r.SendSlowly(2, true, end)
			require.NotNil(t, w)
			close(end)
			behind := r.block(3)[0]
			if bound > 0 {
				r.Remove(seq)
				require.NoError(t, <-behind.Answer())
				r.Remove(behind.Seq())
			} else {
				r.GiveUp(behind)
				r.Resize(1)
				r.requireRunning()
			}
			r.send(4) // there is a place, whoever is behind in giving up
			g, _ := r.SendGuest(5)
			require.False(t, g.Waits())
			require.True(t, r.GiveUp(w))
		})
	}
}

func TestRemovedItemNeverRuns(t *testing.T) {
	withRig(t, 100, 0, func(r *rig) {
		first := r.send(1)
		second := r.send(2)
		r.send(3)
		item, ok := r.Remove(second)
		require.True(t, ok)
		require.Equal(t, 2, item)
		_, ok = r.Remove(second)
		require.False(t, ok)
		s := r.Stats()
		require.Equal(t, []uint64{3, 2, 1}, []uint64{s.Accepted, uint64(s.Queued), s.Tally[dispatch.Dropped]})
		r.Resize(1)
		r.requireRunning(1)
		_, ok = r.Remove(first)
		require.False(t, ok, "it runs")
		r.end(1)
		r.requireRunning(3)
	})
}

// An item that comes back goes behind the first sender that is blocked.
func TestItemsThatComeBackLetOthersIn(t *testing.T) {
	withRig(t, 2, 1, func(r *rig) {
		r.send(1)
		r.requireRunning(1)
		r.send(2, 3)
		w := r.block(4, 5)
		comeBack := func(item int) {
			r.endWith(item, func(w *worker) {
				r.Requeue(item, 3)
				w.Last = dispatch.Failed
			})
			synctest.Wait()
		}
		comeBack(1)
		require.NoError(t, <-w[0].Answer())
		for _, item := range []int{2, 3, 4} {
			comeBack(item)
		}
		require.Equal(t, []int{1, 2, 3, 4, 1}, r.begun)
		require.LessOrEqual(t, r.Stats().Queued, 2+2)
	})
}

func TestSeal(t *testing.T) {
	withRig(t, 1, 0, func(r *rig) {
		r.send(1)
		w := r.block(2)
		r.Seal(errRefused)
		require.ErrorIs(t, <-w[0].Answer(), errRefused)
		_, err := r.Send(3)
		require.ErrorIs(t, err, dispatch.ErrClosed)
		require.Nil(t, r.AcquireInline())
		_, ok := r.SendGuest(100)
		require.True(t, ok)
		r.Resize(2)
		r.requireRunning(1, 100)
		r.endWith(1, func(w *worker) {
			r.Requeue(2, 2)
			w.Last = dispatch.Failed
		})
		r.requireRunning(2, 100)
	})
}

// What was behind blocked senders is work as any other: whoever comes by a slot sees
// it, too.
func TestGuestsThatSealLetsInAreSeenTo(t *testing.T) {
	withRig(t, 0, 1, func(r *rig) {
		r.send(1)
		r.requireRunning(1)
		w := r.block(2)
		r.SendGuest(10)
		r.SendGuest(11)
		r.Seal(errRefused)
		require.ErrorIs(t, <-w[0].Answer(), errRefused)
		r.end(1)
		r.requireRunning(10)
		var s dispatch.Slot
		r.Yield(&s)
		r.requireRunning(10, 11)
		r.EndSlot(&s)
	})
}

func TestUnopenedDispatcherTakesNothing(t *testing.T) {
	var d dispatcher
	_, err := d.Send(1)
	require.ErrorIs(t, err, dispatch.ErrClosed)
	_, w, err := d.SendSlowly(1, true, nil)
	require.Nil(t, w)
	require.ErrorIs(t, err, dispatch.ErrClosed)
	require.Nil(t, d.AcquireInline())
	require.NoError(t, d.WaitAll(bg))
	require.NoError(t, d.Check())
}
