// Pipeline makes an access log fit to be passed on: it parses each line, puts
// a pseudonym in place of the client's address, and writes JSON. The stages run
// at the same time, each in a pool of its own, and the lines stay in order.
// Nothing is read that is far ahead of what is written.
//
//	go run ./examples/pipeline <examples/pipeline/testdata/access.log
//
// Two stages with the same number of workers need no second pool: remuda.Then
// makes one job of them.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"os/signal"

	"golang.org/x/term"

	"github.com/remuda-go/remuda"
)

const usage = `usage: pipeline [flags] <ACCESS.LOG

It reads an access log in the Common Log Format from standard input, replaces the
clients' addresses by pseudonyms, and writes JSON, one line for each.

Try:
  go run ./examples/pipeline <examples/pipeline/testdata/access.log

Flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "pipeline:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("pipeline", flag.ExitOnError)
	flags.SetOutput(stderr)
	key := flags.String("key", "", "secret `key` of the pseudonyms")
	flags.Usage = func() { fmt.Fprint(stderr, usage); flags.PrintDefaults() }
	_ = flags.Parse(args) // or it ends the program
	if isTerminal(stdin) {
		fmt.Fprintln(stderr, "pipeline: reading an access log from standard input; Ctrl-D ends it")
	}
	parser, err := stage(2, remuda.NoContext(parse))
	if err != nil {
		return err
	}
	defer parser.Close(ctx)
	encoder, err := stage(2, remuda.NoContext(pseudonymizer{key: []byte(*key)}.encode))
	if err != nil {
		return err
	}
	defer encoder.Close(ctx)

	// Each stage is an iterator over the one before; the loop pulls.
	in := &input{scanner: bufio.NewScanner(stdin)}
	bad := &rejects{stderr: stderr}
	entries := bad.skip(ctx, parser.Map(ctx, in.lines))
	out := bufio.NewWriter(stdout)
	for line, err := range encoder.Map(ctx, entries) {
		if err != nil {
			return errors.Join(err, out.Flush())
		}
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return errors.Join(out.Flush(), in.scanner.Err(), bad.err())
}

// isTerminal reports whether r is a terminal, where somebody has to type.
func isTerminal(r io.Reader) bool {
	f, ok := r.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// stage starts a pool.
func stage[In, Out any](workers int, job remuda.Job[In, Out]) (*remuda.Pool[In, Out], error) {
	pool, err := remuda.NewWithConfig[In, Out](remuda.Config{Initial: workers})
	if err != nil {
		return nil, err
	}
	return pool, pool.Start(job)
}

// An input yields lines. What went wrong with it is asked afterwards.
type input struct{ scanner *bufio.Scanner }

func (in *input) lines(yield func(string) bool) {
	for in.scanner.Scan() {
		if !yield(in.scanner.Text()) {
			return
		}
	}
}

// rejects are the lines that cannot be parsed. Since the outcomes are in order,
// counting them gives the line number.
type rejects struct {
	stderr io.Writer
	n      int
}

// skip passes the entries on and reports the errors.
func (r *rejects) skip(ctx context.Context, entries iter.Seq2[entry, error]) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		line := 0
		for e, err := range entries {
			line++
			switch {
			case err == nil:
				if !yield(e) {
					return
				}
			case ctx.Err() == nil: // else the next stage reports that
				r.n++
				fmt.Fprintf(r.stderr, "pipeline: line %d: %v\n", line, err)
			}
		}
	}
}

func (r *rejects) err() error {
	if r.n > 0 {
		return fmt.Errorf("lines left out: %d", r.n)
	}
	return nil
}
