package migration_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alitto/pond/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/semaphore"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

func TestPond(t *testing.T) {
	ctx := t.Context()
	var theirs, ours atomic.Int32
	{
		pool := pond.NewPool(8)
		f := func() error { theirs.Add(1); return errNotFound }
		require.NoError(t, pool.Go(func() { _ = f() }))
		task := pool.SubmitErr(f)
		require.ErrorIs(t, task.Wait(), errNotFound)
		pool.Resize(16)
		_, _ = pool.RunningWorkers(), pool.WaitingTasks()
		pool.StopAndWait()
		require.EqualValues(t, 1, pool.FailedTasks())
		require.ErrorIs(t, pool.Go(func() {}), pond.ErrPoolStopped)
	}
	{
		pool, err := remuda.Start(8, remuda.Call)
		require.NoError(t, err)
		f := func(ctx context.Context) error { ours.Add(1); return errNotFound }
		require.NoError(t, pool.Send(ctx, f))
		{
			ticket, err := pool.Submit(ctx, f)
			require.NoError(t, err)
			_, err = ticket.Wait(ctx)
			require.ErrorIs(t, err, errNotFound)
		}
		require.NoError(t, pool.Resize(16))
		require.NoError(t, pool.Close(ctx))
		require.EqualValues(t, 2, pool.Stats().Failed, "the one that was only sent counts as well")
		_, err = pool.Do(ctx, f)
		require.ErrorIs(t, err, remuda.ErrPoolClosed)
	}
	require.Equal(t, theirs.Load(), ours.Load())
}

func TestPondFull(t *testing.T) {
	ctx, hold := t.Context(), make(chan struct{})
	{
		pool := pond.NewPool(1, pond.WithQueueSize(1), pond.WithNonBlocking(true))
		f := func() error { <-hold; return nil }
		task, ok := pool.TrySubmitErr(f)
		require.True(t, ok)
		for ok { // until the worker has one and the queue another
			_, ok = pool.TrySubmitErr(f)
		}
		require.ErrorIs(t, pool.Go(func() { _ = f() }), pond.ErrQueueFull)
		close(hold)
		require.NoError(t, task.Wait())
		pool.StopAndWait()
	}
	{
		pool, err := remuda.StartWithConfig(remuda.Config{Paused: true, Queue: 1}, remuda.Call)
		require.NoError(t, err)
		f := func(context.Context) error { return nil }
		require.NoError(t, pool.TrySend(ctx, f))
		ticket, err := pool.TrySubmit(ctx, f)
		require.ErrorIs(t, err, remuda.ErrQueueFull)
		require.Nil(t, ticket)
		require.NoError(t, pool.Close(ctx))
	}
	bounded := pond.NewPool(8, pond.WithQueueSize(100))
	bounded.StopAndWait()
	ours, err := remuda.StartWithConfig(remuda.Config{Initial: 8, Queue: 100}, remuda.Call)
	require.NoError(t, err)
	require.NoError(t, ours.Close(ctx))
}

func TestPondResults(t *testing.T) {
	ctx := t.Context()
	results := pond.NewResultPool[int](8)
	task := results.SubmitErr(func() (int, error) { return square(ctx, 4) })
	out, err := task.Wait()
	require.NoError(t, err)
	require.Equal(t, 16, out)
	ins, theirs := []int{1, 2, 3}, []int(nil)
	{
		group := results.NewGroup()
		for _, in := range ins {
			task := func() (int, error) { return square(ctx, in) }
			group.SubmitErr(task)
		}
		outs, err := group.Wait()
		require.NoError(t, err)
		theirs = outs
	}
	results.StopAndWait()

	squares, err := remuda.Start(8, square)
	require.NoError(t, err)
	out, err = squares.Do(ctx, 4)
	require.NoError(t, err)
	require.Equal(t, 16, out)
	outs, err := squares.DoAll(ctx, ins)
	require.NoError(t, err)
	require.Equal(t, theirs, outs)
	require.NoError(t, squares.Close(ctx))
}

