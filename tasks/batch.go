package tasks

import (
	"context"
	crand "crypto/rand"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// writeWithKey writes a record and takes its key in one atomic batch, each in the
// place of what was read (rule 5).
func (c *Client) writeWithKey(ctx context.Context, id ID, r *record, keySeq uint64) error {
	r.Write = rand.Uint64()
	rec, err := r.message(recordSubject(id))
	if err != nil {
		return err
	}
	key := carrierOf(id, r).message(keySubject(id.Kind(), r.Key))
	key.Header.Set(headerKeyOf, id.token())
	expect(key, keySeq)
	expect(rec, r.seq)
	err = c.commit(ctx, []*nats.Msg{key, rec})
	if isStale(err) {
		return errStale
	}
	if err != nil {
		return err
	}
	return c.sync(ctx, stateStream)
}

func expect(msg *nats.Msg, seq uint64) {
	msg.Header.Set(jetstream.ExpectedLastSubjSeqHeader, strconv.FormatUint(seq, 10))
}

// commit publishes messages of one stream as one atomic batch: all are stored or
// none. The client has no call for it.
func (c *Client) commit(ctx context.Context, msgs []*nats.Msg) error {
	batch := crand.Text()
	for i, msg := range msgs {
		msg.Header.Set("Nats-Batch-Id", batch)
		msg.Header.Set("Nats-Batch-Sequence", strconv.Itoa(i+1))
		if i < len(msgs)-1 {
			if err := c.nc.PublishMsg(msg); err != nil {
				return fmt.Errorf("remuda: batch: %w", err)
			}
			continue
		}
		msg.Header.Set("Nats-Batch-Commit", "1")
		ctx, cancel := context.WithTimeout(ctx, answerTime)
		defer cancel()
		answer, err := c.nc.RequestMsgWithContext(ctx, msg)
		if err != nil {
			return fmt.Errorf("remuda: batch: %w", err)
		}
		var ack struct {
			Error *jetstream.APIError `json:"error"`
		}
		if err := json.Unmarshal(answer.Data, &ack); err != nil {
			return fmt.Errorf("remuda: batch: %w", err)
		}
		if ack.Error != nil {
			return ack.Error
		}
	}
	return nil
}
