// Crawler fetches pages and what they link to on the same hosts, up to eight pages at a
// time and never two of one host.
package main

import (
	"context"
	"log"
	"net/url"
	"os"
	"os/signal"
	"sync"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/remuda-go/remuda/bench/programs/internal/web"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, args []string) error {
	var starts []*url.URL
	var hosts []string
	turns := map[string]*semaphore.Weighted{} // one for each host
	for _, arg := range args {
		start, err := url.Parse(arg)
		if err != nil {
			return err
		}
		starts, hosts = append(starts, start), append(hosts, start.Host)
		turns[start.Host] = semaphore.NewWeighted(1)
	}

	var g errgroup.Group // without a limit: at that, a page that adds others would wait forever
	all := semaphore.NewWeighted(8)
	var mu sync.Mutex // guards the rest
	seen := map[string]bool{}
	fetched, failed := 0, 0
	var visit func(page *url.URL) error
	add := func(pages []*url.URL) {
		mu.Lock()
		defer mu.Unlock()
		for _, page := range pages {
			if !seen[page.String()] {
				seen[page.String()] = true
				g.Go(func() error { return visit(page) })
			}
		}
	}
	visit = func(page *url.URL) error {
		turn := turns[page.Host]
		if err := turn.Acquire(ctx, 1); err != nil {
			return err
		}
		defer turn.Release(1)
		if err := all.Acquire(ctx, 1); err != nil {
			return err
		}
		defer all.Release(1)
		links, err := web.Links(ctx, page, hosts)
		mu.Lock()
		if err == nil {
			fetched++
		} else {
			failed++
		}
		mu.Unlock()
		if err != nil {
			log.Printf("failed: %s: %v", page, err)
			return nil
		}
		log.Print("fetched: ", page)
		add(links)
		return nil
	}
	add(starts)
	err := g.Wait()
	log.Printf("%d fetched, %d failed", fetched, failed)
	return err
}
