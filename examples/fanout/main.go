// Fanout answers one question by asking many in parallel, and waits for all of the
// answers: here, how large each of some directory trees is. DoAll gives the answers
// in the order of the questions, and one error that holds every failure.
//
//	go run ./examples/fanout . examples
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/remuda-go/remuda"
)

const usage = `usage: fanout [flags] DIR...

It prints how large the regular files in each directory tree are, all trees at the
same time.

Try:
  go run ./examples/fanout . examples

Flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "fanout:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("fanout", flag.ExitOnError)
	flags.SetOutput(stderr)
	workers := flags.Int("workers", 8, "number of workers")
	flags.Usage = func() { fmt.Fprint(stderr, usage); flags.PrintDefaults() }
	_ = flags.Parse(args) // or it ends the program
	dirs := flags.Args()
	if len(dirs) == 0 {
		flags.Usage()
		return errors.New("no directories to measure")
	}
	pool := remuda.Must(remuda.NewWithConfig[string, int64](remuda.Config{Initial: *workers}))
	if err := pool.Start(remuda.Func(size)); err != nil {
		return err
	}
	defer pool.Close(ctx)

	sizes, err := pool.DoAll(ctx, dirs)
	var total int64
	for i, n := range sizes { // a failure has left the bytes that were found before it
		fmt.Fprintf(stdout, "%12d  %s\n", n, dirs[i])
		total += n
	}
	fmt.Fprintf(stdout, "%12d  in all\n", total)
	return err
}

// size adds up the regular files under a directory. It passes over what it
// cannot read, and returns the size of the rest with an error for each.
func size(ctx context.Context, dir string) (int64, error) {
	var total int64
	var errs []error
	err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			errs = append(errs, err)
			return nil
		}
		if entry.Type().IsRegular() {
			info, err := entry.Info()
			if err != nil {
				errs = append(errs, err)
				return nil
			}
			total += info.Size()
		}
		return nil
	})
	return total, errors.Join(append(errs, err)...)
}
