// Consumer applies events to accounts, those of one account in their order.
package main

import (
	"context"
	"hash/maphash"
	"log"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"

	"github.com/remuda-go/remuda/bench/programs/internal/ledger"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	var accounts ledger.Ledger
	var applied, refused atomic.Int64
	var wg sync.WaitGroup
	workers := make([]chan ledger.Event, 4)
	for i := range workers {
		workers[i] = make(chan ledger.Event, 256)
		wg.Go(func() {
			for e := range workers[i] {
				if err := accounts.Apply(ctx, e); err != nil {
					refused.Add(1)
					log.Printf("refused: %s %d: %v", e.Account, e.Seq, err)
				} else {
					applied.Add(1)
				}
			}
		})
	}
	seed := maphash.MakeSeed()
	for e, err := range ledger.Events(os.Stdin) {
		if err == nil {
			select {
			case workers[maphash.String(seed, e.Account)%uint64(len(workers))] <- e:
			case <-ctx.Done():
				err = ctx.Err()
			}
		}
		if err != nil {
			log.Print(err)
			break
		}
	}
	for _, worker := range workers {
		close(worker)
	}
	wg.Wait()
	log.Printf("%d applied, %d refused", applied.Load(), refused.Load())
	return accounts.Write(os.Stdout)
}
