package migration_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// The pair in the README.
func withChannel(ctx context.Context, handle func(context.Context, Order) (Receipt, error), order Order) {
	orders := make(chan Order, 100)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for order := range orders {
				handle(ctx, order) // a panic ends the process
			}
		})
	}
	orders <- order // panics if orders is closed
	close(orders)
	wg.Wait() // for as long as it takes
}

func withPool(ctx context.Context, handle func(context.Context, Order) (Receipt, error), order Order) error {
	pool := remuda.Must(remuda.Start(8, handle))
	err := pool.Send(ctx, order) // ErrPoolClosed after Close
	err = errors.Join(err, pool.CloseWithTimeout(10*time.Second))
	return err
}

func TestChannel(t *testing.T) {
	var handled atomic.Int32
	handle := func(ctx context.Context, order Order) (Receipt, error) {
		handled.Add(1)
		return charge(ctx, order)
	}
	withChannel(t.Context(), handle, Order{7})
	require.NoError(t, withPool(t.Context(), handle, Order{7}))
	require.EqualValues(t, 2, handled.Load())
}
