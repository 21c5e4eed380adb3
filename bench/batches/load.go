package batches

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"
	"time"

	"github.com/destel/rill"

	"github.com/remuda-go/remuda"
)

const (
	size = 500
	wait = 100 * time.Millisecond
)

// A load loads users into a table, and returns how many failed.
type load func(ctx context.Context, t *table, users iter.Seq[user]) (failed int, err error)

// withRemuda hands over row by row, and learns what becomes of each.
func withRemuda(ctx context.Context, t *table, users iter.Seq[user]) (failed int, err error) {
	pool, err := remuda.StartBatches(1, size, wait, func(ctx context.Context, users []user) ([]remuda.Void, error) {
		var errs []error
		err := t.insertAll(ctx, users, func(i int, err error) {
			errs = append(errs, &remuda.InputError{Index: i, Err: err})
		})
		if err != nil {
			return nil, err
		}
		return nil, errors.Join(errs...)
	})
	if err != nil {
		return 0, err
	}
	for _, outcome := range pool.Map(ctx, users) {
		if isTaken(outcome) {
			failed++
		} else if outcome != nil {
			err = outcome
			break
		}
	}
	return failed, errors.Join(err, pool.Close(ctx))
}

// withRemudaSend is the same without outcomes for the sender: the function counts.
func withRemudaSend(ctx context.Context, t *table, users iter.Seq[user]) (failed int, err error) {
	pool, err := remuda.StartBatchesWithConfig(remuda.Config{StopOnErrors: true}, size, wait, func(ctx context.Context, users []user) ([]remuda.Void, error) {
		return nil, t.insertAll(ctx, users, func(int, error) { failed++ })
	})
	if err != nil {
		return 0, err
	}
	for u := range users {
		if err := pool.Send(ctx, u); err != nil {
			break // Err has the reason
		}
	}
	return failed, errors.Join(pool.Close(ctx), pool.Err())
}

// oneByOne has a transaction for each row.
func oneByOne(ctx context.Context, t *table, users iter.Seq[user]) (failed int, err error) {
	var taken atomic.Int64
	pool, err := remuda.Start(1, func(ctx context.Context, u user) (remuda.Void, error) {
		err := t.insert(ctx, u)
		if isTaken(err) {
			taken.Add(1)
		}
		return remuda.Void{}, err
	})
	if err != nil {
		return 0, err
	}
	for u := range users {
		if err := pool.Send(ctx, u); err != nil {
			return 0, errors.Join(err, pool.Close(ctx))
		}
	}
	err = pool.Close(ctx)
	return int(taken.Load()), err
}

// withChannel is what one writes by hand: a goroutine that gathers from a channel.
// Nobody learns what has become of a row, but for the number.
func withChannel(ctx context.Context, t *table, users iter.Seq[user]) (failed int, err error) {
	rows := make(chan user, 1024)
	done := make(chan error, 1)
	go func() { done <- gather(ctx, t, rows, &failed) }()
	for u := range users {
		select {
		case rows <- u:
		case err := <-done:
			return failed, err
		}
	}
	close(rows)
	err = <-done
	return failed, err
}

func gather(ctx context.Context, t *table, rows <-chan user, failed *int) error {
	var batch []user
	timer := time.NewTimer(wait)
	timer.Stop()
	defer timer.Stop()
	flush := func() error {
		timer.Stop()
		err := t.insertAll(ctx, batch, func(int, error) { *failed++ })
		batch = batch[:0]
		return err
	}
	for {
		select {
		case u, ok := <-rows:
			if !ok {
				if len(batch) > 0 {
					return flush()
				}
				return nil
			}
			if len(batch) == 0 {
				timer.Reset(wait)
			}
			if batch = append(batch, u); len(batch) == size {
				if err := flush(); err != nil {
					return err
				}
			}
		case <-timer.C:
			if err := flush(); err != nil {
				return err
			}
		}
	}
}

// withRill is a pipeline of rill. As with the channel, nobody learns of a row.
func withRill(ctx context.Context, t *table, users iter.Seq[user]) (failed int, err error) {
	stream := rill.FromSeq(users, nil)
	err = rill.ForEach(rill.Batch(stream, size, wait), 1, func(users []user) error {
		return t.insertAll(ctx, users, func(int, error) { failed++ })
	})
	return failed, err
}
