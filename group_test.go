package remuda_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

func TestGroup(t *testing.T) {
	bubble(t, "waits for its own", func(t *testing.T) {
		s := &stage{}
		p := startPool(t, remuda.Config{Initial: 3}, s.Do)
		require.NoError(t, p.Send(bg, 9))
		g := p.Group(bg)
		require.NoError(t, g.Send(0))
		require.NoError(t, g.Send(1))
		wait := asyncErr(g.Wait)
		s.let(0)
		require.False(t, wait.returned())
		s.let(1)
		require.True(t, wait.returned(), "9 is nobody's")
		require.NoError(t, wait.err)
		require.NoError(t, g.Wait(), "again")
		s.let(9)
	})
	bubble(t, "the first error cancels the others", func(t *testing.T) {
		s := &stage{}
		p := startPool(t, remuda.Config{Initial: 3, Queue: 8}, func(ctx context.Context, n int) (int, error) {
			out, err := s.Do(ctx, n)
			if n == 1 {
				err = errJob
			}
			return out, err
		})
		others := p.Group(bg)
		require.NoError(t, others.Send(7))
		g := p.Group(bg)
		for _, n := range []int{0, 1, 2, 3} { // two run
			require.NoError(t, g.Send(n))
		}
		synctest.Wait()
		s.let(1)
		require.ErrorIs(t, context.Cause(s.ctx(0)), errJob)
		require.NoError(t, s.ctx(7).Err(), "that is another's")
		require.Equal(t, errJob, g.Wait())
		require.Equal(t, errJob, g.Send(4))
		require.ElementsMatch(t, []int{7, 0, 1}, s.order(), "what had not begun never does")
		stats := p.Stats()
		require.EqualValues(t, 2, stats.Dropped)
		s.let(7)
		require.NoError(t, others.Wait())
	})
	bubble(t, "what is queued leaves the queue at once", func(t *testing.T) {
		s := &stage{}
		p := startPool(t, remuda.Config{Name: "mill", Queue: 2}, s.Do)
		require.NoError(t, p.Send(bg, 9)) // keeps the only worker
		ctx, cancel := ending(t)
		g := p.Group(ctx)
		require.NoError(t, g.Send(0))
		require.NoError(t, g.Send(1))
		blocked := asyncErr(func() error { return g.Send(2) })
		cancel()
		require.True(t, blocked.returned())
		require.ErrorIs(t, blocked.err, context.Canceled)
		err := g.Wait()
		require.ErrorIs(t, err, context.Canceled, "and no worker has come")
		require.Zero(t, p.Stats().Queued)
		require.ErrorIs(t, g.Send(3), context.Canceled)
		s.let(9)
		require.Equal(t, []int{9}, s.order())
	})
	bubble(t, "an input that the pool does not take is its error", func(t *testing.T) {
		p := startPool(t, remuda.Config{}, double)
		g := p.Group(bg)
		require.NoError(t, p.Close(bg))
		require.ErrorIs(t, g.Send(1), remuda.ErrPoolClosed)
		require.ErrorIs(t, g.Wait(), remuda.ErrPoolClosed)
	})
	bubble(t, "empty", func(t *testing.T) {
		p := startPool(t, remuda.Config{}, double)
		g := p.Group(bg)
		require.NoError(t, g.Wait())
		err := g.Send(1)
		require.ErrorIs(t, err, context.Canceled)
		require.EqualError(t, err, "remuda: group: Send after Wait: context canceled")
		require.NoError(t, g.Wait())
	})
	bubble(t, "has the values of its context, and a panic", func(t *testing.T) {
		type key struct{}
		p := startPool(t, remuda.Config{Initial: 2}, func(ctx context.Context, n int) (int, error) {
			if n == 1 {
				panic(errJob)
			}
			assert.Equal(t, "value", ctx.Value(key{}))
			return 0, nil
		})
		g := p.Group(context.WithValue(bg, key{}, "value"))
		require.NoError(t, g.Send(0))
		require.NoError(t, g.Send(1))
		err := g.Wait()
		require.ErrorAs(t, err, new(*remuda.PanicError))
		require.ErrorIs(t, err, errJob)
	})
	bubble(t, "that Close cuts off", func(t *testing.T) {
		s := &stage{}
		p := startPool(t, remuda.Config{}, s.Do)
		g := p.Group(bg)
		require.NoError(t, g.Send(0))
		require.NoError(t, g.Send(1))
		wait := asyncErr(g.Wait)
		require.Error(t, p.CloseWithTimeout(time.Second))
		require.True(t, wait.returned())
		require.ErrorIs(t, wait.err, remuda.ErrPoolClosed)
	})
}

// A job may use a group over its own pool: with one worker, it has to lend its slot.
func TestGroupInsideAJob(t *testing.T) {
	bubble(t, "that it has made", func(t *testing.T) {
		var p *remuda.Pool[int, int]
		var leaves atomic.Int32
		p = startPool(t, remuda.Config{Queue: 1}, func(ctx context.Context, n int) (int, error) {
			if n == 0 {
				leaves.Add(1)
				return 0, nil
			}
			g := p.Group(ctx)
			for range 3 {
				if err := g.Send(n - 1); err != nil {
					return 0, err
				}
			}
			return 0, g.Wait()
		})
		_, err := p.Do(bg, 3)
		require.NoError(t, err)
		require.EqualValues(t, 27, leaves.Load())
	})
	bubble(t, "that it belongs to", func(t *testing.T) {
		var g *remuda.Group[int, int]
		var runs atomic.Int32
		p := startPool(t, remuda.Config{Queue: 1}, func(ctx context.Context, n int) (int, error) {
			runs.Add(1)
			for range 3 {
				if n == 0 {
					break
				}
				if err := g.SendContext(ctx, n-1); err != nil {
					return 0, err
				}
			}
			return 0, nil
		})
		g = p.Group(bg)
		require.NoError(t, g.Send(3))
		require.NoError(t, g.Wait())
		require.EqualValues(t, 1+3+9+27, runs.Load())
	})
}

// Many goroutines send to many groups, some of which fail or are cancelled at any
// moment: each input has an outcome, and Wait comes after the last of them.
func TestGroupsRace(t *testing.T) {
	p := startPool(t, remuda.Config{Initial: 4, Queue: 8}, func(_ context.Context, n int) (int, error) {
		if n == 0 {
			return 0, errJob
		}
		return n, nil
	})
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(bg)
			defer cancel()
			g := p.Group(ctx)
			var senders sync.WaitGroup
			for range 3 {
				senders.Go(func() {
					for n := range 50 {
						if i%4 == 1 && n == 25 {
							cancel()
						}
						if g.Send(n+i%2) != nil {
							return
						}
					}
				})
			}
			senders.Wait()
			switch err := g.Wait(); i % 4 {
			case 0, 2:
				assert.ErrorIs(t, err, errJob)
			case 1:
				assert.ErrorIs(t, err, context.Canceled)
			default:
				assert.NoError(t, err)
			}
		})
	}
	wg.Wait()
	require.NoError(t, p.Wait(bg))
	assertIdle(t, p.Stats())
}