func TestPondGroups(t *testing.T) {
	ctx := t.Context()
	{
		pool := pond.NewPool(8)
		f := func() error { return errNotFound }
		group := pool.NewGroupContext(ctx)
		group.SubmitErr(f)
		require.ErrorIs(t, group.Wait(), errNotFound)
		sub := pool.NewSubpool(2)
		sub.StopAndWait()
		pool.StopAndWait()
	}
	{
		all := semaphore.NewWeighted(8)
		pool, err := remuda.Start(2, remuda.Call, middleware.Limit(all))
		require.NoError(t, err)
		f := func(context.Context) error { return errNotFound }
		group := pool.Group(ctx)
		require.NoError(t, group.Send(f))
		require.ErrorIs(t, group.Wait(), errNotFound)
		require.NoError(t, pool.Close(ctx))
	}
}

func TestPondPanics(t *testing.T) {
	ctx := t.Context()
	theirs := pond.NewPool(1)
	err := theirs.SubmitErr(func() error { panic("oh") }).Wait()
	require.True(t, errors.Is(err, pond.ErrPanic))
	theirs.StopAndWait()

	pool, err := remuda.Start(1, remuda.Call)
	require.NoError(t, err)
	_, err = pool.Do(ctx, func(context.Context) error { panic("oh") })
	pe, ok := errors.AsType[*remuda.PanicError](err)
	require.True(t, ok)
	require.NotEmpty(t, pe.Stack)
	require.NoError(t, pool.Close(ctx))
}

func TestPondShutdownWithin(t *testing.T) {
	f := func(context.Context) error { return nil }
	{
		pool := pond.NewPool(8)
		select {
		case <-pool.Stop().Done():
		case <-time.After(10 * time.Second):
			t.Error("nothing runs")
		}
	}
	{
		pool, err := remuda.Start(8, remuda.Call)
		require.NoError(t, err)
		require.NoError(t, pool.Send(t.Context(), f))
		require.NoError(t, pool.CloseWithTimeout(10*time.Second))
	}
}

type (
	Order   struct{ ID int }
	Receipt struct{ Order int }
)

func charge(_ context.Context, order Order) (Receipt, error) { return Receipt{order.ID}, nil }

// The pair in docs/migration/pond.md.
func requestWithPond(ctx context.Context, pool pond.ResultPool[Receipt], order Order) (Receipt, error) {
	task := pool.SubmitErr(func() (Receipt, error) {
		return charge(ctx, order) // runs even if the client left long ago
	})
	select {
	case <-task.Done():
		return task.Wait()
	case <-ctx.Done():
		return Receipt{}, ctx.Err()
	}
}

func request(ctx context.Context, pool *remuda.Pool[Order, Receipt], order Order) (Receipt, error) {
	return pool.Do(ctx, order)
}

func TestPondRequest(t *testing.T) {
	theirs := pond.NewResultPool[Receipt](2)
	defer theirs.StopAndWait()
	pool, err := remuda.Start(2, charge)
	require.NoError(t, err)
	defer func() { require.NoError(t, pool.Close(context.Background())) }()

	receipt, err := requestWithPond(t.Context(), theirs, Order{7})
	require.NoError(t, err)
	same, err := request(t.Context(), pool, Order{7})
	require.NoError(t, err)
	require.Equal(t, receipt, same)
}

// A task that waits for its own pool at the limit: with pond, what it waits for begins
// only when it has given up. In remuda it lends its slot.
func TestPondNested(t *testing.T) {
	theirs := pond.NewPool(1)
	var begun atomic.Bool
	outer := theirs.Submit(func() {
		inner := theirs.Submit(func() { begun.Store(true) })
		select {
		case <-inner.Done():
		case <-time.After(50 * time.Millisecond):
		}
		assert.False(t, begun.Load())
	})
	require.NoError(t, outer.Wait())
	theirs.StopAndWait()
	require.True(t, begun.Load())

	pool := remuda.Must(remuda.Start(1, remuda.Call))
	_, err := pool.Do(t.Context(), func(ctx context.Context) error {
		_, err := pool.Do(ctx, func(context.Context) error { return nil })
		return err
	})
	require.NoError(t, err)
	require.NoError(t, pool.Close(t.Context()))
}
