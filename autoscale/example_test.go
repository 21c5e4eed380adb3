package autoscale_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/autoscale"
)

// A pool has between 2 and 64 workers, so that inputs wait for some 50 ms at most.
func Example() {
	fetch := func(_ context.Context, url string) (int, error) { return len(url), nil }
	pool, err := remuda.StartWithConfig(remuda.Config{Initial: 2, Max: 64}, fetch)
	if err != nil {
		fmt.Println(err)
		return
	}
	scaled := make(chan error)
	go func() {
		scaled <- autoscale.Run(context.Background(), pool, autoscale.Config{Min: 2, Max: 64, Target: 50 * time.Millisecond})
	}()

	n, err := pool.Do(context.Background(), "https://go.dev")
	fmt.Println(n, err)

	if err := pool.CloseWithTimeout(time.Second); err != nil {
		fmt.Println(err)
	}
	fmt.Println(errors.Is(<-scaled, remuda.ErrPoolClosed))
	// Output:
	// 14 <nil>
	// true
}
