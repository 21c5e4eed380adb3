package remuda_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// Close runs what was gathered at once, in batches.
func TestBatchesClose(t *testing.T) {
	withPress(t, workers(1), 3, time.Hour, func(t *testing.T, p *press, pool *remuda.Pool[int, string]) {
		began := time.Now()
		sendInts(t, pool, 0, 1)
		synctest.Wait()
		require.NoError(t, pool.Close(bg))
		require.Zero(t, time.Since(began))
		require.Equal(t, [][]int{{0, 1}}, p.batches())
	})
	withPress(t, workers(2), 3, time.Hour, func(t *testing.T, p *press, pool *remuda.Pool[int, string]) {
		require.NoError(t, pool.Resize(0))
		sendInts(t, pool, upTo(8)...)
		require.Empty(t, p.batches())
		require.NoError(t, pool.Close(bg))
		require.Equal(t, [][]int{{0, 1, 2}, {3, 4, 5}, {6, 7}}, p.batches())
	})
}

// Close that gives up cancels the batch that runs, and drops what is gathered. Of the
// inputs that run, each has what the function says of it.
func TestBatchesCloseThatGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool, err := remuda.StartBatches(1, 3, time.Second, func(ctx context.Context, ins []int) ([]int, error) {
			<-ctx.Done()
			require.Equal(t, remuda.ErrPoolClosed, context.Cause(ctx))
			if ins[0] == 0 {
				return ins, errors.Join(&remuda.InputError{Index: 1, Err: ctx.Err()}, &remuda.InputError{Index: 2, Err: errOdd})
			}
			return nil, ctx.Err()
		})
		require.NoError(t, err)
		var dropped []int
		pool.OnDrop(func(in int, err error) { dropped = append(dropped, in) })
		tickets := make([]*remuda.Ticket[int], 3)
		for i := range tickets {
			tickets[i], err = pool.Submit(bg, i)
			require.NoError(t, err)
		}
		synctest.Wait()
		require.NoError(t, pool.Send(bg, 7))
		require.NoError(t, pool.Send(bg, 8))
		synctest.Wait()
		err = pool.CloseWithTimeout(time.Minute)
		var gaveUp *remuda.CloseError
		require.ErrorAs(t, err, &gaveUp)
		require.Equal(t, 3, gaveUp.Running, "inputs")
		require.Equal(t, 2, gaveUp.Dropped)
		require.Equal(t, []int{7, 8}, dropped)
		_, err = tickets[0].Wait(bg)
		require.NoError(t, err)
		_, err = tickets[1].Wait(bg)
		require.ErrorIs(t, err, remuda.ErrPoolClosed)
		require.ErrorIs(t, err, context.Canceled)
		_, err = tickets[2].Wait(bg)
		require.Equal(t, errOdd, err)
		<-pool.Done()
	})
}

// Stop drops what is gathered, and lets the batch that runs finish.
func TestBatchesStop(t *testing.T) {
	withPress(t, workers(2), 3, time.Hour, func(t *testing.T, p *press, pool *remuda.Pool[int, string]) {
		p.takes = time.Second
		var dropped []int
		pool.OnDrop(func(in int, err error) {
			require.ErrorIs(t, err, remuda.ErrPoolClosed)
			dropped = append(dropped, in)
		})
		sendInts(t, pool, upTo(5)...)
		loop := make(chan error, 1)
		go func() {
			for _, err := range pool.Map(bg, sequence(9, 9, time.Minute)) {
				loop <- err
			}
		}()
		require.Equal(t, [][]int{{0, 1, 2}, {3, 4, 9}}, p.batches())
		sendInts(t, pool, 5, 6)
		synctest.Wait()
		require.NoError(t, pool.Stop(bg))
		require.Equal(t, []int{5, 6}, dropped)
		require.NoError(t, <-loop, "its input was under way")
		require.ErrorIs(t, <-loop, remuda.ErrPoolClosed)
		require.Empty(t, p.batches())
	})
}

// Less ends the worker that gathers, at once. What it has gathered stays in the queue.
func TestBatchesLess(t *testing.T) {
	withPress(t, workers(1), 3, time.Minute, func(t *testing.T, p *press, pool *remuda.Pool[int, string]) {
		sendInts(t, pool, 0, 1)
		synctest.Wait()
		require.NoError(t, pool.Less())
		sendInts(t, pool, 2, 3)
		time.Sleep(time.Hour)
		require.Empty(t, p.batches())
		require.Equal(t, 4, pool.Stats().Queued)
		require.NoError(t, pool.More())
		require.Equal(t, [][]int{{0, 1, 2}, {3}}, p.batches(), "it has waited for long enough")
	})
}

// While a worker is busy, Less ends another one, even if that gathers.
func TestBatchesLessWhileOneGathers(t *testing.T) {
	withPress(t, workers(2), 3, time.Minute, func(t *testing.T, p *press, pool *remuda.Pool[int, string]) {
		p.takes = 10 * time.Second
		sendInts(t, pool, 0, 1, 2, 3)
		require.Equal(t, [][]int{{0, 1, 2}}, p.batches())
		require.NoError(t, pool.Less())
		synctest.Wait()
		require.Zero(t, pool.Stats().Retired, "it has ended")
		sendInts(t, pool, 4, 5)
		require.Empty(t, p.batches(), "no worker is free")
		time.Sleep(10 * time.Second)
		require.Equal(t, [][]int{{3, 4, 5}}, p.batches())
	})
}

// Resize makes as many workers as there are batches.
func TestBatchesResize(t *testing.T) {
	withPress(t, remuda.Config{Paused: true}, 10, time.Minute, func(t *testing.T, p *press, pool *remuda.Pool[int, string]) {
		p.takes = time.Second
		sendInts(t, pool, upTo(35)...)
		require.NoError(t, pool.Resize(1000))
		require.Len(t, p.batches(), 3)
		time.Sleep(time.Minute)
		require.Equal(t, [][]int{{30, 31, 32, 33, 34}}, p.batches())
	})
}
