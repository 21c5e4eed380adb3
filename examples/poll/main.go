//go:build unix

// Poll works through a spool directory: every file that turns up in DIR is
// counted and moved to DIR/done. Each worker of a loop pool polls by itself.
// SIGUSR1 adds a worker and SIGUSR2 takes one out; a file that a worker cannot
// finish any more, because of that or of Ctrl-C, goes back into the spool.
//
//	go run ./examples/poll spool
//	cp *.go spool/                # in another terminal
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/remuda-go/remuda"
)

const usage = `usage: poll [flags] DIR

It counts the lines of each file that appears in DIR and moves the file to
DIR/done, until Ctrl-C. SIGUSR1 adds a worker, and SIGUSR2 removes one.

Try:
  go run ./examples/poll spool
  cp *.go spool/         # in another terminal

Flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	resize := make(chan os.Signal, 1)
	signal.Notify(resize, syscall.SIGUSR1, syscall.SIGUSR2)
	err := run(ctx, os.Args[1:], resize, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "poll:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, resize <-chan os.Signal, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("poll", flag.ExitOnError)
	flags.SetOutput(stderr)
	every := flags.Duration("every", time.Second, "how long a worker rests when there is nothing to do")
	flags.Usage = func() { fmt.Fprint(stderr, usage); flags.PrintDefaults() }
	_ = flags.Parse(args) // or it ends the program
	if flags.NArg() != 1 {
		flags.Usage()
		return errors.New("name one directory")
	}
	sp, err := openSpool(flags.Arg(0))
	if err != nil {
		return err
	}
	pool, err := remuda.NewLoop(remuda.Config{Name: "poll", Min: 1, Max: 64, StopOnErrors: true})
	if err != nil {
		return err
	}
	if err := pool.Start(remuda.Loop(func(ctx context.Context) error {
		return work(ctx, sp, *every, stdout)
	})); err != nil {
		return err
	}
	fmt.Fprintf(stderr, "poll: waiting for files in %s; process %d\n", flags.Arg(0), os.Getpid())
	for {
		select {
		case sig := <-resize:
			obey(sig, pool, stderr)
		case <-ctx.Done():
			return pool.CloseWithTimeout(10 * time.Second)
		case <-pool.Done():
			return pool.Err()
		}
	}
}

func obey(sig os.Signal, pool *remuda.Pool[remuda.Void, remuda.Void], stderr io.Writer) {
	resize := pool.More
	if sig == syscall.SIGUSR2 {
		resize = pool.Less
	}
	if err := resize(); err != nil {
		fmt.Fprintln(stderr, "poll:", err)
	}
	fmt.Fprintln(stderr, "poll: workers:", pool.Current())
}

// work is what a worker does again and again: it takes one file out of the
// spool, if there is one, and else rests. Its context ends when the worker is
// to end.
func work(ctx context.Context, sp spool, every time.Duration, stdout io.Writer) error {
	name, err := sp.take()
	if err != nil {
		return err
	}
	if name == "" {
		rest := time.NewTimer(every)
		defer rest.Stop()
		select {
		case <-rest.C:
		case <-ctx.Done():
		}
		return nil
	}
	lines, err := sp.countLines(ctx, name)
	if err != nil {
		return errors.Join(ignoreCancelled(ctx, err), sp.putBack(name))
	}
	fmt.Fprintf(stdout, "%8d  %s\n", lines, name)
	return sp.done(name)
}

// ignoreCancelled returns err unless it says that ctx has ended, which is how
// it should be here.
func ignoreCancelled(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}
