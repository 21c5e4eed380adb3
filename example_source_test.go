package remuda_test

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/remuda-go/remuda"
)

// descending is a source of one's own: it hands out n, n-1, and so on to 1.
type descending struct {
	mu   sync.Mutex // several workers call Next
	next int
}

// Next returns the next number. One that has to wait, for a broker say, also
// returns when ctx ends.
func (c *descending) Next(context.Context) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next == 0 {
		return 0, io.EOF // there are no more: the pool ends
	}
	c.next--
	return c.next + 1, nil
}

func ExampleSource() {
	var mu sync.Mutex
	sum := 0
	add := func(_ context.Context, n int) (remuda.Void, error) {
		mu.Lock()
		defer mu.Unlock()
		sum += n
		return remuda.Void{}, nil
	}
	pool, err := remuda.StartFrom(4, &descending{next: 100}, add)
	if err != nil {
		fmt.Println(err)
		return
	}
	<-pool.Done() // the source has ended, and all runs with it
	fmt.Println(sum, pool.Err())
	// Output: 5050 <nil>
}

func ExampleFromSeq() {
	pool, err := remuda.StartFrom(1, remuda.FromSeq(slices.Values([]int{1, 2, 3})),
		func(_ context.Context, n int) (remuda.Void, error) {
			fmt.Println(n * n)
			return remuda.Void{}, nil
		})
	if err != nil {
		fmt.Println(err)
		return
	}
	<-pool.Done()
	fmt.Println(pool.Err())
	// Output:
	// 1
	// 4
	// 9
	// <nil>
}
