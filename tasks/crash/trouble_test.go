package crash_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/pprof"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/remuda-go/remuda/tasks"
)

// trouble does what operators do, over and over, until the process is killed or its
// patience ends.
func (l *logbook) trouble(ctx context.Context, c *tasks.Client) error {
	js, err := jetstream.New(l.conn)
	if err != nil {
		return err
	}
	for round := 0; ctx.Err() == nil; round++ {
		name := fmt.Sprintf("%d-%d", l.o.Epoch, round)
		if err := l.operate(ctx, c, name); err != nil && ctx.Err() == nil {
			return err
		}
		if err := l.vandalise(ctx, c, js, name); err != nil && ctx.Err() == nil {
			return err
		}
		if err := l.deploy(ctx, c, name); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// operate cancels and redrives a task, and redrives a dead one.
func (l *logbook) operate(ctx context.Context, c *tasks.Client, name string) error {
	id, err := work.Push(ctx, c, "long "+name, tasks.WithID("operated-"+name), tasks.Unique("op-"+name))
	if err != nil {
		return err
	}
	l.write("pushed %s", id)
	time.Sleep(10 * time.Millisecond)
	if err := c.Cancel(ctx, id); err != nil && !errors.Is(err, tasks.ErrEnded) {
		return fmt.Errorf("cancel: %w", err)
	}
	if err := c.Redrive(ctx, id); err != nil && !errors.Is(err, tasks.ErrEnded) {
		return fmt.Errorf("redrive: %w", err)
	}
	if l.o.Pushes > 0 {
		_ = c.Redrive(ctx, tasks.NewID("work", "never-"+fmt.Sprintf("%d-0", l.o.Epoch))) // it dies again
	}
	return nil
}

// vandalise deletes a carrier by hand: of a task that has a record.
func (l *logbook) vandalise(ctx context.Context, c *tasks.Client, js jetstream.JetStream, name string) error {
	id, err := slow.Push(ctx, c, "fail "+name, tasks.WithID("vandalised-"+name))
	if err != nil {
		return err
	}
	l.write("pushed %s", id)
	for ctx.Err() == nil {
		info, err := c.Info(ctx, id)
		if err == nil && info.State == tasks.Retrying {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	stream, err := js.Stream(ctx, "REMUDA_SCHEDULE")
	if err != nil {
		return err
	}
	return stream.Purge(ctx, jetstream.WithPurgeSubject("remuda.schedule."+string(id)+".1"))
}

// deploy closes a worker that has something in hand, with no patience.
func (l *logbook) deploy(ctx context.Context, c *tasks.Client, name string) error {
	w := tasks.NewWorker(c)
	if err := l.handle(w); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- w.Run(context.Background()) }()
	for i := range 4 {
		id, err := work.Push(ctx, c, "long "+name, tasks.WithID(fmt.Sprintf("deployed-%s-%d", name, i)))
		if err != nil {
			return err
		}
		l.write("pushed %s", id)
	}
	time.Sleep(20 * time.Millisecond)
	now, cancel := context.WithCancel(ctx)
	cancel()
	if err := w.Close(now); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return <-ended
}

// finish waits until nothing has waited, run or been scheduled for so long that the
// sweeper, which leaves alone what is younger than a second, has had its turn, and
// Keep has passed.
func (l *logbook) finish(ctx context.Context, c *tasks.Client) error {
	for quiet := 0; quiet < 25; {
		if ctx.Err() != nil {
			_ = pprof.Lookup("goroutine").WriteTo(os.Stderr, 1)
			kinds, err := c.Kinds(context.Background())
			return fmt.Errorf("it does not come to an end: %+v, %w", kinds, err)
		}
		time.Sleep(100 * time.Millisecond)
		kinds, err := c.Kinds(ctx)
		if err != nil {
			continue
		}
		left := 0
		for _, k := range kinds {
			left += k.Waiting + k.Running + k.Scheduled
		}
		if quiet++; left > 0 {
			quiet = 0
		}
	}
	return nil
}
