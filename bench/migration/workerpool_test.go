package migration_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/gammazero/workerpool"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

func TestWorkerpool(t *testing.T) {
	var theirs, ours atomic.Int32
	for _, end := range []func(*workerpool.WorkerPool){
		func(pool *workerpool.WorkerPool) { pool.Stop() },
		func(pool *workerpool.WorkerPool) { pool.StopWait() },
	} {
		pool := workerpool.New(8)
		f := func() { theirs.Add(1) }
		pool.Submit(f)
		pool.SubmitWait(f)
		require.Equal(t, 8, pool.Size())
		ctx, resume := context.WithCancel(t.Context())
		pool.Pause(ctx)
		_ = pool.WaitingQueueSize()
		resume()
		end(pool)
		require.True(t, pool.Stopped())
		require.Panics(t, func() { pool.Submit(f) })
	}
	ctx := t.Context()
	for _, end := range []func(*remuda.FuncPool) error{
		func(pool *remuda.FuncPool) error { return pool.Stop(ctx) },
		func(pool *remuda.FuncPool) error { return pool.Close(ctx) },
	} {
		pool, err := remuda.Start(8, remuda.Call)
		require.NoError(t, err)
		f := func(context.Context) error { ours.Add(1); return nil }
		require.NoError(t, pool.Send(ctx, f))
		_, err = pool.Do(ctx, f)
		require.NoError(t, err)
		require.Equal(t, 8, pool.Current())
		require.NoError(t, pool.Wait(ctx))
		require.NoError(t, pool.Resize(0))
		_ = pool.Stats().Queued
		require.NoError(t, pool.Resize(8))
		require.NoError(t, end(pool))
		require.ErrorIs(t, pool.Send(ctx, f), remuda.ErrPoolClosed)
		<-pool.Done()
	}
	require.EqualValues(t, 4, ours.Load())
	require.LessOrEqual(t, theirs.Load(), ours.Load(), "Stop drops what waits")
}
