package remuda_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// batches is a function for StartBatches that doubles its inputs, and keeps them.
type batches struct {
	seen chan []int
	took time.Duration
}

func newBatches(took time.Duration) *batches {
	return &batches{seen: make(chan []int, 10_000), took: took}
}

func (b *batches) double(ctx context.Context, ins []int) ([]int, error) {
	b.seen <- slices.Clone(ins)
	time.Sleep(b.took)
	outs := make([]int, len(ins))
	for i, in := range ins {
		outs[i] = 2 * in
	}
	return outs, nil
}

// all is the batches since the last call.
func (b *batches) all() (all [][]int) {
	synctest.Wait()
	for {
		select {
		case ins := <-b.seen:
			all = append(all, ins)
		default:
			return all
		}
	}
}

func TestBatchIsFullOrWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBatches(0)
		pool, err := remuda.StartBatches(3, 3, time.Second, b.double)
		require.NoError(t, err)
		for i := range 7 {
			require.NoError(t, pool.Send(bg, i))
		}
		require.Equal(t, [][]int{{0, 1, 2}, {3, 4, 5}}, b.all())
		time.Sleep(time.Second - 1)
		require.Empty(t, b.all())
		time.Sleep(1)
		require.Equal(t, [][]int{{6}}, b.all())
		for out, err := range pool.Map(bg, slices.Values([]int{1, 2, 3, 4})) {
			require.NoError(t, err)
			t.Log(out)
		}
		require.Equal(t, [][]int{{1, 2, 3}, {4}}, b.all())
		outs, err := pool.DoAll(bg, []int{1, 2, 3, 4, 5})
		require.NoError(t, err)
		require.Equal(t, []int{2, 4, 6, 8, 10}, outs)
		out, err := pool.Do(bg, 5)
		require.NoError(t, err)
		require.Equal(t, 10, out)
		require.NoError(t, pool.Close(bg))
		t.Log(pool.Stats())
	})
	_ = errors.Is
}
