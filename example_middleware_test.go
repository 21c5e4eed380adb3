package remuda_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

// A middleware that refuses an input returns an error and does not call next. The
// trap is to return nil instead: then the run succeeds, with the zero output, and the
// job never ran.
func ExampleMiddleware() {
	errOdd := errors.New("odd numbers are not served")
	onlyEven := func(refusal error) remuda.Middleware {
		return remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
			return func(ctx context.Context) error {
				info, _ := remuda.InfoFrom(ctx)
				if info.Input().(int)%2 == 1 {
					return refusal // next is not called
				}
				return next(ctx)
			}
		})
	}
	for _, refusal := range []error{errOdd, nil} {
		pool, err := remuda.Start(2, square, onlyEven(refusal))
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(pool.Do(context.Background(), 3))
		stats := pool.Stats()
		fmt.Println("dropped:", stats.Dropped, "succeeded:", stats.Succeeded)
		pool.Close(context.Background())
	}
	// Output:
	// 0 odd numbers are not served
	// dropped: 1 succeeded: 0
	// 0 <nil>
	// dropped: 0 succeeded: 1
}

// Middleware around a job, not around a pool: only this job is retried.
func ExampleWrap() {
	attempts := 0
	flaky := remuda.Func(func(_ context.Context, n int) (int, error) {
		if attempts++; attempts < 3 {
			return 0, errors.New("not yet")
		}
		return n * n, nil
	})
	job := remuda.Wrap(flaky, middleware.Retry(5))
	fmt.Println(job.Do(context.Background(), 4)) // a wrapped job needs no pool
	fmt.Println("attempts:", attempts)
	// Output:
	// 16 <nil>
	// attempts: 3
}

// A job, or anything that it calls with its context, can tell which run it is in.
func ExampleInfoFrom() {
	job := func(ctx context.Context, n int) (int, error) {
		if info, ok := remuda.InfoFrom(ctx); ok {
			fmt.Printf("pool %s, worker %d, run %d, attempt %d\n", info.Pool, info.Worker, info.Run, info.Attempt)
		}
		return n * n, nil
	}
	pool, err := remuda.StartWithConfig(remuda.Config{Name: "squares"}, job)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close(context.Background())
	pool.Do(context.Background(), 3)
	pool.Do(context.Background(), 4)

	_, ok := remuda.InfoFrom(context.Background())
	fmt.Println(ok)
	// Output:
	// pool squares, worker 1, run 1, attempt 1
	// pool squares, worker 1, run 2, attempt 1
	// false
}

// A job that panics fails its own run, and nothing else.
func ExamplePanicError() {
	element := func(_ context.Context, i int) (string, error) {
		return []string{"a", "b"}[i], nil
	}
	pool, err := remuda.Start(2, element)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close(context.Background())

	_, err = pool.Do(context.Background(), 7)
	var panicked *remuda.PanicError
	if errors.As(err, &panicked) {
		fmt.Println(panicked.Value)
		fmt.Println("it has a stack:", len(panicked.Stack) > 0)
	}
	fmt.Println(pool.Do(context.Background(), 1))
	// Output:
	// runtime error: index out of range [7] with length 2
	// it has a stack: true
	// b <nil>
}
