// Consumer applies events to accounts, those of one account in their order.
package main

import (
	"context"
	"log"
	"os"
	"os/signal"

	"github.com/remuda-go/remuda"
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
	account := func(e ledger.Event) string { return e.Account }
	apply := func(ctx context.Context, e ledger.Event) (remuda.Void, error) {
		err := accounts.Apply(ctx, e)
		if err != nil {
			log.Printf("refused: %s %d: %v", e.Account, e.Seq, err)
		}
		return remuda.Void{}, err
	}
	pool := remuda.Must(remuda.StartKeyed(4, account, apply))
	for e, err := range ledger.Events(os.Stdin) {
		if err == nil {
			err = pool.Send(ctx, e)
		}
		if err != nil {
			log.Print(err)
			break
		}
	}
	if err := pool.Close(context.Background()); err != nil { // what was accepted is applied
		return err
	}
	stats := pool.Stats()
	log.Printf("%d applied, %d refused", stats.Succeeded, stats.Failed)
	return accounts.Write(os.Stdout)
}
