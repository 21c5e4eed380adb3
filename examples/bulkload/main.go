// Bulkload loads rows into an SQLite database, 500 in each transaction. Some of them
// break a constraint: they fail, each with an error of its own, and their neighbours in
// the transaction do not.
//
//	go run ./examples/bulkload users.db
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"os/signal"
	"time"

	"github.com/remuda-go/remuda"
)

const usage = `usage: bulkload [flags] FILE

It inserts generated rows into the SQLite database FILE, 500 in each transaction.
Every thousandth row fails, since its name is taken. Run it again on the same FILE, and all rows fail.

Try:
  go run ./examples/bulkload users.db

Flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bulkload:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	flags := flag.NewFlagSet("bulkload", flag.ExitOnError)
	flags.SetOutput(stderr)
	rows := flags.Int("rows", 1_000_000, "`number` of rows")
	batch := flags.Int("batch", 500, "most rows in a `transaction`")
	flags.Usage = func() { fmt.Fprint(stderr, usage); flags.PrintDefaults() }
	_ = flags.Parse(args) // or it ends the program
	if flags.NArg() != 1 {
		flags.Usage()
		return errors.New("name one file")
	}
	users, err := openUsers(flags.Arg(0))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, users.Close()) }()

	fmt.Fprintf(stderr, "bulkload: inserting %d rows into %s\n", *rows, flags.Arg(0))
	// SQLite has one writer at a time, so one worker is enough.
	pool, err := remuda.StartBatches(1, *batch, 100*time.Millisecond, users.insert)
	if err != nil {
		return err
	}
	began, inserted, failed := time.Now(), 0, 0
	for _, failure := range pool.Map(ctx, generate(*rows)) {
		if failure == nil {
			inserted++
			continue
		}
		if !errors.Is(failure, errTaken) {
			err = failure // of a whole transaction, or the end of ctx
			break
		}
		if failed++; failed <= 3 {
			fmt.Fprintln(stderr, "bulkload:", failure)
		}
	}
	if err := errors.Join(err, pool.Close(ctx)); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%d rows inserted, %d failed\n", inserted, failed)
	fmt.Fprintf(stderr, "%.0f rows a second\n", float64(*rows)/time.Since(began).Seconds())
	return nil
}

// generate makes n users, of which every thousandth wants a name that is taken.
func generate(n int) iter.Seq[user] {
	return func(yield func(user) bool) {
		for i := range n {
			named := i
			if i%1000 == 999 {
				named = i - 1
			}
			if !yield(user{fmt.Sprintf("user-%d", named), i % 100}) {
				return
			}
		}
	}
}
