package remuda_test

import (
	"context"
	"errors"
	"expvar"
	"log"
	"log/slog"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

// The code in README.md and in docs that is no example: TestReadmeBlocksAreTested holds
// the pages against it.

func charge(_ context.Context, order int) (string, error) { return "paid", nil }

func TestSnippetShutdown(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	server := &http.Server{}
	pool, err := remuda.Start(8, charge)
	require.NoError(t, err)
	require.NoError(t, pool.Send(t.Context(), 7))
	require.NoError(t, shutDown(ctx, server, pool))
	require.EqualValues(t, 1, pool.Stats().Succeeded)
}

func shutDown(ctx context.Context, server *http.Server, pool *remuda.Pool[int, string]) error {
	<-ctx.Done() // from signal.NotifyContext
	bound, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := server.Shutdown(bound)                                 // first what feeds the pool
	err = errors.Join(err, pool.CloseWithTimeout(15*time.Second)) // then drain it, with a limit of its own
	if left, ok := errors.AsType[*remuda.CloseError](err); ok {
		log.Printf("canceled %d runs, dropped %d inputs", left.Running, left.Dropped) // OnDrop gets those inputs
	}
	return err
}

// Close within no time is a CloseError through errors.Join, too.
func TestSnippetShutdownTooShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool, err := remuda.Start(1, func(ctx context.Context, _ int) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		})
		require.NoError(t, err)
		require.NoError(t, pool.Send(t.Context(), 1))
		synctest.Wait()
		require.NoError(t, pool.Send(t.Context(), 2))
		ctx, stop := context.WithCancel(t.Context())
		stop()
		left, ok := errors.AsType[*remuda.CloseError](shutDown(ctx, &http.Server{}, pool))
		require.True(t, ok)
		require.Equal(t, 1, left.Running)
		require.Equal(t, 1, left.Dropped)
		<-pool.Done()
	})
}

func TestSnippetMiddleware(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	pool, err := remuda.Start(8, charge, middleware.Logger(log), middleware.Retry(3), middleware.Timeout(time.Second))
	require.NoError(t, err)
	require.NoError(t, pool.Close(t.Context()))
}

func TestSnippetMetrics(t *testing.T) {
	if expvar.Get("orders") != nil {
		return // it has run before, and a name can't be published again
	}
	require.NoError(t, func() error {
		var metrics middleware.Metrics
		pool, err := remuda.StartWithConfig(remuda.Config{Name: "orders", Initial: 8}, charge, &metrics)
		if err != nil {
			return err
		}
		expvar.Publish("orders", &metrics)
		_, err = pool.Do(t.Context(), 7)
		snapshot := metrics.Snapshot()
		_ = snapshot.QueueTime.Quantile(0.99)
		return errors.Join(err, pool.Close(t.Context()))
	}())
}

func TestSnippetCleanup(t *testing.T) {
	pool, err := remuda.Start(1, charge)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close(context.Background())) })

	ctx := t.Context()
	for order := range 3 {
		require.NoError(t, pool.Send(ctx, order))
	}
	require.NoError(t, pool.Wait(ctx))
	require.Equal(t, uint64(3), pool.Stats().Succeeded)
}

func TestSnippetFull(t *testing.T) {
	ctx := t.Context()
	pool, err := remuda.StartWithConfig(remuda.Config{Paused: true, Queue: 1}, charge)
	require.NoError(t, err)
	require.NoError(t, pool.TrySend(ctx, 1))
	require.ErrorIs(t, pool.TrySend(ctx, 2), remuda.ErrQueueFull)
	require.NoError(t, pool.Resize(1)) // now they run
	require.NoError(t, pool.Close(ctx))
}

func TestSnippetTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		attempts := 0
		flaky := func(ctx context.Context, order int) (string, error) {
			if attempts++; attempts < 3 {
				return "", errors.New("not yet")
			}
			return "paid", nil
		}
		begin := time.Now()
		pool, err := remuda.Start(1, flaky, middleware.Retry(5, middleware.Backoff(time.Hour, time.Hour)))
		require.NoError(t, err)
		out, err := pool.Do(t.Context(), 7)
		require.NoError(t, err)
		require.Equal(t, "paid", out)
		require.Positive(t, time.Since(begin)) // two pauses of up to an hour each, and no time lost
		require.NoError(t, pool.Close(t.Context()))
	})
}

// What docs/middleware.md warns of: a middleware that neither calls next nor returns an
// error makes a success of a job that never ran.
func TestSnippetSkippedNext(t *testing.T) {
	skip := remuda.MiddlewareFunc(func(remuda.Handler) remuda.Handler {
		return func(context.Context) error { return nil }
	})
	pool, err := remuda.Start(1, charge, skip)
	require.NoError(t, err)
	out, err := pool.Do(t.Context(), 7)
	require.NoError(t, err)
	require.Empty(t, out)
	require.NoError(t, pool.Close(t.Context()))
}
