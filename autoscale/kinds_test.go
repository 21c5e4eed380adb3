package autoscale_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/autoscale"
)

// This file says what autoscale makes of the different kinds of pools.

func nap(_ context.Context, n int) (int, error) {
	time.Sleep(49 * time.Millisecond)
	return n, nil
}

func napBatch(_ context.Context, ns []int) ([]int, error) {
	time.Sleep(49 * time.Millisecond)
	return ns, nil
}

// scaled scales the pool that start returns, in a bubble, and sends an input each time
// that so long has passed, for a minute. It returns the most workers that there were
// after the first half of it.
func scaled(
	t *testing.T, every time.Duration, cfg autoscale.Config, start func() (*remuda.Pool[int, int], error),
) (most int) {
	synctest.Test(t, func(t *testing.T) {
		p, err := start()
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(bg)
		ended := make(chan error, 1)
		go func() { ended <- autoscale.Run(ctx, p, cfg) }()
		begin := time.Now()
		for n := 0; time.Since(begin) < time.Minute; n++ {
			time.Sleep(every)
			_ = p.TrySend(bg, n)
			if time.Since(begin) > 30*time.Second {
				most = max(most, p.Current())
			}
		}
		cancel()
		assert.ErrorIs(t, <-ended, context.Canceled)
		assert.NoError(t, p.Resize(cfg.Max))
		assert.NoError(t, p.Stop(bg))
	})
	return most
}

// More workers can't run the inputs of a key that is busy.
func TestHotKey(t *testing.T) {
	most := scaled(t, 10*time.Millisecond, usual, func() (*remuda.Pool[int, int], error) {
		return remuda.StartKeyed(1, func(int) int { return 0 }, nap)
	})
	require.LessOrEqual(t, most, 2)
}

func TestManyKeys(t *testing.T) {
	most := scaled(t, 10*time.Millisecond, usual, func() (*remuda.Pool[int, int], error) {
		return remuda.StartKeyed(1, func(n int) int { return n }, nap)
	})
	require.GreaterOrEqual(t, most, 5)
	require.LessOrEqual(t, most, 10)
}

// A thousand inputs a second are ten batches. One worker has the time for these.
func TestBatchesThatWait(t *testing.T) {
	most := scaled(t, time.Millisecond, usual, func() (*remuda.Pool[int, int], error) {
		return remuda.StartBatches(1, 500, 100*time.Millisecond, napBatch)
	})
	require.LessOrEqual(t, most, 2)
}

// They are a hundred batches of ten, which take five workers.
func TestFullBatches(t *testing.T) {
	most := scaled(t, time.Millisecond, usual, func() (*remuda.Pool[int, int], error) {
		return remuda.StartBatches(1, 10, time.Second, napBatch)
	})
	require.GreaterOrEqual(t, most, 5)
	require.LessOrEqual(t, most, 10)
}

func TestStartsAPausedPool(t *testing.T) {
	most := scaled(t, 10*time.Millisecond, usual, func() (*remuda.Pool[int, int], error) {
		return remuda.StartWithConfig(remuda.Config{Paused: true}, nap)
	})
	require.GreaterOrEqual(t, most, 5)
}

// Without a queue it goes by how busy the workers are.
func TestSource(t *testing.T) {
	for name, rate := range map[string]time.Duration{"slow": 100 * time.Millisecond, "fast": 5 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			inputs := make(chan int)
			p, err := remuda.StartFrom(1, remuda.FromChan(inputs), nap)
			require.NoError(t, err)
			ended := make(chan error, 1)
			go func() { ended <- autoscale.Run(bg, p, usual) }()
			for begin := time.Now(); time.Since(begin) < time.Minute; {
				time.Sleep(rate)
				inputs <- 1
			}
			if name == "slow" {
				require.LessOrEqual(t, p.Current(), 2)
			} else {
				require.GreaterOrEqual(t, p.Current(), 10)
				require.LessOrEqual(t, p.Current(), 15)
			}
			close(inputs)
			require.NoError(t, p.Close(bg))
			require.ErrorIs(t, <-ended, remuda.ErrPoolClosed)
		})
	}
}

// The bounds of the pool hold, and don't end the scaling.
func TestPoolHasBoundsOfItsOwn(t *testing.T) {
	for _, c := range []struct {
		every time.Duration
		want  int
	}{{10 * time.Second, 3}, {time.Millisecond, 5}} {
		synctest.Test(t, func(t *testing.T) {
			p, err := remuda.StartWithConfig(remuda.Config{Min: 3, Initial: 4, Max: 5}, nap)
			require.NoError(t, err)
			ended := make(chan error, 1)
			go func() { ended <- autoscale.Run(bg, p, usual) }()
			for begin := time.Now(); time.Since(begin) < time.Minute; {
				time.Sleep(c.every)
				_ = p.TrySend(bg, 1)
			}
			require.Equal(t, c.want, p.Current())
			require.NoError(t, p.Close(bg))
			require.ErrorIs(t, <-ended, remuda.ErrPoolClosed)
		})
	}
}
