// Importer writes the rows of a CSV file to SQLite, up to 500 a transaction.
package main

import (
	"context"
	"log"
	"os"
	"os/signal"
	"sync/atomic"
	"time"

	"github.com/destel/rill"

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

	var inserted, failed atomic.Int64
	fail := func(err error) error {
		failed.Add(1)
		log.Print("failed: ", err)
		return nil
	}
	good := rill.Catch(rill.FromSeq2(rows.Read(file)), 1, fail)
	err = rill.ForEach(rill.Batch(good, 500, time.Second), 2, func(batch []rows.Row) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }() // it is nothing after Commit
		good := 0
		for _, row := range batch {
			if err := rows.Insert(ctx, tx, row); err != nil {
				_ = fail(err)
			} else {
				good++
			}
		}
		if err := tx.Commit(); err != nil {
			return err
		}
		inserted.Add(int64(good))
		return nil
	})
	log.Printf("%d inserted, %d failed", inserted.Load(), failed.Load())
	return err
}
