package crash_test

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/remuda-go/remuda/tasks"
)

// jam lets schedules come due while the server can't store what they leave, as when the
// store is full: they never fire, and the sweeper publishes them again.
func (l *logbook) jam(ctx context.Context, c *tasks.Client) error {
	for i := range 4 {
		name := fmt.Sprintf("jammed-%d-%d", l.o.Epoch, i)
		id, err := work.Push(ctx, c, "later "+name, tasks.WithID(name), tasks.After(300*time.Millisecond))
		if err != nil {
			return err
		}
		l.write("pushed %s", id)
	}
	if err := l.largestSchedule(ctx, 1); err != nil {
		return err
	}
	time.Sleep(600 * time.Millisecond)
	if err := l.largestSchedule(ctx, -1); err != nil {
		return err
	}
	<-ctx.Done() // until the sweeper has come, or the process is killed
	return nil
}

// largestSchedule bounds what the stream of schedules takes.
func (l *logbook) largestSchedule(ctx context.Context, size int32) error {
	js, err := jetstream.New(l.conn)
	if err != nil {
		return err
	}
	stream, err := js.Stream(ctx, "REMUDA_SCHEDULE")
	if err != nil {
		return err
	}
	cfg := stream.CachedInfo().Config
	if cfg.MaxMsgSize == size {
		return nil
	}
	cfg.MaxMsgSize = size
	_, err = js.UpdateStream(ctx, cfg)
	return err
}
