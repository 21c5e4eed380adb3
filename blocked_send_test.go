package remuda_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// This file says when a caller that waits for a place in the queue is let in: as
// soon as a place is free, whoever frees it and whichever way the caller came.

// lasting is a job that takes so long.
func lasting(d time.Duration) func(context.Context, int) (int, error) {
	return func(_ context.Context, n int) (int, error) {
		time.Sleep(d)
		return n, nil
	}
}

// fillPool hands over inputs until each worker has one and the queue is full, and
// returns how many that were.
func fillPool(t *testing.T, p *remuda.Pool[int, int], workers, queue int) int {
	t.Helper()
	n := workers + max(queue, 0)
	for i := range n {
		require.NoError(t, p.TrySend(bg, i))
		if i < workers {
			synctest.Wait()
		}
	}
	require.ErrorIs(t, p.TrySend(bg, -1), remuda.ErrQueueFull)
	return n
}

var fullQueues = []struct{ workers, queue int }{
	{1, remuda.Unbuffered}, {1, 1}, {1, 2}, {1, 3}, {1, 4}, {1, 16}, {1, 100}, {3, 8}, {4, 16}, {16, 4},
}

// With runs of a second, n workers make n places free in each second.
func TestBlockedSendersAreLetInAsPlacesBecomeFree(t *testing.T) {
	for _, c := range fullQueues {
		bubble(t, fmt.Sprintf("%d workers, queue %d", c.workers, c.queue), func(t *testing.T) {
			p := startPool(t, remuda.Config{Initial: c.workers, Queue: c.queue}, lasting(time.Second))
			n := fillPool(t, p, c.workers, c.queue)
			const seconds = 5
			var calls []*call[remuda.Void]
			for i := range seconds * c.workers {
				calls = append(calls, asyncErr(func() error { return handOvers[i%2](bg, p, n+i) }))
			}
			for i, c2 := range calls {
				_, err := c2.wait()
				require.NoError(t, err)
				require.Equal(t, time.Duration(1+i/c.workers)*time.Second, c2.took, "caller %d", i)
			}
		})
	}
}

// Do with a context that can end waits for a place as Send does.
func TestBlockedDoIsLetInAsSoonAsAPlaceIsFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPool(t, remuda.Config{Queue: 100}, lasting(time.Second))
		fillPool(t, p, 1, 100)
		ctx, _ := ending(t)
		do := async(func() (int, error) { return p.Do(ctx, 101) })
		_, err := do.wait()
		require.NoError(t, err)
		require.Equal(t, 102*time.Second, do.took, "101 runs before its own")
	})
}

// Whoever has the patience for one run gets in, with the queue of any length.
func TestBlockedSendWithLittlePatience(t *testing.T) {
	for _, queue := range []int{1, 4, 100, remuda.DefaultQueue} {
		bubble(t, fmt.Sprint(queue), func(t *testing.T) {
			p := startPool(t, remuda.Config{Queue: queue}, lasting(time.Second))
			fillPool(t, p, 1, queue)
			ctx, cancel := context.WithTimeout(bg, 1001*time.Millisecond)
			defer cancel()
			require.NoError(t, p.Send(ctx, 1))
			ended, cancel := ending(t)
			cancel()
			require.Error(t, p.Close(ended))
		})
	}
}

// One place is for one sender; the next stays where it is.
func TestOnePlaceLetsInOneSender(t *testing.T) {
	for _, c := range fullQueues {
		bubble(t, fmt.Sprintf("%d workers, queue %d", c.workers, c.queue), func(t *testing.T) {
			s := &stage{}
			p := startPool(t, remuda.Config{Initial: c.workers, Queue: c.queue}, s.Do)
			n := fillPool(t, p, c.workers, c.queue)
			var calls []*call[remuda.Void]
			for i := range 3 {
				calls = append(calls, asyncErr(func() error { return p.Send(bg, n+i) }))
			}
			for i := range calls {
				s.let(i)
				for j, c := range calls {
					require.Equal(t, j <= i, c.returned(), "sender %d after %d runs", j, i+1)
				}
				require.ErrorIs(t, p.TrySend(bg, -1), remuda.ErrQueueFull)
			}
			s.letAll()
			require.Len(t, s.order(), n+len(calls))
		})
	}
}

// More workers take from the queue at once, and so let senders in.
func TestMoreLetsBlockedSendersIn(t *testing.T) {
	for _, queue := range []int{remuda.Unbuffered, 1, 4, 100} {
		bubble(t, fmt.Sprint(queue), func(t *testing.T) {
			s := &stage{}
			p := startPool(t, remuda.Config{Queue: queue}, s.Do)
			n := fillPool(t, p, 1, queue)
			first := asyncErr(func() error { return p.Send(bg, n) })
			second := asyncErr(func() error { return p.Send(bg, n+1) })
			require.NoError(t, p.More())
			require.True(t, first.returned())
			require.False(t, second.returned())
			s.letAll()
			require.True(t, second.returned())
		})
	}
}

// A sender that gives up leaves its turn to the next.
func TestBlockedSenderThatGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{}
		p := startPool(t, remuda.Config{Queue: 2}, s.Do)
		n := fillPool(t, p, 1, 2)
		ctx, cancel := ending(t)
		first := asyncErr(func() error { return p.Send(ctx, n) })
		second := asyncErr(func() error { return p.Send(bg, n+1) })
		cancel()
		require.True(t, first.returned())
		require.ErrorIs(t, first.err, context.Canceled)
		require.False(t, second.returned())
		s.let(0)
		require.True(t, second.returned())
		s.letAll()
		require.Equal(t, []int{0, 1, 2, n + 1}, s.order())
	})
}
