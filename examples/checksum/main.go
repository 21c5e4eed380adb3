// Checksum hashes every regular file of a directory tree on a pool of workers
// and prints what sha256sum would print, sorted by path:
//
//	checksum DIR         the same lines as
//	                     find -H DIR -type f -print0 | xargs -0 sha256sum | LC_ALL=C sort -k2
//	checksum -c FILE     verify such a list, as sha256sum -c does (- is standard input)
//
// On a terminal it shows its progress and, if all went well, a summary; the keys +
// and - add and remove workers while it runs, and -slow gives time for them. Ctrl-C
// stops it cleanly: what is printed by then is the complete beginning of the list,
// and a message says where it ends.
//
// The exit status is 0 if all went well, 1 if a file could not be read or did
// not match, 2 for a wrong command line, and 130 after Ctrl-C.
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
	"runtime"
	"syscall"
	"time"

	"github.com/remuda-go/remuda"
)

const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program the hard way
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// options is what the command line says.
type options struct {
	workers int
	slow    time.Duration
	check   string // the list to verify, or empty
	dir     string
}

// run is the program. It returns the exit status.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (status int) {
	opts, err := parseArgs(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitUsage
	}

	var n counts
	pool, err := newPool(opts, &n)
	if err != nil {
		fmt.Fprintln(stderr, "checksum:", err)
		return exitUsage
	}
	defer pool.Close(context.WithoutCancel(ctx)) // does not block for long: Map leaves nothing behind

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	files, malformed := walk(opts.dir), 0
	if opts.check != "" {
		list, err := openList(opts.check, stdin)
		if err != nil {
			fmt.Fprintln(stderr, "checksum:", err)
			return exitFailed
		}
		defer list.Close()
		files = readList(list, &malformed)
	}
	con := newConsole(stdout, stderr, &n, pool.Current)
	defer func() { con.close(status == exitOK) }()
	rep := newReport(con, opts.check != "", &malformed)
	if opts.check != "-" { // else standard input is the list
		con.listen(stdin, pool, cancel)
	}
	return process(ctx, pool, files, &n, rep)
}

// process hashes the files and reports each outcome, in order.
func process(ctx context.Context, pool *remuda.Pool[file, hashed], files iter.Seq[file], n *counts, rep *report) int {
	last := ""
	for h, err := range pool.Map(ctx, n.countFound(files)) {
		if err != nil && errors.Is(err, ctx.Err()) {
			return rep.interrupted(n, last)
		}
		if err := rep.add(h, err); err != nil {
			rep.end()
			fmt.Fprintln(rep.errs, "checksum:", err)
			return exitFailed
		}
		n.done.Add(1)
		last = h.path
	}
	return rep.finish()
}

const help = `usage: checksum [flags] DIR
       checksum [flags] -c FILE

It prints what sha256sum would print for each file of a directory tree, sorted by
path, or verifies such a list. On a terminal, + and - add and remove workers.

Try:
  go run ./examples/checksum .
  go run ./examples/checksum -slow 200ms examples     # press + and -

Flags:
`

func parseArgs(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("checksum", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&o.workers, "workers", runtime.GOMAXPROCS(0), "files to hash at a time")
	flags.DurationVar(&o.slow, "slow", 0, "let each file take this `much` longer, to have time for + and -")
	flags.StringVar(&o.check, "c", "", "verify the checksums listed in `FILE`")
	flags.Usage = func() {
		fmt.Fprint(stderr, help)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case o.workers < 1:
		return o, usage(flags, "-workers must be at least 1")
	case o.slow < 0:
		return o, usage(flags, "-slow must not be negative")
	case o.check == "" && flags.NArg() != 1:
		return o, usage(flags, "one directory is needed")
	case o.check != "" && flags.NArg() != 0:
		return o, usage(flags, "-c takes no directory")
	}
	o.dir = flags.Arg(0)
	return o, nil
}

// usage reports a wrong command line as package flag does.
func usage(flags *flag.FlagSet, msg string) error {
	fmt.Fprintln(flags.Output(), "checksum:", msg)
	flags.Usage()
	return errors.New(msg)
}
