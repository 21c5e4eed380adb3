package remuda_test

import (
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

func TestHerdSize(t *testing.T) {
	test := func(t *testing.T, h *herd) {
		for _, tt := range []struct {
			change func(int) error
			n      int
			want   int
			err    error
		}{
			{h.SetHerdSize, 10, 10, nil},
			{h.SetHerdSize, 10, 10, nil},
			{h.IncreaseHerdBy, 5, 15, nil},
			{h.DecreaseHerdBy, 3, 12, nil},
			{h.DecreaseHerdBy, 13, 12, remuda.ErrMinReached},
			{h.SetHerdSize, -1, 12, remuda.ErrMinReached},
			{h.SetHerdSize, math.MinInt, 12, remuda.ErrMinReached},
			{h.IncreaseHerdBy, math.MinInt, 12, remuda.ErrMinReached},
			{h.DecreaseHerdBy, math.MinInt, 12, remuda.ErrMaxReached},
			{h.IncreaseHerdBy, math.MaxInt, 12, remuda.ErrMaxReached},
			{h.DecreaseHerdBy, math.MaxInt, 12, remuda.ErrMinReached},
			{h.SetHerdSize, remuda.MaxHerdSize + 1, 12, remuda.ErrMaxReached},
			{h.SetHerdSize, remuda.MaxHerdSize, remuda.MaxHerdSize, nil},
			{h.IncreaseHerdBy, 1, remuda.MaxHerdSize, remuda.ErrMaxReached},
			{h.IncreaseHerdBy, -remuda.MaxHerdSize, 0, nil},
			{h.DecreaseHerdBy, -7, 7, nil},
		} {
			require.ErrorIs(t, tt.change(tt.n), tt.err)
			require.Equal(t, tt.want, h.HerdSize())
			require.Equal(t, tt.want, h.Stats().Size)
		}
	}
	t.Run("before Start", func(t *testing.T) {
		h := newHerd(t, 0, succeed)
		test(t, h)
		require.NoError(t, h.Start())
		require.Equal(t, 7, h.Stats().Pool.Workers)
	})
	t.Run("after Start", func(t *testing.T) {
		h := startHerd(t, 3, succeed)
		test(t, h)
		require.Equal(t, 7, h.Stats().Pool.Workers)
	})
	t.Run("errors say what is wrong", func(t *testing.T) {
		h := newHerd(t, 0, succeed)
		require.ErrorContains(t, h.SetHerdSize(-1), "herd size cannot be negative")
		require.ErrorContains(t, h.SetHerdSize(remuda.MaxHerdSize+1), "herd size cannot exceed 1000000")
	})
}

// DecreaseHerdBy does not wait for gophers that have work in hand, or that wait
// for the reader of the output.
func TestDecreaseHerdByNeverBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{}
		h := startHerd(t, 3, onStage(s))
		for i := range 3 {
			require.True(t, send(h, i).returned())
		}
		require.NoError(t, h.DecreaseHerdBy(2)) // would be a deadlock in the bubble
		require.Equal(t, 1, h.HerdSize())
		require.Equal(t, 2, h.Stats().Pool.Retired)
		fill(t, h, 3)
		waiting := send(h, 3+ahead)
		s.let(0, 1)
		require.False(t, waiting.returned(), "there is one gopher, and it is busy")
		s.let(2)
		require.True(t, waiting.returned())
		s.letAll()
		h.CloseInputChan()
		require.Equal(t, upTo(4+ahead), bodies(collect(h)))
	})
}

// Of several concurrent changes the last one counts, in what HerdSize says and
// in how many gophers there are.
func TestConcurrentResizes(t *testing.T) {
	for range 100 {
		h := startHerd(t, 1, succeed)
		asked := []int{20, 25, 37, 40, 100}
		var wg sync.WaitGroup
		for _, n := range asked {
			wg.Go(func() { require.NoError(t, h.SetHerdSize(n)) })
		}
		wg.Wait()
		size := h.HerdSize()
		require.True(t, slices.Contains(asked, size), "size %d", size)
		require.Equal(t, size, h.Stats().Pool.Workers)
		for range 20 {
			wg.Go(func() { require.NoError(t, h.IncreaseHerdBy(3)) })
			wg.Go(func() { require.NoError(t, h.IncreaseHerdBy(-1)) })
		}
		wg.Wait()
		require.Equal(t, size+40, h.HerdSize())
		require.Equal(t, size+40, h.Stats().Pool.Workers)
		require.NoError(t, h.Close(bg))
	}
}

// The size is how many units are processed at a time.
func TestHerdSizeBoundsConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{}
		h := startHerd(t, 2, onStage(s))
		for i := range 8 {
			send(h, i)
		}
		for _, n := range []int{2, 5, 8} {
			require.NoError(t, h.SetHerdSize(n))
			now, _ := s.on()
			require.Equal(t, n, now)
		}
		require.NoError(t, h.SetHerdSize(1))
		s.letAll()
		require.Equal(t, 1, h.HerdSize())
		require.Zero(t, h.Stats().Pool.Retired)
	})
}
