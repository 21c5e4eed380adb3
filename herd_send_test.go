package remuda_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// SendWork returns when there is a gopher for the work, or one of a few places
// ahead of the gophers, and not before. How fast the herd is makes no difference.
func TestSendWorkWaitsForAGopher(t *testing.T) {
	for _, size := range []int{1, 3} {
		bubble(t, fmt.Sprint("size ", size), func(t *testing.T) {
			s := &stage{}
			h := startHerd(t, size, func(w *work) remuda.Status {
				if w.Body < 0 { // a fast one
					return remuda.Success
				}
				return onStage(s)(w)
			})
			go func() {
				for range h.OutputChan() {
				}
			}()
			for range 2000 {
				require.NoError(t, h.SendWork(unit(-1)))
			}
			for i := range size {
				require.True(t, send(h, i).returned(), "a gopher is free")
			}
			fill(t, h, size)
			var waiting []*call[remuda.Void]
			for i := range 20 {
				waiting = append(waiting, send(h, size+ahead+i))
			}
			for i, c := range waiting {
				require.False(t, c.returned(), "all gophers have units in hand")
				s.let(i)
				require.True(t, c.returned())
				require.NoError(t, c.err)
			}
			for i := len(waiting); i < size+ahead+len(waiting); i++ { // one by one: begun at once, two note themselves in either order
				s.let(i)
				synctest.Wait()
			}
			require.Equal(t, upTo(size+ahead+20), s.order(), "senders are let in in order of arrival")
		})
	}
	bubble(t, "before Start", func(t *testing.T) {
		s := &stage{}
		h := newHerd(t, 2, onStage(s))
		fill(t, h, 0)
		c := send(h, ahead)
		require.False(t, c.returned())
		require.Empty(t, s.order())
		require.NoError(t, h.Start())
		require.True(t, c.returned())
		require.NoError(t, c.err)
		s.letAll()
	})
	bubble(t, "size 0", func(t *testing.T) {
		s := &stage{}
		h := startHerd(t, 0, onStage(s))
		fill(t, h, 0)
		a, b := send(h, ahead), send(h, ahead+1)
		require.False(t, a.returned())
		require.NoError(t, h.IncreaseHerdBy(1))
		require.True(t, a.returned())
		require.NoError(t, h.DecreaseHerdBy(1))
		s.let(0)
		require.False(t, b.returned(), "the gopher has left")
		require.Equal(t, []int{0}, s.order())
		require.NoError(t, h.SetHerdSize(1))
		require.True(t, b.returned())
		s.letAll()
	})
}

func TestSendWorkContextGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{}
		h := startHerd(t, 1, onStage(s))
		require.True(t, send(h, 0).returned())
		fill(t, h, 1)

		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		begin := time.Now()
		require.ErrorIs(t, h.SendWorkContext(ctx, unit(-1)), context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(begin))
		require.ErrorIs(t, h.SendWorkContext(ctx, unit(-1)), context.DeadlineExceeded, "it has ended before")

		h.CloseInputChan()
		s.letAll()
		require.Equal(t, upTo(1+ahead), bodies(collect(h)), "what was given up was not taken")
	})
}

// The context of the work has the values of the sender's, in each try, and
// neither its deadline nor its cancellation.
func TestWorkContext(t *testing.T) {
	type key struct{}
	h := newHerd(t, 1, func(w *work) remuda.Status {
		ctx := w.Context()
		info, ok := remuda.InfoFrom(ctx)
		assert.True(t, ok)
		assert.Equal(t, 1, info.Worker)
		_, ok = ctx.Deadline()
		assert.False(t, ok)
		<-ctx.Value(key{}).(chan bool) // until the sender has ended its context
		assert.NoError(t, ctx.Err())
		return remuda.Retry
	})
	require.NoError(t, h.SetMaxRetries(3))
	require.NoError(t, h.Start())
	gate := make(chan bool)
	ctx, cancel := context.WithTimeout(context.WithValue(bg, key{}, gate), time.Hour)
	require.NoError(t, h.SendWorkContext(ctx, unit(0)))
	cancel()
	close(gate)
	require.Equal(t, 3, (<-h.OutputChan()).Retries())
}

// A process function may send more work to its own herd, even when it is the
// only gopher.
func TestProcessSendsToItsOwnHerd(t *testing.T) {
	var h *herd
	var left atomic.Int32
	left.Store(1 + 3 + 9 + 27)
	h = startHerd(t, 1, func(w *work) remuda.Status {
		if w.Body > 0 {
			for range 3 {
				assert.NoError(t, h.SendWorkContext(w.Context(), unit(w.Body-1)))
			}
		}
		if left.Add(-1) == 0 {
			h.CloseInputChan()
		}
		return remuda.Success
	})
	require.NoError(t, h.SendWork(unit(3)))
	require.Len(t, collect(h), 40)
}
