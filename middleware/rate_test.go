package middleware_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

// One limiter bounds all workers of all pools that have it.
func TestRateIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := rate.NewLimiter(rate.Every(time.Second), 2)
		begin := time.Now()
		a := startWith(t, remuda.Config{Initial: 5}, middleware.Rate(limiter))
		b := startWith(t, remuda.Config{Initial: 5}, middleware.Rate(limiter))
		for range 6 {
			require.NoError(t, a.Send(t.Context(), succeed))
			require.NoError(t, b.Send(t.Context(), succeed))
		}
		require.NoError(t, a.Close(t.Context()))
		require.NoError(t, b.Close(t.Context()))
		require.Equal(t, 10*time.Second, time.Since(begin), "12 runs, 2 of them at once")
	})
}

func TestRateEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ran := 0
		h := middleware.Rate(rate.NewLimiter(rate.Every(time.Hour), 1)).
			Wrap(func(context.Context) error { ran++; return nil })
		require.ErrorIs(t, h(endedContext()), context.Canceled, "though there is a token")
		require.NoError(t, h(t.Context()))

		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		begin := time.Now()
		require.ErrorIs(t, h(ctx), context.Canceled)
		require.Equal(t, time.Minute, time.Since(begin))

		ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begin = time.Now()
		require.ErrorContains(t, h(ctx), "remuda: rate: ")
		require.Zero(t, time.Since(begin), "it knows that there will be no token in time")
		require.Equal(t, 1, ran)
	})
}

func TestRateWithoutALimiter(t *testing.T) {
	require.NoError(t, run(start(t, middleware.Rate(nil)), succeed))
}
