package remuda_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

// The first example of the README.
func Example() {
	shout := func(ctx context.Context, s string) (string, error) { return strings.ToUpper(s), nil }
	pool, err := remuda.Start(4, shout) // 4 workers
	if err != nil {
		log.Fatal(err)
	}
	out, err := pool.Do(context.Background(), "hello")
	fmt.Println(out, err)
	if err := pool.Close(context.Background()); err != nil {
		log.Fatal(err)
	}
	// Output: HELLO <nil>
}

func square(_ context.Context, n int) (int, error) { return n * n, nil }

func ExamplePool_Do() {
	pool := remuda.New[int, int]()
	pool.Start(remuda.Func(square))
	defer pool.Close(context.Background())

	out, err := pool.Do(context.Background(), 7)
	fmt.Println(out, err)
	// Output: 49 <nil>
}

func ExamplePool_Send() {
	pool := remuda.New[string, remuda.Void]()
	pool.Start(remuda.NoOutput(func(_ context.Context, name string) error {
		fmt.Println("hello,", name)
		return nil
	}))
	pool.Send(context.Background(), "Ada")
	pool.Send(context.Background(), "Grace")
	pool.Close(context.Background()) // runs what was accepted
	// Output:
	// hello, Ada
	// hello, Grace
}

func ExamplePool_TrySend() {
	pool := remuda.Must(remuda.NewWithConfig[int, int](remuda.Config{Paused: true, Queue: 2}))
	pool.Start(remuda.Func(square))
	for n := range 3 {
		fmt.Println(n, pool.TrySend(context.Background(), n))
	}
	pool.Close(context.Background())
	// Output:
	// 0 <nil>
	// 1 <nil>
	// 2 remuda: queue is full: 2 wait
}

func ExamplePool_Submit() {
	ctx := context.Background()
	pool := remuda.New[int, int]()
	pool.Start(remuda.Func(square))
	defer pool.Close(ctx)

	ticket, err := pool.Submit(ctx, 12)
	if err != nil {
		panic(err)
	}
	// ... do something else ...
	out, err := ticket.Wait(ctx)
	fmt.Println(out, err)
	// Output: 144 <nil>
}

func ExamplePool_Map() {
	pool := remuda.Must(remuda.NewWithConfig[int, int](remuda.Config{Initial: 4}))
	pool.Start(remuda.Func(square))
	defer pool.Close(context.Background())

	for out, err := range pool.Map(context.Background(), slices.Values([]int{1, 2, 3, 4})) {
		fmt.Println(out, err)
	}
	// Output:
	// 1 <nil>
	// 4 <nil>
	// 9 <nil>
	// 16 <nil>
}

func ExamplePool_Stream() {
	pool := remuda.Must(remuda.NewWithConfig[int, int](remuda.Config{Initial: 4}))
	pool.Start(remuda.Func(square))
	defer pool.Close(context.Background())

	sum := 0
	for r := range pool.Stream(context.Background(), slices.Values([]int{1, 2, 3})) {
		if r.Err != nil {
			fmt.Println(r.In, r.Err)
			continue
		}
		sum += r.Out
	}
	fmt.Println(sum)
	// Output: 14
}

func ExamplePool_DoAll() {
	pool := remuda.Must(remuda.NewWithConfig[int, int](remuda.Config{Initial: 4}))
	pool.Start(remuda.Func(func(_ context.Context, n int) (int, error) {
		if n < 0 {
			return 0, errors.New("negative")
		}
		return n * n, nil
	}))
	defer pool.Close(context.Background())

	outs, err := pool.DoAll(context.Background(), []int{2, -1, 3})
	fmt.Println(outs)
	fmt.Println(err)
	// Output:
	// [4 0 9]
	// remuda: input 1: negative
}

func ExamplePool_Resize() {
	pool := remuda.Must(remuda.NewWithConfig[int, int](remuda.Config{Min: 1, Max: 8}))
	pool.Start(remuda.Func(square))
	defer pool.Close(context.Background())

	fmt.Println(pool.Current())
	fmt.Println(pool.More(), pool.Current())
	fmt.Println(pool.Resize(8), pool.Current())
	fmt.Println(pool.More(), pool.Current())
	// Output:
	// 1
	// <nil> 2
	// <nil> 8
	// remuda: More: more than Max 8 8
}

func ExamplePool_OnDrop() {
	pool := remuda.Must(remuda.NewWithConfig[string, remuda.Void](remuda.Config{Name: "mail"}))
	pool.OnDrop(func(letter string, err error) { fmt.Println("not sent:", letter, err) })
	started := make(chan struct{})
	pool.Start(remuda.NoOutput(func(ctx context.Context, _ string) error {
		close(started)
		<-ctx.Done() // a job that hangs until it is cancelled
		return ctx.Err()
	}))
	pool.Send(context.Background(), "first")
	<-started
	pool.Send(context.Background(), "second")

	ctx, cancel := context.WithCancel(context.Background())
	cancel() // no patience at all
	fmt.Println(pool.Close(ctx))
	<-pool.Done()
	// Output:
	// not sent: second remuda: mail: pool is closed
	// remuda: mail: close gave up: 1 running, 1 dropped: context canceled
}

