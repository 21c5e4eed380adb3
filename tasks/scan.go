package tasks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A found message is one that scan has come to. Its body is there only if it was
// asked for.
type found struct {
	subject string
	seq     uint64
	stamp   time.Time
	header  nats.Header
	body    []byte
}

// scan calls f for the headers of each message of a subject of the state, from the given sequence
// on, as they were when it began. f says whether to go on.
func (c *Client) scan(ctx context.Context, subject string, from uint64, f func(found) (bool, error)) error {
	cfg := jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{subject}, DeliverPolicy: jetstream.DeliverByStartSequencePolicy,
		OptStartSeq: max(1, from), HeadersOnly: true, InactiveThreshold: 30 * time.Second,
	}
	consumer, err := c.js.OrderedConsumer(ctx, stateStream, cfg)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remuda: read %s: %w", stateStream, err)
	}
	info, err := consumer.Info(ctx)
	if err != nil {
		return fmt.Errorf("remuda: read %s: %w", stateStream, err)
	}
	if info.NumPending == 0 {
		return c.forgetConsumer(stateStream, info.Name)
	}
	it, err := consumer.Messages(jetstream.PullMaxMessages(scanAhead))
	if err != nil {
		return fmt.Errorf("remuda: read %s: %w", stateStream, err)
	}
	defer it.Stop()
	defer func() { _ = c.forgetConsumer(stateStream, info.Name) }()
	for left := info.NumPending; left > 0; {
		wait, cancel := context.WithTimeout(ctx, scanPatience)
		msg, err := it.Next(jetstream.NextContext(wait))
		late := wait.Err() != nil
		cancel()
		if err != nil && late && ctx.Err() == nil {
			// What was left may have been replaced or removed meanwhile, so that it
			// does not come.
			if info, err = consumer.Info(ctx); err == nil && info.NumPending == 0 && info.NumAckPending == 0 {
				return nil
			} else if err == nil {
				continue
			}
		}
		if err != nil {
			return fmt.Errorf("remuda: read %s: %w", stateStream, err)
		}
		meta, err := msg.Metadata()
		if err != nil {
			return fmt.Errorf("remuda: read %s: %w", stateStream, err)
		}
		left = min(left-1, meta.NumPending)
		on, err := f(found{
			subject: msg.Subject(), seq: meta.Sequence.Stream, stamp: meta.Timestamp, header: msg.Headers(), body: msg.Data(),
		})
		if err != nil || !on {
			return err
		}
	}
	return nil
}

// scanAhead is how many messages the server sends ahead of f. What else comes over the
// connection waits for them.
const scanAhead = 100

// scanPatience is how long scan waits for a message before it looks whether there
// is one.
const scanPatience = 500 * time.Millisecond

// forgetConsumer deletes a consumer that has served. If that fails, it goes by
// itself in a while.
func (c *Client) forgetConsumer(stream, name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), answerTime)
	defer cancel()
	_ = c.js.DeleteConsumer(ctx, stream, name)
	return nil
}
