package remuda_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

func ExampleNoError() {
	pool := remuda.New[string, string]()
	_ = pool.Start(remuda.NoError(func(_ context.Context, s string) string { return strings.ToUpper(s) }))
	out, err := pool.Do(context.Background(), "whoa")
	fmt.Println(out, err)
	_ = pool.Close(context.Background())
	// Output: WHOA <nil>
}

func ExampleNoInput() {
	job := remuda.NoInput(func(context.Context) (string, error) { return "a fresh horse", nil })
	fmt.Println(job.Do(context.Background(), remuda.Void{}))
	// Output: a fresh horse <nil>
}

func ExampleNoOutput() {
	pool := remuda.New[string, remuda.Void]()
	_ = pool.Start(remuda.NoOutput(func(_ context.Context, name string) error {
		_, err := fmt.Println("saddle", name)
		return err
	}))
	_ = pool.Send(context.Background(), "Hank")
	_ = pool.Close(context.Background())
	// Output: saddle Hank
}

func ExampleNoContext() {
	pool := remuda.New[string, int]()
	_ = pool.Start(remuda.NoContext(strconv.Atoi))
	out, err := pool.Do(context.Background(), "42")
	fmt.Println(out, err)
	_ = pool.Close(context.Background())
	// Output: 42 <nil>
}

func ExampleLoop() {
	pool := remuda.Must(remuda.NewLoop(remuda.Config{StopOnErrors: true}))
	rounds := 0
	err := pool.Run(context.Background(), remuda.Loop(func(context.Context) error {
		if rounds++; rounds == 3 {
			return errors.New("enough")
		}
		return nil
	}))
	fmt.Println(rounds, err)
	// Output: 3 enough
}

func ExampleThen() {
	parse := remuda.NoContext(strconv.Atoi)
	double := remuda.NoError(func(_ context.Context, n int) string { return fmt.Sprint(2 * n) })
	job := remuda.Then(parse, double) // a job from string to string
	fmt.Println(job.Do(context.Background(), "21"))
	// Output: 42 <nil>
}

func ExampleTap() {
	job := remuda.Tap(remuda.NoContext(strconv.Atoi), func(_ context.Context, in string, out int, err error) {
		fmt.Printf("%q became %d, %v\n", in, out, err)
	})
	_, _ = job.Do(context.Background(), "7")
	// Output: "7" became 7, <nil>
}

// What came of an input that was sent, after all attempts: Tap is around the Retry.
func ExampleTap_retry() {
	attempts := 0
	flaky := func(_ context.Context, s string) (int, error) {
		if attempts++; attempts < 3 {
			return 0, errors.New("not yet")
		}
		return strconv.Atoi(s)
	}
	job := remuda.Tap(remuda.Wrap(remuda.Func(flaky), middleware.Retry(3)), func(_ context.Context, in string, out int, err error) {
		fmt.Printf("%q became %d, %v\n", in, out, err)
	})
	ctx := context.Background()
	pool := remuda.Must(remuda.Start(1, job.Do))
	pool.Send(ctx, "7")
	pool.Close(ctx)
	// Output: "7" became 7, <nil>
}

func ExampleFallback() {
	known := map[string]int{"seven": 7}
	job := remuda.Fallback(remuda.NoContext(strconv.Atoi), func(_ context.Context, in string, err error) (int, error) {
		if n, ok := known[in]; ok {
			return n, nil
		}
		return 0, err
	})
	fmt.Println(job.Do(context.Background(), "seven"))
	fmt.Println(job.Do(context.Background(), "eight"))
	// Output:
	// 7 <nil>
	// 0 strconv.Atoi: parsing "eight": invalid syntax
}

func ExampleValidate() {
	job := remuda.Validate(remuda.NoContext(strconv.Atoi), func(s string) error {
		if len(s) > 3 {
			return errors.New("too long")
		}
		return nil
	})
	fmt.Println(job.Do(context.Background(), "1234"))
	// Output: 0 remuda: invalid input: too long
}
