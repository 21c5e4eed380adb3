package remuda_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// This file says how long a run may hold a slot, or wait for one.

// What a job has started, and left behind, has no claim on a slot once the run has
// ended: the bound on the runs at a time holds.
func TestNestedCallThatOutlivesItsRun(t *testing.T) {
	for name, nested := range nestedCalls {
		bubble(t, name, func(t *testing.T) {
			var now, most atomic.Int32
			var p *remuda.Pool[int, int]
			p = startPool(t, remuda.Config{Max: 1}, func(ctx context.Context, n int) (int, error) {
				if n == 0 {
					go func() { _ = nested(context.WithoutCancel(ctx), p, 1) }()
					synctest.Wait() // it waits by now
					return 0, nil
				}
				most.Store(max(most.Load(), now.Add(1)))
				time.Sleep(time.Second)
				now.Add(-1)
				return 0, nil
			})
			for range 5 {
				_, err := p.Do(bg, 0)
				require.NoError(t, err)
			}
			for range 5 {
				require.NoError(t, p.Send(bg, 2))
			}
			time.Sleep(time.Minute)
			require.EqualValues(t, 1, most.Load())
			require.Zero(t, p.Stats().Yielded)
		})
	}
}

// A job that honours its context returns when Close has cancelled everything, even
// if another one, which does not, holds the slot that it would have to wait for.
func TestCloseFreesARunThatWaitsForItsSlot(t *testing.T) {
	for name, nested := range nestedCalls {
		bubble(t, name, func(t *testing.T) {
			const parent, deaf = 1, 2
			gate := make(chan struct{})
			defer close(gate)
			returned := false
			var p *remuda.Pool[int, int]
			p = startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
				if n == deaf {
					<-gate
					return 0, nil
				}
				err := nested(ctx, p, deaf)
				returned = true
				return 0, err
			})
			require.NoError(t, p.Send(bg, parent))
			synctest.Wait()
			require.Error(t, cut(p))
			synctest.Wait()
			if name == "Map" || name == "DoAll" {
				return // they wait for what is in flight
			}
			require.True(t, returned)
		})
	}
}
