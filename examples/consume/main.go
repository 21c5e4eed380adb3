// Consume is a consumer of a channel, as one gets it from a message broker's
// client: here, the lines of standard input. The workers receive from the
// channel themselves, each as soon as it is free, so that nothing is taken out
// that cannot be worked on at once; the pool ends when the channel is closed.
// Ctrl-C ends it, too: no more is received, and what was received is finished.
//
//	seq 1000000 | go run ./examples/consume
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"

	"github.com/remuda-go/remuda"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdin, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "consume:", err)
		os.Exit(1)
	}
}

// run adds up the numbers on stdin. The first line that is no number ends it.
func run(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	messages := make(chan string)
	stopReading := make(chan struct{})
	readErr := make(chan error, 1)
	go func() { // a read from a terminal cannot be interrupted: it ends with the program
		defer close(messages)
		readErr <- produce(stdin, messages, stopReading)
	}()
	defer close(stopReading)

	pool, err := remuda.NewFrom[string, int64](remuda.FromChan(messages), remuda.Config{
		Name: "consume", Initial: 4, StopOnErrors: true,
	})
	if err != nil {
		return err
	}
	var total totals
	// Run blocks until the channel is closed, a job fails, or ctx ends.
	err = pool.Run(ctx, remuda.Tap(remuda.Func(parse), total.add))
	fmt.Fprintln(stdout, total.messages, "messages, sum", total.sum)
	if err != nil {
		return err
	}
	select {
	case err := <-readErr:
		return err
	default:
		return ctx.Err() // the producer has not come to its end
	}
}

// produce sends the lines of r until stop is closed.
func produce(r io.Reader, to chan<- string, stop <-chan struct{}) error {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		select {
		case to <- lines.Text():
		case <-stop:
			return nil
		}
	}
	return lines.Err()
}

func parse(_ context.Context, line string) (int64, error) {
	return strconv.ParseInt(strings.TrimSpace(line), 10, 64)
}

// totals adds up the outcomes.
type totals struct {
	mu       sync.Mutex
	messages int
	sum      int64
}

func (t *totals) add(_ context.Context, _ string, n int64, err error) {
	if err != nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.messages++
	t.sum += n
}
