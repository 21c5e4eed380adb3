package remuda_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/remuda-go/remuda"
)

// A pool with bounds for its workers and its queue. Without them, Start is shorter.
func ExampleNewWithConfig() {
	pool, err := remuda.NewWithConfig[int, int](remuda.Config{
		Name: "squares", Min: 1, Max: 4, Initial: 2, Queue: 100,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	pool.Start(remuda.Func(square))
	fmt.Println(pool.Do(context.Background(), 3))
	fmt.Println(pool.Resize(5))
	fmt.Println(pool.Close(context.Background()))

	_, err = remuda.NewWithConfig[int, int](remuda.Config{Min: 4, Max: 2})
	fmt.Println(errors.Is(err, remuda.ErrInvalidMax))
	// Output:
	// 9 <nil>
	// remuda: squares: Resize(5): more than Max 4
	// <nil>
	// true
}

// The first job that fails closes the pool; what was accepted before still runs.
func ExampleConfig_stopOnErrors() {
	parse := func(_ context.Context, line string) (int, error) { return strconv.Atoi(line) }
	pool, err := remuda.StartWithConfig(remuda.Config{Name: "lines", StopOnErrors: true}, parse)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = pool.Do(context.Background(), "seven")
	fmt.Println(err)
	<-pool.Done() // it has closed itself
	_, err = pool.Do(context.Background(), "8")
	fmt.Println(errors.Is(err, remuda.ErrPoolClosed))
	fmt.Println(pool.Err())
	// Output:
	// strconv.Atoi: parsing "seven": invalid syntax
	// true
	// strconv.Atoi: parsing "seven": invalid syntax
}

// A job that honours its context may run on the goroutine that calls Do, which is
// much cheaper than to hand the input to another goroutine.
func ExampleConfig_inline() {
	lookup := func(ctx context.Context, key string) (string, error) {
		if err := ctx.Err(); err != nil { // Inline promises this
			return "", err
		}
		return "value of " + key, nil
	}
	pool, err := remuda.StartWithConfig(remuda.Config{Initial: 8, Inline: true}, lookup)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close(context.Background())

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	fmt.Println(pool.Do(ctx, "a"))
	// Output: value of a <nil>
}
