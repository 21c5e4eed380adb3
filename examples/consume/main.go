// Consume is a consumer of a channel, as one gets it from a message broker's client:
// here, the lines of standard input. The workers receive from the channel
// themselves, each as soon as it is free, so that nothing is taken out that no
// worker is free for; the pool ends when the channel is closed. Ctrl-C ends it, too:
// no more is received, and what was received is finished.
//
//	seq 1000000 | go run ./examples/consume
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/term"

	"github.com/remuda-go/remuda"
)

const usage = `usage: consume [flags]

It adds up the numbers on standard input, one a line. The first line that is no
number ends it.

Try:
  seq 1000000 | go run ./examples/consume

Flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "consume:", err)
		os.Exit(1)
	}
}

// run adds up the numbers on stdin. The first line that is no number ends it.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("consume", flag.ExitOnError)
	flags.SetOutput(stderr)
	workers := flags.Int("workers", 4, "number of workers")
	flags.Usage = func() { fmt.Fprint(stderr, usage); flags.PrintDefaults() }
	_ = flags.Parse(args) // or it ends the program
	if isTerminal(stdin) {
		fmt.Fprintln(stderr, "consume: reading numbers from standard input; Ctrl-D ends it")
	}
	messages := make(chan string)
	stopReading := make(chan struct{})
	readErr := make(chan error, 1)
	go func() { // a read from a terminal cannot be interrupted: it ends with the program
		defer close(messages)
		readErr <- produce(stdin, messages, stopReading)
	}()
	defer close(stopReading)

	pool, err := remuda.NewFrom[string, int64](remuda.FromChan(messages), remuda.Config{
		Name: "consume", Initial: *workers, StopOnErrors: true,
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

// isTerminal reports whether r is a terminal, where somebody has to type.
func isTerminal(r io.Reader) bool {
	f, ok := r.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
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
