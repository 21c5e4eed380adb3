package remuda_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// This file says when outcomes are handed on: as soon as they, and in Map those
// before them, are there, however the inputs before them ran. What has not begun of
// a batch that takes long is taken over after some 100 µs.

// One slow input among many that are quick holds back nothing but, in Map, what
// comes behind it.
func TestSlowRunHoldsBackNothingThatIsFinished(t *testing.T) {
	const n, slow = 40_000, 20_000
	job := func(_ context.Context, in int) (int, error) {
		if in == slow {
			time.Sleep(time.Second)
		}
		return in, nil
	}
	bubble(t, "Map", func(t *testing.T) {
		p := startPool(t, remuda.Config{Initial: 2}, job)
		begin := time.Now()
		got := 0
		for out, err := range p.Map(bg, counted(n)) {
			require.NoError(t, err)
			require.Equal(t, got, out)
			if got++; out < slow {
				require.Zero(t, time.Since(begin), "outcome %d", out)
			}
		}
		require.Equal(t, n, got)
	})
	bubble(t, "Stream", func(t *testing.T) {
		p := startPool(t, remuda.Config{Initial: 4}, job)
		begin := time.Now()
		late := 0
		for r := range p.Stream(bg, counted(n)) {
			if time.Since(begin) > time.Millisecond {
				late++
			}
			require.NoError(t, r.Err)
		}
		require.Equal(t, 1, late, "the slow one alone")
	})
}

// Slow inputs behind quick ones are spread over the workers.
func TestIdleWorkersTakeOverWhatIsLeftOfABatch(t *testing.T) {
	bubble(t, "DoAll", func(t *testing.T) {
		p := startPool(t, remuda.Config{Initial: 16}, func(_ context.Context, n int) (int, error) {
			if n >= 7 {
				time.Sleep(100 * time.Millisecond)
			}
			return n, nil
		})
		begin := time.Now()
		_, err := p.DoAll(bg, upTo(23))
		require.NoError(t, err)
		require.InDelta(t, 100*time.Millisecond, time.Since(begin), float64(time.Millisecond), "all at a time")
	})
	bubble(t, "Map, after many quick ones", func(t *testing.T) {
		p := startPool(t, remuda.Config{Initial: 50}, func(_ context.Context, n int) (int, error) {
			if n >= 10_000 {
				time.Sleep(10 * time.Millisecond)
			}
			return n, nil
		})
		begin := time.Now()
		for range p.Map(bg, counted(10_050)) {
		}
		require.InDelta(t, 10*time.Millisecond, time.Since(begin), float64(time.Millisecond))
	})
}
