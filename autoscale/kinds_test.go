package autoscale_test

import (
	"context"
	"math/rand/v2"
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

// While all workers are busy, nothing tells the inputs of a hot key from those that more
// workers could run. What was seen before does: no jump for the same inputs again.
func TestHotKeyAmongOthers(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	most := scaled(t, 170*time.Millisecond, usual, func() (*remuda.Pool[int, int], error) {
		return remuda.StartKeyed(1, func(n int) int {
			if random.IntN(5) > 0 {
				return 0
			}
			return n
		}, func(_ context.Context, n int) (int, error) {
			time.Sleep(3 * time.Second)
			return n, nil
		})
	})
	require.GreaterOrEqual(t, most, 5)
	require.LessOrEqual(t, most, 15)
}

// Workers that were added for the inputs of a hot key are gone after the next decision.
func TestHotKeyIsFoundOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := remuda.StartKeyed(1, func(int) int { return 0 }, nap)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(bg)
		ended := make(chan error, 1)
		go func() { ended <- autoscale.Run(ctx, p, usual) }()
		time.Sleep(usual.Every / 20)
		for n := range 500 {
			require.NoError(t, p.Send(bg, n))
		}
		time.Sleep(usual.Every * 3 / 2)
		require.GreaterOrEqual(t, p.Current(), 5, "they could be inputs of any key")
		time.Sleep(usual.Every)
		require.LessOrEqual(t, p.Current(), 2)
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
		require.NoError(t, p.Stop(bg))
	})
}

// Inputs that wait for a hot key do not hide those that wait for a worker.
func TestBurstBesideAHotKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := remuda.StartKeyedWithConfig(remuda.Config{Queue: 5000}, func(n int) int { return max(n, 0) }, nap)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(bg)
		ended := make(chan error, 1)
		go func() { ended <- autoscale.Run(ctx, p, usual) }()
		for range 1000 {
			require.NoError(t, p.Send(bg, -1))
		}
		time.Sleep(20 * time.Second)
		require.LessOrEqual(t, p.Current(), 2)
		stuck := p.Stats().Queued
		for n := range 1000 { // 50 s of work
			require.NoError(t, p.Send(bg, n+1))
		}
		time.Sleep(3 * time.Second)
		require.LessOrEqual(t, p.Stats().Queued, stuck)
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
		require.NoError(t, p.Stop(bg))
	})
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
