// Resilience fetches pages from a server that has to be treated with care: no
// more requests a second than allowed, none longer than its time, and another
// try, a little later, for what may go better then.
//
//	go run ./examples/resilience -timeout 300ms
//	go run ./examples/resilience -rate 5 https://go.dev/ https://pkg.go.dev/
//
// Without a URL it fetches from a small server of its own, which is slow once and
// unavailable twice.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

const usage = `usage: resilience [flags] [URL...]

It fetches pages: not too many at a time, each within a time limit, and again after
a delay when that may help. Without a URL it fetches from a small server of its own.

Try:
  go run ./examples/resilience -timeout 300ms

Flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], http.DefaultTransport, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "resilience:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, transport http.RoundTripper, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("resilience", flag.ExitOnError)
	flags.SetOutput(stderr)
	perSecond := flags.Float64("rate", 10, "most requests per second")
	timeout := flags.Duration("timeout", 5*time.Second, "most time for a request")
	retries := flags.Uint("retries", 3, "most retries of a request")
	workers := flags.Int("workers", 4, "most requests at a time")
	flags.Usage = func() { fmt.Fprint(stderr, usage); flags.PrintDefaults() }
	_ = flags.Parse(args) // or it ends the program
	urls := flags.Args()
	if len(urls) == 0 {
		local, stop := localPages()
		defer stop()
		urls = local
	}

	log := &retryLog{w: stderr}
	pool, err := remuda.NewWithConfig[string, page](remuda.Config{Name: "fetch", Initial: *workers},
		// The first is outermost: each attempt of Retry waits for its turn, and
		// has the whole timeout to itself after that.
		middleware.Retry(*retries, middleware.Backoff(100*time.Millisecond, 2*time.Second), middleware.OnRetry(log.add)),
		middleware.Rate(rate.NewLimiter(rate.Limit(*perSecond), 1)),
		middleware.Timeout(*timeout),
	)
	if err != nil {
		return err
	}
	f := fetcher{client: &http.Client{Transport: transport}}
	if err := pool.Start(remuda.Func(f.fetch)); err != nil {
		return err
	}
	defer pool.Close(ctx)

	failed := 0
	for p, err := range pool.Map(ctx, slices.Values(urls)) {
		if err != nil {
			failed++
			fmt.Fprintln(stderr, "resilience:", err)
			continue
		}
		fmt.Fprintf(stdout, "%d %8d bytes  %s\n", p.status, p.bytes, p.url)
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d pages could not be fetched", failed, len(urls))
	}
	return nil
}

type page struct {
	url    string
	status int
	bytes  int64
}

type fetcher struct{ client *http.Client }

// fetch is one attempt. The context has the timeout.
func (f fetcher) fetch(ctx context.Context, url string) (page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return page{}, middleware.Permanent(err) // a wrong URL does not get better
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return page{}, err
	}
	defer resp.Body.Close()
	if err := check(resp); err != nil {
		return page{}, fmt.Errorf("GET %s: %w", url, err)
	}
	n, err := io.Copy(io.Discard, resp.Body)
	return page{url: url, status: resp.StatusCode, bytes: n}, err
}

// check tells errors that another attempt may not meet from those that it will.
func check(resp *http.Response) error {
	switch {
	case resp.StatusCode < 400:
		return nil
	case resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests:
		return errors.New(resp.Status)
	default:
		return middleware.Permanent(errors.New(resp.Status))
	}
}

// A retryLog says what is tried again.
type retryLog struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *retryLog) add(ctx context.Context, attempt int, err error) {
	info, _ := remuda.InfoFrom(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.w, "resilience: attempt %d at %v, after: %v\n", attempt, info.Input(), err)
}
