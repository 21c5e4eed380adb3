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

// A scaledHerd is a herd that can be scaled.
type scaledHerd[Body, Result any] struct {
	*remuda.Herd[Body, Result]
}

func (h scaledHerd[Body, Result]) Stats() remuda.Stats { return h.Herd.Stats().Pool }
func (h scaledHerd[Body, Result]) Resize(n int) error  { return h.SetHerdSize(n) }

// A herd has between 1 and 8 gophers. Two methods make it a Pool.
func ExampleRun_herd() {
	herd := remuda.NewHerd(func(w *remuda.Work[string, int]) remuda.Status {
		w.SetResult(len(w.Body))
		return remuda.Success
	})
	if err := herd.Start(); err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	scaled := make(chan error)
	go func() { scaled <- autoscale.Run(ctx, scaledHerd[string, int]{herd}, autoscale.Config{Max: 8}) }()

	if err := herd.SendWork(remuda.Work[string, int]{Body: "https://go.dev"}); err != nil {
		fmt.Println(err)
	}
	herd.CloseInputChan()
	for w := range herd.OutputChan() {
		fmt.Println(w.Result())
	}
	cancel() // the herd is done
	fmt.Println(<-scaled)
	// Output:
	// 14
	// context canceled
}
