package remuda_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

func TestStop(t *testing.T) {
	bubble(t, "drops the queue and lets runs finish", func(t *testing.T) {
		s := &stage{}
		p := startPool(t, remuda.Config{Initial: 1, Queue: 3}, s.Do)
		var dropped []int
		p.OnDrop(func(n int, err error) {
			require.ErrorIs(t, err, remuda.ErrPoolClosed)
			dropped = append(dropped, n)
		})
		run := async(func() (int, error) { return p.Do(bg, 0) })
		require.NoError(t, p.Send(bg, 1))
		ticket, err := p.Submit(bg, 2)
		require.NoError(t, err)
		require.NoError(t, p.Send(bg, 3))
		blocked := asyncErr(func() error { return p.Send(bg, 4) })

		stop := asyncErr(func() error { return p.Stop(bg) })
		require.True(t, blocked.returned())
		require.ErrorIs(t, blocked.err, remuda.ErrPoolClosed)
		_, err = ticket.Wait(bg)
		require.ErrorIs(t, err, remuda.ErrPoolClosed)
		require.Equal(t, []int{1, 3}, dropped)
		require.False(t, stop.returned(), "a run is under way")
		require.NoError(t, s.ctx(0).Err(), "and not cancelled")

		s.let(0)
		require.True(t, stop.returned())
		require.NoError(t, stop.err)
		out, err := run.wait()
		require.NoError(t, err)
		require.Equal(t, 0, out)
		require.Equal(t, []int{0}, s.order())
		require.ErrorIs(t, p.Stop(bg), remuda.ErrPoolClosed)
	})
	bubble(t, "begins nothing in a paused pool", func(t *testing.T) {
		s := &stage{}
		p := startPool(t, remuda.Config{Paused: true}, s.Do)
		require.NoError(t, p.Send(bg, 1))
		require.NoError(t, p.Stop(bg))
		require.Empty(t, s.order())
		require.EqualValues(t, 1, p.Stats().Dropped)
	})
	bubble(t, "gives up when its context ends", func(t *testing.T) {
		s := &stage{}
		p := startPool(t, remuda.Config{}, s.Do)
		for i := range 3 {
			require.NoError(t, p.Send(bg, i))
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		err := p.Stop(ctx)
		var gaveUp *remuda.CloseError
		require.ErrorAs(t, err, &gaveUp)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 1, gaveUp.Running)
		require.Equal(t, 2, gaveUp.Dropped)
		require.Error(t, s.ctx(0).Err())
	})
	bubble(t, "after Close, drops what that has left", func(t *testing.T) {
		s := &stage{}
		p := startPool(t, remuda.Config{}, s.Do)
		for i := range 3 {
			require.NoError(t, p.Send(bg, i))
		}
		closing := asyncErr(func() error { return p.Close(bg) })
		stop := asyncErr(func() error { return p.Stop(bg) })
		s.let(0)
		require.True(t, closing.returned())
		require.NoError(t, closing.err)
		require.True(t, stop.returned())
		require.ErrorIs(t, stop.err, remuda.ErrPoolClosed)
		require.Equal(t, []int{0}, s.order())
	})
	bubble(t, "before Start", func(t *testing.T) {
		p := remuda.New[int, int]()
		require.NoError(t, p.Stop(bg))
		require.ErrorIs(t, p.Start(remuda.Func(double)), remuda.ErrPoolClosed)
	})
	bubble(t, "from a job", func(t *testing.T) {
		var p *remuda.Pool[int, int]
		p = startPool(t, remuda.Config{}, func(ctx context.Context, _ int) (int, error) { return 0, p.Stop(ctx) })
		_, err := p.Do(bg, 1)
		require.NoError(t, err)
		<-p.Done()
	})
	bubble(t, "of a source", func(t *testing.T) {
		s := &stage{}
		p := startFrom(t, remuda.FromSeq(counted(5)), remuda.Config{}, s.Do)
		synctest.Wait()
		stop := asyncErr(func() error { return p.Stop(bg) })
		require.False(t, stop.returned())
		s.letAll()
		require.True(t, stop.returned())
		require.NoError(t, stop.err)
		require.Equal(t, []int{0}, s.order())
	})
}

// A loop that Stop cuts short begins nothing more, even of what workers have taken,
// and ends when the runs under way have.
func TestStopDuringALoop(t *testing.T) {
	forEachLoop(t, func(t *testing.T, loop loopFunc) {
		s := &stage{}
		p := startPool(t, remuda.Config{Initial: 2}, s.Do)
		var errs []error
		looping := asyncErr(func() error {
			_, errs = loop(bg, p, counted(100))
			return nil
		})
		stop := asyncErr(func() error { return p.Stop(bg) })
		require.False(t, stop.returned())
		s.letAll()
		require.True(t, stop.returned())
		require.NoError(t, stop.err)
		require.True(t, looping.returned())
		requireCutShort(t, remuda.ErrPoolClosed, errs[len(errs)-1:])
		require.Len(t, s.order(), 2)
	})
}

// Nothing begins after Stop, even of a batch that a worker has in hand.
func TestStopInTheMiddleOfABatch(t *testing.T) {
	forEachLoop(t, func(t *testing.T, loop loopFunc) {
		gate := make(chan struct{})
		var begun atomic.Int32
		p := startPool(t, remuda.Config{}, func(_ context.Context, n int) (int, error) {
			begun.Add(1)
			if n == 600 {
				<-gate
			}
			return n, nil
		})
		var errs []error
		looping := asyncErr(func() error {
			_, errs = loop(bg, p, counted(1000))
			return nil
		})
		stop := asyncErr(func() error { return p.Stop(bg) })
		require.False(t, stop.returned())
		close(gate)
		require.True(t, stop.returned())
		require.True(t, looping.returned())
		require.EqualValues(t, 601, begun.Load())
		requireCutShort(t, remuda.ErrPoolClosed, errs[len(errs)-1:])
		for _, err := range errs[601 : len(errs)-1] {
			require.ErrorIs(t, err, remuda.ErrPoolClosed)
			require.NotErrorIs(t, err, remuda.ErrCutShort)
		}
	})
}

// Stop at any moment of a loop of fast and slow inputs, which go in batches that are
// split and given back.
func TestStopDuringBatches(t *testing.T) {
	for after := range 12 {
		bubble(t, "", func(t *testing.T) {
			p := startPool(t, remuda.Config{Initial: 2}, func(_ context.Context, n int) (int, error) {
				if n > 600 {
					time.Sleep(time.Millisecond)
				}
				return n, nil
			})
			looping := asyncErr(func() error {
				for range p.Map(bg, slices.Values(upTo(1000))) {
				}
				return nil
			})
			for range 5 { // others want a worker
				require.NoError(t, p.Send(bg, 1000))
			}
			time.Sleep(time.Duration(after) * 10 * time.Millisecond)
			require.NoError(t, p.Stop(bg))
			require.True(t, looping.returned())
		})
	}
}
