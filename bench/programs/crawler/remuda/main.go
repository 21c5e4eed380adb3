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

	"github.com/remuda-go/remuda"
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
	for _, arg := range args {
		start, err := url.Parse(arg)
		if err != nil {
			return err
		}
		starts, hosts = append(starts, start), append(hosts, start.Host)
	}

	var pool *remuda.Pool[*url.URL, remuda.Void]
	var seen sync.Map
	add := func(ctx context.Context, pages []*url.URL) {
		for _, page := range pages {
			if _, known := seen.LoadOrStore(page.String(), true); !known {
				_ = pool.Send(ctx, page) // which fails once the pool is closed
			}
		}
	}
	visit := func(ctx context.Context, page *url.URL) (remuda.Void, error) {
		links, err := web.Links(ctx, page, hosts)
		if err != nil {
			log.Printf("failed: %s: %v", page, err)
			return remuda.Void{}, err
		}
		log.Print("fetched: ", page)
		add(ctx, links)
		return remuda.Void{}, nil
	}
	host := func(page *url.URL) string { return page.Host }
	pool = remuda.Must(remuda.StartKeyed(8, host, visit))
	add(ctx, starts)
	err := pool.Wait(ctx)
	_ = pool.Close(ctx) // at once, if that has ended
	stats := pool.Stats()
	log.Printf("%d fetched, %d failed", stats.Succeeded, stats.Failed)
	return err
}
