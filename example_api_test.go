package remuda_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/remuda-go/remuda"
)

func ExampleStart() {
	pool, err := remuda.Start(4, square)
	if err != nil {
		panic(err)
	}
	defer pool.Close(context.Background())

	out, err := pool.Do(context.Background(), 7)
	fmt.Println(out, err)
	// Output: 49 <nil>
}

func ExampleStartWithConfig() {
	pool, err := remuda.StartWithConfig(remuda.Config{Name: "squares", Initial: 4, Max: 16}, square)
	if err != nil {
		panic(err)
	}
	defer pool.Close(context.Background())

	fmt.Println(pool.Resize(17))
	// Output: remuda: squares: Resize(17): more than Max 16
}

func ExampleCall() {
	pool, err := remuda.Start(2, remuda.Call)
	if err != nil {
		panic(err)
	}
	pool.Send(context.Background(), func(context.Context) error {
		fmt.Println("a function")
		return nil
	})
	pool.Close(context.Background())
	// Output: a function
}

// The type of a pool of functions has a name.
func ExampleFuncPool() {
	type service struct {
		background *remuda.FuncPool
	}
	s := service{background: remuda.Must(remuda.Start(2, remuda.Call))}
	s.background.Send(context.Background(), func(context.Context) error {
		fmt.Println("a function")
		return nil
	})
	s.background.Close(context.Background())
	// Output: a function
}

// A pool that consumes a channel, and ends with it.
func ExampleStartFrom() {
	lines := make(chan string, 2)
	lines <- "one"
	lines <- "two"
	close(lines)

	pool, err := remuda.StartFrom(1, remuda.FromChan(lines), func(_ context.Context, line string) (remuda.Void, error) {
		fmt.Println(line)
		return remuda.Void{}, nil
	})
	if err != nil {
		panic(err)
	}
	<-pool.Done()
	fmt.Println(pool.Err())
	// Output:
	// one
	// two
	// <nil>
}

func ExampleMap() {
	words := slices.Values([]string{"one", "two", "three"})
	for out, err := range remuda.Map(context.Background(), 2, words, func(_ context.Context, s string) (string, error) {
		return strings.ToUpper(s), nil
	}) {
		fmt.Println(out, err)
	}
	// Output:
	// ONE <nil>
	// TWO <nil>
	// THREE <nil>
}

func ExampleForEach() {
	urls := map[string]error{"/a": nil, "/b": errors.New("/b: not found"), "/c": nil}
	err := remuda.ForEach(context.Background(), 2, maps.Keys(urls), func(ctx context.Context, url string) error {
		return urls[url] // the first error cancels the others, and is returned
	})
	fmt.Println(err)
	// Output: /b: not found
}

// Where the function needs the index of its input, the inputs are the indices.
func ExampleForEach_index() {
	words := []string{"one", "two", "three"}
	lengths := make([]int, len(words))
	indices := func(yield func(int) bool) {
		for i := range words {
			if !yield(i) {
				return
			}
		}
	}
	err := remuda.ForEach(context.Background(), 2, indices, func(ctx context.Context, i int) error {
		lengths[i] = len(words[i])
		return nil
	})
	fmt.Println(lengths, err)
	// Output: [3 3 5] <nil>
}

func ExampleDoAll() {
	outs, err := remuda.DoAll(context.Background(), 2, []int{1, 2, 3}, square)
	fmt.Println(outs, err)
	// Output: [1 4 9] <nil>
}

func ExamplePool_TrySubmit() {
	ctx := context.Background()
	pool := remuda.Must(remuda.StartWithConfig(remuda.Config{Name: "squares", Queue: 1, Paused: true}, square))
	defer pool.Close(ctx)

	ticket, err := pool.TrySubmit(ctx, 7)
	_, full := pool.TrySubmit(ctx, 8)
	fmt.Println(err, full)

	pool.More()
	fmt.Println(ticket.Wait(ctx))
	// Output:
	// <nil> remuda: squares: queue is full: 1 wait
	// 49 <nil>
}

// A job sends what it finds, and Wait returns when nothing is left.
func ExamplePool_Wait() {
	links := map[string][]string{"/": {"/a", "/b"}, "/a": {"/b", "/c"}, "/b": {"/"}}
	var seen sync.Map
	var pool remuda.Pool[string, remuda.Void]
	pool.Start(remuda.NoOutput(func(ctx context.Context, page string) error {
		for _, link := range links[page] {
			if _, known := seen.LoadOrStore(link, true); !known {
				pool.Send(ctx, link)
			}
		}
		return nil
	}))
	defer pool.Close(context.Background())

	seen.Store("/", true)
	pool.Send(context.Background(), "/")
	err := pool.Wait(context.Background())
	fmt.Println(pool.Stats().Succeeded, "pages,", err)
	// Output: 4 pages, <nil>
}

// What has not begun is dropped; the run under way finishes.
func ExamplePool_Stop() {
	began, finish := make(chan int), make(chan bool)
	pool := remuda.Must(remuda.Start(1, func(_ context.Context, n int) (int, error) {
		began <- n
		<-finish
		return n, nil
	}))
	pool.OnDrop(func(n int, err error) {
		fmt.Println("never ran:", n, err)
		close(finish)
	})
	ticket, _ := pool.Submit(context.Background(), 1)
	pool.Send(context.Background(), 2)
	<-began

	fmt.Println(pool.Stop(context.Background()))
	fmt.Println(ticket.Wait(context.Background()))
	// Output:
	// never ran: 2 remuda: pool is closed
	// <nil>
	// 1 <nil>
}

