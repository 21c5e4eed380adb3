// Perworker measures how well files compress. A gzip.Writer holds most of a
// megabyte and must not be used by two goroutines at a time: so each worker
// builds one, uses it for one file after the other without locks, and closes it
// when it ends.
//
//	go run ./examples/perworker *.go
package main

import (
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"sync/atomic"

	"github.com/remuda-go/remuda"
)

const usage = `usage: perworker [flags] FILE...

It prints how large each file is, and how large when compressed.
Each worker has a compressor of its own.

Try:
  go run ./examples/perworker *.go

Flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "perworker:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("perworker", flag.ExitOnError)
	flags.SetOutput(stderr)
	workers := flags.Int("workers", 4, "number of `workers`")
	flags.Usage = func() { fmt.Fprint(stderr, usage); flags.PrintDefaults() }
	_ = flags.Parse(args) // or it ends the program
	if flags.NArg() == 0 {
		flags.Usage()
		return errors.New("no files to measure")
	}
	pool, err := remuda.NewWithConfig[string, sizes](remuda.Config{Initial: *workers})
	if err != nil {
		return err
	}
	var built atomic.Int64
	if err := pool.StartWithBuilder(remuda.JobBuilderFunc[string, sizes](func() remuda.Job[string, sizes] {
		built.Add(1)
		return newCompressor()
	})); err != nil {
		return err
	}

	failed := 0
	for s, err := range pool.Map(ctx, slices.Values(flags.Args())) {
		if err != nil {
			failed++
			fmt.Fprintln(stderr, "perworker:", err)
			continue
		}
		fmt.Fprintf(stdout, "%8d %8d  %s\n", s.plain, s.compressed, s.path)
	}
	// Close ends the workers, and with each of them its compressor.
	if err := pool.Close(ctx); err != nil {
		return err
	}
	fmt.Fprintf(stderr, "%d files, %d compressors\n", flags.NArg(), built.Load())
	if failed > 0 {
		return errors.New("some files could not be read")
	}
	return pool.Err()
}

type sizes struct {
	path              string
	plain, compressed int64
}

// A compressor is the job of one worker.
type compressor struct {
	gzip *gzip.Writer
	out  counter
}

func newCompressor() *compressor {
	c := &compressor{}
	c.gzip = gzip.NewWriter(&c.out)
	return c
}

// Do measures one file.
func (c *compressor) Do(_ context.Context, path string) (sizes, error) {
	f, err := os.Open(path)
	if err != nil {
		return sizes{}, err
	}
	defer f.Close()
	c.out = 0
	c.gzip.Reset(&c.out)
	n, err := io.Copy(c.gzip, f)
	if err != nil {
		return sizes{}, err
	}
	if err := c.gzip.Flush(); err != nil {
		return sizes{}, err
	}
	return sizes{path: path, plain: n, compressed: int64(c.out)}, nil
}

// Close is called by the pool once, when the worker ends. Pool.Err reports what
// it returns.
func (c *compressor) Close() error { return c.gzip.Close() }

// counter is a writer that counts.
type counter int64

func (n *counter) Write(p []byte) (int, error) {
	*n += counter(len(p))
	return len(p), nil
}
