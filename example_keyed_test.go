package remuda_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/remuda-go/remuda"
)

// An event changes the balance of an account.
type event struct {
	account string
	change  int
}

// A consumer that keeps the events of one account in order, while those of other
// accounts are applied at the same time.
func ExampleStartKeyed() {
	var mu sync.Mutex
	balances := map[string][]int{}
	apply := func(_ context.Context, e event) (remuda.Void, error) {
		mu.Lock()
		defer mu.Unlock()
		history := balances[e.account]
		last := 0
		if len(history) > 0 {
			last = history[len(history)-1]
		}
		balances[e.account] = append(history, last+e.change)
		return remuda.Void{}, nil
	}
	consume := func(ctx context.Context) error {
		pool, err := remuda.StartKeyed(8, func(e event) string { return e.account }, apply)
		if err != nil {
			return err
		}
		for _, e := range []event{{"ann", 100}, {"bob", 10}, {"ann", -30}, {"bob", -10}, {"ann", 5}} {
			if err := pool.Send(ctx, e); err != nil {
				return err
			}
		}
		return pool.Close(ctx)
	}

	fmt.Println(consume(context.Background()))
	fmt.Println("ann", balances["ann"])
	fmt.Println("bob", balances["bob"])
	// Output:
	// <nil>
	// ann [100 70 75]
	// bob [10 0]
}

// A crawler that has no two requests at a host at a time. The pages it finds it sends to
// its own pool, with the context of the run.
func ExampleStartKeyed_crawler() {
	links := map[string][]string{
		"go.dev/":        {"go.dev/doc", "go.dev/blog", "pkg.go.dev/"},
		"go.dev/doc":     {"go.dev/", "go.dev/doc/faq"},
		"pkg.go.dev/":    {"pkg.go.dev/std", "go.dev/"},
		"go.dev/doc/faq": {"example.com/"},
		"pkg.go.dev/std": {},
		"go.dev/blog":    {},
		"example.com/":   {},
	}
	busy := map[string]*atomic.Bool{"go.dev": {}, "pkg.go.dev": {}, "example.com": {}}
	host := func(page string) string {
		host, _, _ := strings.Cut(page, "/")
		return host
	}

	ctx := context.Background()
	var seen sync.Map
	var pool *remuda.Pool[string, remuda.Void]
	crawl := func(ctx context.Context, page string) (remuda.Void, error) {
		if busy[host(page)].Swap(true) {
			fmt.Println("two requests at", host(page))
		}
		defer busy[host(page)].Store(false)
		for _, link := range links[page] {
			if _, known := seen.LoadOrStore(link, true); !known {
				if err := pool.Send(ctx, link); err != nil {
					return remuda.Void{}, err
				}
			}
		}
		return remuda.Void{}, nil
	}
	pool = remuda.Must(remuda.StartKeyed(4, host, crawl))
	defer pool.Close(ctx)

	seen.Store("go.dev/", true)
	fmt.Println(pool.Send(ctx, "go.dev/"), pool.Wait(ctx))
	fmt.Println(pool.Stats().Succeeded, "pages")
	// Output:
	// <nil> <nil>
	// 7 pages
}

func ExampleStartKeyedWithConfig() {
	cfg := remuda.Config{Name: "accounts", Paused: true, Queue: 4}
	pool, err := remuda.StartKeyedWithConfig(cfg, func(e event) string { return e.account }, func(_ context.Context, e event) (int, error) {
		return e.change, nil
	})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	defer pool.Stop(ctx)

	for _, account := range []string{"ann", "ann", "ann", "bob"} { // ann may take two places of four
		err := pool.TrySend(ctx, event{account, 1})
		fmt.Println(account, err, errors.Is(err, remuda.ErrQueueFull))
	}
	// Output:
	// ann <nil> false
	// ann <nil> false
	// ann remuda: accounts: queue is full: 4 wait, or 2 of the key true
	// bob <nil> false
}
