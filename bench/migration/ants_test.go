package migration_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/panjf2000/ants/v2"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

func TestAnts(t *testing.T) {
	ctx := t.Context()
	{
		pool, err := ants.NewPool(8, ants.WithExpiryDuration(time.Minute), ants.WithPreAlloc(true))
		require.NoError(t, err)
		var wg sync.WaitGroup
		wg.Add(1)
		f := func() { wg.Done() }
		require.NoError(t, pool.Submit(f))
		wg.Wait()
		pool.Tune(16)
		_, _ = pool.Running(), pool.Waiting()
		require.Equal(t, 8, pool.Cap(), "preallocated")
		require.NoError(t, pool.ReleaseTimeout(10*time.Second))
		pool.Reboot()
		pool.Release()
	}
	{
		pool, err := remuda.StartWithConfig(remuda.Config{Initial: 8, IdleTimeout: time.Minute}, remuda.Call)
		require.NoError(t, err)
		var ran atomic.Bool
		f := func(context.Context) error { ran.Store(true); return nil }
		require.NoError(t, pool.Send(ctx, f))
		require.NoError(t, pool.Wait(ctx))
		require.True(t, ran.Load())
		require.NoError(t, pool.Resize(16))
		_, _ = pool.Stats().Running, pool.Stats().Queued
		require.Equal(t, 16, pool.Current())
		require.NoError(t, pool.CloseWithTimeout(10*time.Second))
		require.ErrorIs(t, pool.Close(ctx), remuda.ErrPoolClosed)
		require.ErrorIs(t, pool.Stop(ctx), remuda.ErrPoolClosed)
	}
	pool, err := remuda.Start(8, remuda.Call)
	require.NoError(t, err)
	require.NoError(t, pool.Close(ctx))
	plain, err := ants.NewPool(8)
	require.NoError(t, err)
	plain.Release()
	many, err := ants.NewMultiPool(4, 8, ants.RoundRobin)
	require.NoError(t, err)
	require.NoError(t, many.ReleaseTimeout(10*time.Second))
	one, err := remuda.Start(4*8, remuda.Call)
	require.NoError(t, err)
	require.Equal(t, 32, one.Current())
	require.NoError(t, one.Close(ctx))
}

func TestAntsFunctions(t *testing.T) {
	ctx, order := t.Context(), Order{7}
	{
		receipts := make(chan Receipt, 1)
		handle := func(order Order) { receipt, _ := charge(ctx, order); receipts <- receipt }
		pool, err := ants.NewPoolWithFuncGeneric(8, handle)
		require.NoError(t, err)
		require.NoError(t, pool.Invoke(order))
		require.Equal(t, Receipt{7}, <-receipts)
		require.NoError(t, pool.ReleaseTimeout(10*time.Second))
	}
	{
		handle := charge
		pool, err := remuda.Start(8, handle)
		require.NoError(t, err)
		require.NoError(t, pool.Send(ctx, order))
		{
			receipt, err := pool.Do(ctx, order)
			require.NoError(t, err)
			require.Equal(t, Receipt{7}, receipt)
		}
		require.NoError(t, pool.Close(ctx))
	}
}

func TestAntsFull(t *testing.T) {
	ctx, hold := t.Context(), make(chan struct{})
	{
		pool, err := ants.NewPool(1, ants.WithNonblocking(true))
		require.NoError(t, err)
		f := func() { <-hold }
		require.NoError(t, pool.Submit(f))
		err = pool.Submit(f)
		require.True(t, errors.Is(err, ants.ErrPoolOverload))
		close(hold)
		require.NoError(t, pool.ReleaseTimeout(10*time.Second))
		blocking, err := ants.NewPool(8, ants.WithMaxBlockingTasks(100))
		require.NoError(t, err)
		require.NoError(t, blocking.ReleaseTimeout(10*time.Second))
	}
	{
		pool, err := remuda.StartWithConfig(remuda.Config{Paused: true, Queue: 1}, remuda.Call)
		require.NoError(t, err)
		f := func(context.Context) error { return nil }
		require.NoError(t, pool.TrySend(ctx, f))
		err = pool.TrySend(ctx, f)
		require.True(t, errors.Is(err, remuda.ErrQueueFull))
		require.NoError(t, pool.Close(ctx))
	}
	for _, cfg := range []remuda.Config{
		remuda.Config{Initial: 8, Queue: 100},
		remuda.Config{Initial: 8, Queue: remuda.Unbuffered},
	} {
		pool, err := remuda.StartWithConfig(cfg, remuda.Call)
		require.NoError(t, err)
		require.NoError(t, pool.TrySend(ctx, func(context.Context) error { return nil }))
		require.NoError(t, pool.Close(ctx))
	}
}

func TestAntsPanics(t *testing.T) {
	seen := make(chan any, 1)
	theirs, err := ants.NewPool(1, ants.WithPanicHandler(func(p any) { seen <- p }))
	require.NoError(t, err)
	require.NoError(t, theirs.Submit(func() { panic("oh") }))
	require.Equal(t, "oh", <-seen)
	require.NoError(t, theirs.ReleaseTimeout(10*time.Second))

	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	pool, err := remuda.Start(1, remuda.Call, middleware.Logger(log))
	require.NoError(t, err)
	_, err = pool.Do(t.Context(), func(context.Context) error { panic("oh") })
	_, ok := errors.AsType[*remuda.PanicError](err)
	require.True(t, ok)
	require.NoError(t, pool.Close(t.Context()))
	require.Contains(t, out.String(), "ants_test.go")
}
