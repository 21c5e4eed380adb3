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

// The run of what TrySend hands over has the values of the context, and neither
// its deadline nor its end, as with Send.
func TestTrySendCarriesTheValuesOfItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		s := &stage{}
		p := startPool(t, remuda.Config{}, s.Do)
		ctx, cancel := context.WithTimeout(context.WithValue(bg, key{}, "value"), time.Second)
		require.NoError(t, p.TrySend(ctx, 1))
		run := s.ctx(1)
		cancel()
		require.Equal(t, "value", run.Value(key{}))
		require.NoError(t, run.Err())
		_, ok := run.Deadline()
		require.False(t, ok)
		s.letAll()
		require.EqualValues(t, 1, p.Stats().Succeeded)
	})
}

// From inside of a job it keeps the values of whoever owns that job's run.
func TestTrySendFromAJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		var seen []any
		var p *remuda.Pool[int, int]
		p = startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
			seen = append(seen, ctx.Value(key{}))
			if n > 0 {
				return 0, p.TrySend(ctx, n-1)
			}
			return 0, nil
		})
		_, err := p.Do(context.WithValue(bg, key{}, "owner"), 3)
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, []any{"owner", "owner", "owner", "owner"}, seen)
	})
}

func TestTrySendWithEndedContext(t *testing.T) {
	for _, queue := range bounds {
		p := startPool(t, remuda.Config{Queue: queue}, double)
		ctx, cancel := context.WithCancel(bg)
		cancel()
		require.ErrorIs(t, p.TrySend(ctx, 1), context.Canceled)
		late, cancel := context.WithTimeout(bg, -1)
		defer cancel()
		require.ErrorIs(t, p.TrySend(late, 1), context.DeadlineExceeded)
		require.Zero(t, p.Stats().Accepted)
	}
}

// It does not wait, however much patience its context has.
func TestTrySendDoesNotWait(t *testing.T) {
	for _, c := range fullQueues {
		bubble(t, fmt.Sprintf("%d workers, queue %d", c.workers, c.queue), func(t *testing.T) {
			p := startPool(t, remuda.Config{Initial: c.workers, Queue: c.queue}, lasting(time.Second))
			fillPool(t, p, c.workers, c.queue)
			ctx, cancel := context.WithTimeout(bg, time.Hour)
			defer cancel()
			begin := time.Now()
			require.ErrorIs(t, p.TrySend(ctx, 1), remuda.ErrQueueFull)
			require.Zero(t, time.Since(begin))
		})
	}
}

// A place that is free is seen at once: as many as runs have ended, if nobody
// waits for them.
func TestTrySendSeesEachFreePlace(t *testing.T) {
	for _, c := range fullQueues {
		bubble(t, fmt.Sprintf("%d workers, queue %d", c.workers, c.queue), func(t *testing.T) {
			p := startPool(t, remuda.Config{Initial: c.workers, Queue: c.queue}, lasting(time.Second))
			n := fillPool(t, p, c.workers, c.queue)
			for range 5 {
				time.Sleep(time.Second)
				synctest.Wait()
				for range c.workers {
					require.NoError(t, p.TrySend(bg, n))
					synctest.Wait() // until a worker that is free has come for it
				}
				require.ErrorIs(t, p.TrySend(bg, n), remuda.ErrQueueFull)
			}
		})
	}
}