// A shutdown within a bound, and what it leaves undone.
func ExamplePool_CloseWithTimeout() {
	const grace = time.Millisecond
	ctx := context.Background()
	pool := remuda.New[string, remuda.Void]()
	pool.OnDrop(func(in string, err error) { fmt.Println("never ran:", in, err) })
	started, cutOff := make(chan struct{}), make(chan string, 1)
	slow := func(ctx context.Context, _ string) error {
		close(started)
		<-ctx.Done()
		return ctx.Err()
	}
	pool.Start(remuda.Tap(remuda.NoOutput(slow), func(ctx context.Context, in string, _ remuda.Void, err error) {
		if err != nil && context.Cause(ctx) == remuda.ErrPoolClosed {
			cutOff <- in
		}
	}))
	pool.Send(ctx, "first")
	<-started
	pool.Send(ctx, "second")

	err := pool.CloseWithTimeout(grace) // drains; then cancels and drops
	if err != nil {
		select {
		case <-pool.Done(): // the jobs that honour their context have returned
		case <-time.After(5 * time.Second): // some do not
			fmt.Println("still running:", pool.Stats().Running)
		}
	}
	fmt.Println(err, pool.Err())
	fmt.Println("cut off:", <-cutOff)
	// Output:
	// never ran: second remuda: pool is closed
	// remuda: close gave up: 1 running, 1 dropped: context deadline exceeded <nil>
	// cut off: first
}

func ExamplePool_Stats() {
	pool := remuda.New[int, int]()
	pool.Start(remuda.Func(square))
	defer pool.Close(context.Background())
	pool.DoAll(context.Background(), []int{1, 2, 3})

	s := pool.Stats()
	fmt.Println(s.Accepted, s.Succeeded, s.Failed)
	// Output: 3 3 0
}

// A job that calls its own pool passes its context on. With one worker this
// would wait forever in a pool that did not lend the place of a job that waits.
func Example_nested() {
	pool := remuda.New[int, int]()
	var fib remuda.JobFunc[int, int] = func(ctx context.Context, n int) (int, error) {
		if n < 2 {
			return n, nil
		}
		outs, err := pool.DoAll(ctx, []int{n - 1, n - 2})
		if err != nil {
			return 0, err
		}
		return outs[0] + outs[1], nil
	}
	pool.Start(fib)
	defer pool.Close(context.Background())

	fmt.Println(pool.Do(context.Background(), 10))
	// Output: 55 <nil>
}

// A crawler: its job finds more inputs, and the program waits until all are done.
func Example_jobsThatAddInputs() {
	site := map[string][]string{"/": {"/a", "/b"}, "/a": {"/", "/c"}, "/b": {"/c", "/gone"}, "/c": nil}
	fetch := func(_ context.Context, page string) ([]string, error) {
		links, ok := site[page]
		if !ok {
			return nil, errors.New("not found")
		}
		return links, nil
	}

	ctx := context.Background()
	var pool *remuda.Pool[string, remuda.Void]
	var seen sync.Map
	crawl := func(ctx context.Context, page string) (remuda.Void, error) {
		links, err := fetch(ctx, page)
		for _, link := range links {
			if _, known := seen.LoadOrStore(link, true); !known {
				pool.Send(ctx, link) // with the job's ctx: it lends its slot while the queue is full
			}
		}
		return remuda.Void{}, err
	}
	pool = remuda.Must(remuda.Start(4, crawl, middleware.Retry(2)))

	seen.Store("/", true)
	pool.Send(ctx, "/")
	pool.Wait(ctx) // until no page is left
	pool.Close(ctx)

	s := pool.Stats()
	fmt.Println(s.Accepted, "pages,", s.Failed, "not found")
	// Output: 5 pages, 1 not found
}

// Each worker has a job of its own, which may keep state without locks.
func ExamplePool_StartWithBuilder() {
	pool := remuda.New[string, int]()
	pool.StartWithBuilder(remuda.JobBuilderFunc[string, int](func() remuda.Job[string, int] {
		seen := map[string]int{}
		return remuda.Func(func(_ context.Context, word string) (int, error) {
			seen[word]++
			return seen[word], nil
		})
	}))
	defer pool.Close(context.Background())

	outs, _ := pool.DoAll(context.Background(), []string{"a", "b", "a", "a"})
	fmt.Println(outs)
	// Output: [1 1 2 3]
}

func ExampleNewFrom() {
	lines := make(chan string, 2)
	lines <- "one"
	lines <- "two"
	close(lines) // the pool ends with its source

	pool := remuda.Must(remuda.NewFrom[string, remuda.Void](remuda.FromChan(lines), remuda.Config{}))
	err := pool.Run(context.Background(), remuda.NoOutput(func(_ context.Context, line string) error {
		fmt.Println(line)
		return nil
	}))
	fmt.Println(err)
	// Output:
	// one
	// two
	// <nil>
}

func ExampleNewLoop() {
	ctx, cancel := context.WithCancel(context.Background())
	polls := 0
	pool := remuda.Must(remuda.NewLoop(remuda.Config{}))
	err := pool.Run(ctx, remuda.Loop(func(context.Context) error {
		if polls++; polls == 3 {
			cancel()
		}
		return nil
	}))
	fmt.Println(polls >= 3, err)
	// Output: true <nil>
}

func ExampleMiddlewareFunc() {
	announce := remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
		return func(ctx context.Context) error {
			info, _ := remuda.InfoFrom(ctx)
			err := next(ctx)
			fmt.Println(info.Pool, info.Worker, info.Run, err)
			return err
		}
	})
	pool := remuda.Must(remuda.NewWithConfig[int, int](remuda.Config{Name: "squares"}, announce))
	pool.Start(remuda.Func(square))
	defer pool.Close(context.Background())

	pool.Do(context.Background(), 3)
	pool.Do(context.Background(), 4)
	// Output:
	// squares 1 1 <nil>
	// squares 1 2 <nil>
}