// Two requests share a pool, and each waits for its own inputs.
func ExamplePool_Group() {
	pool := remuda.Must(remuda.Start(4, func(ctx context.Context, page string) (remuda.Void, error) {
		if page == "/b" {
			return remuda.Void{}, errors.New("/b: not found")
		}
		return remuda.Void{}, nil
	}))
	defer pool.Close(context.Background())

	for _, pages := range [][]string{{"/", "/a"}, {"/a", "/b"}} {
		group := pool.Group(context.Background())
		for _, page := range pages {
			if group.Send(page) != nil {
				break // Wait has the reason
			}
		}
		fmt.Println(group.Wait())
	}
	// Output:
	// <nil>
	// /b: not found
}

func ExamplePool_MapErr() {
	pool := remuda.Must(remuda.Start(2, square))
	defer pool.Close(context.Background())

	var lines iter.Seq2[int, error] = func(yield func(int, error) bool) {
		for line := range strings.FieldsSeq("1 two 3") {
			if !yield(strconv.Atoi(line)) {
				return
			}
		}
	}
	for out, err := range pool.MapErr(context.Background(), lines) {
		fmt.Println(out, err)
	}
	// Output:
	// 1 <nil>
	// 0 strconv.Atoi: parsing "two": invalid syntax
	// 9 <nil>
}

// The outcome of an input may be any error; only the end of the loop is ErrCutShort.
func ExampleErrCutShort() {
	ctx, cancel := context.WithTimeoutCause(context.Background(), 0, nil)
	defer cancel()
	for _, err := range remuda.Map(ctx, 2, slices.Values([]int{1, 2}), square) {
		fmt.Println(errors.Is(err, remuda.ErrCutShort), errors.Is(err, context.DeadlineExceeded))
	}
	// Output: true true
}

// After a burst the workers go, and come again when there is work.
func ExampleConfig_idleTimeout() {
	pool := remuda.Must(remuda.StartWithConfig(remuda.Config{Initial: 100, IdleTimeout: time.Minute}, square))
	defer pool.Close(context.Background())

	fmt.Println(pool.Do(context.Background(), 3))
	// Output: 9 <nil>
}

// A function that takes many inputs at once. Callers hand over one by one, and each has
// the outcome of his own.
func ExampleStartBatches() {
	ctx := context.Background()
	errTaken := errors.New("taken")
	taken := make(map[string]bool)
	insert := func(ctx context.Context, users []string) ([]int, error) {
		ids := make([]int, len(users))
		var errs []error
		for i, user := range users {
			if taken[user] {
				errs = append(errs, &remuda.InputError{Index: i, Err: fmt.Errorf("%s: %w", user, errTaken)})
				continue
			}
			taken[user] = true
			ids[i] = len(taken)
		}
		return ids, errors.Join(errs...) // those that are named fail, and no others
	}
	pool := remuda.Must(remuda.StartBatches(1, 3, 100*time.Millisecond, insert))
	defer pool.Close(ctx)

	ids, err := pool.DoAll(ctx, []string{"ann", "bob", "ann", "eve"})
	fmt.Println(ids, err)
	fmt.Println(errors.Is(err, errTaken))

	id, err := pool.Do(ctx, "zoe") // alone in its batch, 100 ms later
	fmt.Println(id, err)
	// Output:
	// [1 2 0 3] remuda: input 2: ann: taken
	// true
	// 4 <nil>
}

// A batch may be handed on to another pool as it is: DoAll says whose an error is in
// the way in which the function of a batch may.
func ExampleInputError() {
	each := remuda.Must(remuda.Start(4, func(ctx context.Context, n int) (int, error) {
		if n < 0 {
			return 0, errors.New("negative")
		}
		return n * n, nil
	}))
	defer each.Close(context.Background())
	batches := remuda.Must(remuda.StartBatches(1, 10, time.Millisecond, each.DoAll))
	defer batches.Close(context.Background())

	_, err := batches.DoAll(context.Background(), []int{1, -1, 2})
	of, _ := errors.AsType[*remuda.InputError](err)
	fmt.Println(of.Index, of.Err)
	// Output: 1 negative
}

// With a configuration: the pool has a name, and its queue holds more than one batch.
func ExampleStartBatchesWithConfig() {
	sum := func(ctx context.Context, ns []int) ([]remuda.Void, error) {
		total := 0
		for _, n := range ns {
			total += n
		}
		fmt.Println(len(ns), "inputs, sum", total)
		return nil, nil // no outputs are needed where they are void
	}
	cfg := remuda.Config{Name: "sums", Initial: 1, Queue: 10_000}
	pool := remuda.Must(remuda.StartBatchesWithConfig(cfg, 100, time.Minute, sum))

	for n := range 250 {
		pool.Send(context.Background(), n)
	}
	pool.Close(context.Background()) // what is left does not wait for a minute
	// Output:
	// 100 inputs, sum 4950
	// 100 inputs, sum 14950
	// 50 inputs, sum 11225
}
