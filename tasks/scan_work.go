package tasks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// scanBatch is how many messages scanWork asks for at a time.
const scanBatch = 256

// scanWork is scan for a work queue, which no second consumer may read: it asks for
// the messages themselves, in batches. In a cluster a replica may answer that lags,
// so that what is found is looked at again before anything is decided by it.
func (c *Client) scanWork(ctx context.Context, stream, subject string, from uint64, f func(found) (bool, error)) error {
	inbox, err := c.nc.SubscribeSync(c.nc.NewInbox())
	if err != nil {
		return fmt.Errorf("remuda: read %s: %w", stream, err)
	}
	defer func() { _ = inbox.Unsubscribe() }()
	for from = max(1, from); ; {
		ask, err := json.Marshal(map[string]any{"batch": scanBatch, "seq": from, "next_by_subj": subject})
		if err != nil {
			return fmt.Errorf("remuda: read %s: %w", stream, err)
		}
		if err := c.nc.PublishRequest("$JS.API.DIRECT.GET."+stream, inbox.Subject, ask); err != nil {
			return fmt.Errorf("remuda: read %s: %w", stream, err)
		}
		batch, err := receiveBatch(ctx, inbox)
		if err != nil {
			return fmt.Errorf("remuda: read %s: %w", stream, err)
		}
		for _, m := range batch {
			if on, err := f(m); err != nil || !on {
				return err
			}
		}
		if len(batch) == 0 {
			return nil
		}
		from = batch[len(batch)-1].seq + 1
	}
}

// receiveBatch receives what was asked for, up to the message that ends it.
func receiveBatch(ctx context.Context, inbox *nats.Subscription) ([]found, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	var batch []found
	for {
		msg, err := inbox.NextMsgWithContext(ctx)
		if errors.Is(err, nats.ErrNoResponders) { // no such stream
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		switch status := msg.Header.Get("Status"); status {
		case "":
		case "204", "404":
			return batch, nil
		default:
			return nil, fmt.Errorf("direct get: %s %s", status, msg.Header.Get("Description"))
		}
		seq, err := strconv.ParseUint(msg.Header.Get(jetstream.SequenceHeader), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("direct get: %w", err)
		}
		batch = append(batch, found{
			subject: msg.Header.Get(jetstream.SubjectHeader), seq: seq, header: msg.Header, body: msg.Data,
			stamp: getTime(msg.Header, jetstream.TimeStampHeaer),
		})
	}
}
