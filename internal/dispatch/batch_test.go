package dispatch_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda/internal/dispatch"
)

// What is counted of an input counts once that has ended, and for no other input:
// the numbers never go back.
func TestOutcomesInABatch(t *testing.T) {
	withRig(t, 4, 0, func(r *rig) {
		var b dispatch.Batch
		require.True(t, r.AcceptBatch(&b, 4))
		outcomes := []dispatch.Outcome{dispatch.Succeeded, dispatch.Failed, dispatch.Dropped, dispatch.Panicked}
		var want dispatch.Tally
		for i, o := range outcomes {
			at, ok := b.Next()
			require.True(t, ok)
			require.Equal(t, i, at)
			b.Count(o)
			require.Equal(t, want, r.Stats().Tally, "before input %d has ended", i)
			ended, size := b.Progress()
			require.Equal(t, []int{i, 4, 3 - i}, []int{ended, size, b.Left()})
			want.Count(o)
		}
		_, ok := b.Next()
		require.False(t, ok)
		require.Equal(t, want, r.Stats().Tally)
		r.FinishBatch(&b)
		require.Equal(t, want, r.Stats().Tally)
	})
}

func TestSplitBatch(t *testing.T) {
	withRig(t, 4, 0, func(r *rig) {
		var b, rest dispatch.Batch
		r.AcceptBatch(&b, 10)
		b.Next()
		split := func(all bool, wantFrom, wantN int) {
			t.Helper()
			from, n := r.SplitBatch(&b, &rest, all)
			require.Equal(t, []int{wantFrom, wantN}, []int{from, n})
			for range n {
				_, ok := rest.Next()
				require.True(t, ok)
			}
			if n > 0 {
				_, ok := rest.Next()
				require.False(t, ok)
				r.FinishBatch(&rest)
			}
		}
		split(false, 5, 5)
		split(false, 3, 2)
		split(true, 1, 2)
		split(true, 0, 0)
		require.Zero(t, b.Left())
		require.Equal(t, uint64(9), r.Stats().Tally[dispatch.Succeeded])
		_, ok := b.Next()
		require.False(t, ok)
		r.FinishBatch(&b)
		require.NoError(t, r.WaitAll(bg))
	})
}

// A worker is needed elsewhere when something waits that came before, and when
// there are too many.
func TestFinishBatchTellsWhereItsWorkerIsNeeded(t *testing.T) {
	withRig(t, 4, 1, func(r *rig) {
		finish := func() bool {
			var b dispatch.Batch
			r.AcceptBatch(&b, 1)
			b.Next()
			b.Next()
			return r.FinishBatch(&b)
		}
		require.False(t, finish())
		r.send(1)
		r.requireRunning(1)
		require.False(t, finish())
		r.send(2)
		require.True(t, finish(), "an input waits")
		r.end(1)
		r.requireRunning(2)
		require.False(t, finish(), "none does any more")
		r.Resize(0)
		require.True(t, finish(), "a worker is one too many")
	})
}
