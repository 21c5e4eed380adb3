package remuda_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/remuda-go/remuda"
)

// Run suits main: it blocks until its context ends, by a signal say, and then until
// what was accepted is done.
func ExamplePool_Run() {
	ctx, stop := context.WithCancel(context.Background()) // in main: signal.NotifyContext
	defer stop()
	pool, err := remuda.NewFrom[int, remuda.Void](remuda.FromSeq(slices.Values([]int{1, 2, 3})), remuda.Config{Name: "squares"})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = pool.Run(ctx, remuda.NoOutput(func(_ context.Context, n int) error {
		fmt.Println(n * n)
		return nil
	}))
	fmt.Println(err) // here the source has ended, before ctx
	// Output:
	// 1
	// 4
	// 9
	// <nil>
}

// Close runs what was accepted. If its context ends first, the error says what was
// left undone.
func ExamplePool_Close() {
	pool, err := remuda.Start(2, square)
	if err != nil {
		fmt.Println(err)
		return
	}
	for n := range 100 {
		pool.Send(context.Background(), n)
	}
	fmt.Println(pool.Close(context.Background()), pool.Stats().Succeeded)
	fmt.Println(pool.Send(context.Background(), 1))

	started := make(chan bool)
	slow, err := remuda.Start(1, func(ctx context.Context, _ int) (int, error) {
		started <- true
		<-ctx.Done() // Close cancels it in the end
		return 0, ctx.Err()
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	slow.Send(context.Background(), 1)
	slow.Send(context.Background(), 2)
	<-started
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	err = slow.Close(ctx)
	var left *remuda.CloseError
	if errors.As(err, &left) {
		fmt.Println("never ran:", left.Dropped)
	}
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	<-slow.Done()
	// Output:
	// <nil> 100
	// remuda: pool is closed
	// never ran: 1
	// true
}
