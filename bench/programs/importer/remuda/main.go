// Importer writes the rows of a CSV file to SQLite, up to 500 a transaction.
package main

import (
	"context"
	"errors"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/bench/programs/internal/rows"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1], os.Args[2])
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, from, to string) error {
	file, err := os.Open(from)
	if err != nil {
		return err
	}
	defer file.Close()
	db, err := rows.Open(ctx, to)
	if err != nil {
		return err
	}
	defer db.Close()

	insert := func(ctx context.Context, batch []rows.Row) ([]remuda.Void, error) {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return nil, err
		}
		defer func() { _ = tx.Rollback() }() // it is nothing after Commit
		var errs []error
		for i, row := range batch {
			if err := rows.Insert(ctx, tx, row); err != nil {
				errs = append(errs, &remuda.InputError{Index: i, Err: err})
			}
		}
		errs = append(errs, tx.Commit()) // if that fails, they all have
		return nil, errors.Join(errs...)
	}
	pool := remuda.Must(remuda.StartBatches(2, 500, time.Second, insert))
	for _, err := range pool.MapErr(ctx, rows.Read(file)) {
		if err != nil {
			log.Print("failed: ", err)
		}
	}
	stats := pool.Stats()
	log.Printf("%d inserted, %d failed", stats.Succeeded, stats.Failed+stats.Dropped)
	return errors.Join(ctx.Err(), pool.Close(ctx))
}
