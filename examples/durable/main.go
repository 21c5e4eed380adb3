// Durable hashes every regular file of a directory tree, one task for each, and
// goes on where it was if it is started again, however it ended: by Ctrl-C, by
// kill -9, or by a job that took the whole process with it. When all tasks are
// done it prints what sha256sum would print, sorted by path.
//
//	durable DIR                 the same lines as
//	                            find DIR -type f -print0 | xargs -0 sha256sum | LC_ALL=C sort -k2
//	durable -poison NAME DIR    the job of the file NAME ends the process each time:
//	                            start it again until NAME is given up
//
// The exit status is 0 if all went well, 1 if a file has no checksum, 2 for a wrong
// command line, 3 when the poisoned job has ended the process, and 130 after
// Ctrl-C.
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
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/embedded"
)

const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitPoisoned    = 3
	exitInterrupted = 130
)

// Sum is the kind of task: from the path of a file to its checksum. Paths need not
// be text, so that they are not made JSON. Results are kept for a week: for so long
// a run may be resumed.
var Sum = tasks.Define[[]byte, []byte]("sha256", //nolint:gochecknoglobals // a kind is a value
	tasks.Codec(tasks.Raw), tasks.Attempts(5), tasks.Keep(7*24*time.Hour))

const usage = `usage: durable [flags] DIR

It hashes every file of a directory tree, one stored task for each, and prints what
sha256sum would print. Kill it and start it again: it goes on where it was.

Try:
  go run ./examples/durable examples

Flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program the hard way
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

type options struct {
	store, poison, dir string
	workers            int
	relaxed            bool
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("durable", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.store, "store", "durable.store", "`directory` of the tasks and their results")
	flags.IntVar(&o.workers, "workers", 8, "tasks that run at the same time")
	flags.StringVar(&o.poison, "poison", "", "`name` of the file whose job ends the process")
	flags.BoolVar(&o.relaxed, "relaxed", false, "write to disk every second instead of at each change")
	flags.Usage = func() { fmt.Fprint(stderr, usage); flags.PrintDefaults() }
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.dir = flags.Arg(0); flags.NArg() != 1 || o.workers < 1 {
		flags.Usage()
		fmt.Fprintln(stderr, "\ndurable: one directory, and at least one worker")
		return o, errors.New("one directory, and at least one worker")
	}
	return o, nil
}

// run is the program. It returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitUsage
	}
	files, err := walk(o.dir, o.store)
	if err != nil {
		fmt.Fprintln(stderr, "durable:", err)
		return exitFailed
	}
	fmt.Fprintf(stderr, "durable: %d files; the tasks are in %s\n", len(files), o.store)
	failed, err := work(ctx, o, files, stdout, stderr)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "durable: interrupted; start it again to go on")
		return exitInterrupted
	case err != nil:
		fmt.Fprintln(stderr, "durable:", err)
		return exitFailed
	case failed > 0:
		return exitFailed
	}
	return exitOK
}

// work pushes a task for each file that has none yet, runs them, and prints the
// results.
func work(ctx context.Context, o options, files []file, stdout, stderr io.Writer) (failed int, err error) {
	var opts []embedded.Option
	if o.relaxed {
		opts = append(opts, embedded.RelaxedSync())
	}
	client, err := embedded.Open(ctx, o.store, opts...)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, client.Close()) }()

	worker := tasks.NewWorker(client)
	if _, err := Sum.Handle(worker, remuda.Func(o.sum), remuda.Config{Initial: o.workers}); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- worker.Run(context.WithoutCancel(ctx)) }() // Close ends it
	defer func() {
		bound, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		err = errors.Join(err, worker.Close(bound), <-ended)
	}()

	p := &progress{stderr: stderr, last: time.Now()}
	outcomes, err := pushAll(ctx, client, files, p)
	if err != nil {
		return 0, err
	}
	// All before the first is printed: there is either the whole list or nothing.
	if err := waitAll(ctx, client, files, outcomes, p); err != nil {
		return 0, err
	}
	return printAll(files, outcomes, stdout, stderr)
}
