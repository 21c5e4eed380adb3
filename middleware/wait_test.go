package middleware_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

// The pause counts from the end of the run before, however that ended; what the
// worker was idle for counts too.
func TestWaitPausesFromTheEndOfTheLastRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var starts []time.Duration
		begin := time.Now()
		pool := start(t, middleware.Wait(10*time.Second))
		note := func(d time.Duration, f task) task {
			return func(ctx context.Context) error {
				starts = append(starts, time.Since(begin))
				return lasting(d, f)(ctx)
			}
		}
		for _, f := range []task{succeed, fail, panics, exits, succeed} {
			require.NoError(t, pool.Send(t.Context(), note(time.Second, f)))
		}
		time.Sleep(60 * time.Second) // the last run ended after 55
		require.NoError(t, run(pool, note(0, succeed)))
		time.Sleep(time.Hour)
		require.NoError(t, run(pool, note(0, succeed)))
		require.Equal(t, []time.Duration{
			10 * time.Second, // the first one waits as well
			21 * time.Second,
			32 * time.Second,
			43 * time.Second,
			54 * time.Second,
			65 * time.Second,                // 5 of the 10 had passed
			65*time.Second + 60*time.Minute, // all of them had
		}, starts)
	})
}

func TestWaitIsPerWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := startWith(t, remuda.Config{Initial: 3}, middleware.Wait(10*time.Second))
		begin := time.Now()
		for range 6 {
			require.NoError(t, pool.Send(t.Context(), lasting(time.Second, succeed)))
		}
		require.NoError(t, pool.Close(t.Context()))
		require.Equal(t, 22*time.Second, time.Since(begin), "two rounds of three at a time")
	})
}

func TestWaitEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := start(t, middleware.Wait(time.Hour))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		ran := false
		ticket, err := pool.Submit(ctx, func(context.Context) error { ran = true; return nil })
		require.NoError(t, err)
		_, err = ticket.Wait(context.Background())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(begin))
		require.False(t, ran)

		require.NoError(t, run(pool, succeed), "the timer is good for another pause")
		require.Equal(t, time.Hour, time.Since(begin))
	})
}

// A worker of a pool that loops leaves its pause when it is retired.
func TestWaitEndsWithTheWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		pool := remuda.Must(remuda.NewLoop(remuda.Config{}, middleware.Wait(time.Minute)))
		require.NoError(t, pool.Start(remuda.Loop(func(context.Context) error { runs++; return nil })))
		time.Sleep(150 * time.Second)
		begin := time.Now()
		require.NoError(t, pool.Close(t.Context()))
		require.Zero(t, time.Since(begin))
		require.Equal(t, 2, runs)
	})
}

// A context that has ended lets no job run, though the pause is over, or none.
func TestWaitNeverRunsAJobAfterTheEnd(t *testing.T) {
	for _, d := range []time.Duration{time.Second, 0, -time.Second} {
		synctest.Test(t, func(t *testing.T) {
			ran := false
			h := middleware.Wait(d).Wrap(func(context.Context) error { ran = true; return nil })
			time.Sleep(time.Hour)
			for range 100 { // a choice between two that are ready would show
				require.ErrorIs(t, h(endedContext()), context.Canceled)
			}
			require.False(t, ran)
			require.NoError(t, h(t.Context()))
			require.True(t, ran)
		})
	}
}

// Where the context ends at the very moment at which the pause does, the job runs or
// the run is refused: one of the two.
func TestWaitAtTheSameTime(t *testing.T) {
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			ran := false
			h := middleware.Wait(time.Second).Wrap(func(context.Context) error { ran = true; return nil })
			err := h(ctx)
			require.Equal(t, err == nil, ran)
			if !ran {
				require.ErrorIs(t, err, context.DeadlineExceeded)
			}
		})
	}
}
