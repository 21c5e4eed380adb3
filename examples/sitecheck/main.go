// Sitecheck measures how long web sites take to answer. It reads their addresses
// from a CSV file, in the first column, and retries those that do not answer
// properly, after a growing pause.
//
//	go run ./examples/sitecheck sites.csv
//
// Without a file it checks the sites of a small server of its own, so that it
// needs no network. Ctrl-C ends it early.
package main

import (
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/remuda-go/remuda"
)

const usage = `usage: sitecheck [flags] [SITES.CSV]

It measures how long the sites in the first column of a CSV file take to answer, and
tries again those that fail. Without a file it checks a small server of its own.

Try:
  go run ./examples/sitecheck

Flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "sitecheck:", err)
		os.Exit(1)
	}
}

// options are the command line's.
type options struct {
	gophers, retries int
	timeout, pause   time.Duration
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var o options
	flags := flag.NewFlagSet("sitecheck", flag.ExitOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&o.gophers, "gophers", 5, "sites to check at a time")
	flags.IntVar(&o.retries, "retries", 3, "times to try a site again")
	flags.DurationVar(&o.timeout, "timeout", 10*time.Second, "time for a site to answer")
	flags.DurationVar(&o.pause, "pause", 100*time.Millisecond, "pause before the first retry; it doubles with each")
	flags.Usage = func() { fmt.Fprint(stderr, usage); flags.PrintDefaults() }
	_ = flags.Parse(args) // or it ends the program
	if o.gophers < 1 {
		return errors.New("it takes at least one gopher")
	}
	if flags.NArg() == 0 {
		sites, stop := localSites()
		defer stop()
		return review(ctx, o, strings.NewReader(sites), stdout)
	}
	file, err := os.Open(flags.Arg(0))
	if err != nil {
		return err
	}
	defer file.Close()
	return review(ctx, o, file, stdout)
}

// review checks the sites in a CSV file and prints what comes out.
func review(ctx context.Context, o options, sites io.Reader, stdout io.Writer) error {
	c := newChecker(o.timeout, o.pause)
	defer c.close()
	herd := remuda.NewHerd(c.check)
	err := errors.Join(herd.SetHerdSize(o.gophers), herd.SetMaxRetries(o.retries), herd.Start())
	if err != nil {
		return err
	}
	loaded := make(chan error, 1)
	go func() {
		loaded <- load(ctx, herd, sites)
		herd.CloseInputChan()
	}()
	// When ctx ends, Close ends the checks that are under way.
	stop := context.AfterFunc(ctx, func() { _ = herd.Close(ctx) })
	defer stop()

	checked, failed := 0, 0
	for work := range herd.OutputChan() {
		checked++
		answer := work.Result()
		if work.Status() != remuda.Success {
			failed++
			fmt.Fprintf(stdout, "site: %s, failed: %v, retries: %d\n", work.Body, answer.problem, work.Retries())
			continue
		}
		fmt.Fprintf(stdout, "site: %s, latency: %s, retries: %d\n", work.Body, answer.latency, work.Retries())
	}
	fmt.Fprintf(stdout, "%d sites, %d failed\n", checked, failed)
	err = <-loaded
	if ctx.Err() != nil { // whatever the loader says, that is why
		return ctx.Err()
	}
	return err
}

// load sends the sites in a CSV file to the herd. A line that begins with # is a
// comment.
func load(ctx context.Context, herd *remuda.Herd[string, answer], sites io.Reader) error {
	lines := csv.NewReader(sites)
	lines.FieldsPerRecord = -1 // what comes after the address is not looked at
	lines.TrimLeadingSpace = true
	lines.Comment = '#'
	for n := 1; ; n++ {
		line, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		work := remuda.Work[string, answer]{ID: fmt.Sprint("site ", n), Body: strings.TrimSpace(line[0])}
		if err := herd.SendWorkContext(ctx, work); err != nil {
			return err
		}
	}
}
