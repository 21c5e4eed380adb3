package tasks

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// headerKeyOf names, in a key's record, the task that holds it.
const headerKeyOf = headerPrefix + "Task"

// takeKey is the commit point of a Unique Push (rule 5): the record of the key
// holds the whole task, so that the sweeper can publish its carrier if this
// process ends before it has.
func (c *Client) takeKey(ctx context.Context, p *push) error {
	msg := p.message(keySubject(p.id.Kind(), p.key))
	msg.Header.Set(headerKeyOf, p.id.token())
	p.pushed = c.now()
	setTime(msg.Header, headerPushed, p.pushed)
	for try := 0; ; try++ {
		ack, err := c.js.PublishMsg(ctx, msg, jetstream.WithExpectLastSequencePerSubject(0))
		switch {
		case err == nil:
			p.keySeq = ack.Sequence
			return c.keyTaken(ctx, p)
		case isStale(err):
			holder, err := c.holder(ctx, p.id.Kind(), p.key)
			switch {
			case err != nil:
				return &OutcomeUnknownError{ID: p.id, Err: err}
			case holder.id == p.id:
				return c.keyTaken(ctx, p) // by an earlier Push of the same ID, or an answer was lost
			case holder.id != "":
				return &DuplicateError{ID: holder.id}
			}
			// It was released meanwhile.
		case errors.Is(err, nats.ErrMaxPayload):
			return fmt.Errorf("%w: input of task %s: %w", ErrTooLarge, p.id, err)
		case !unanswered(err):
			return fmt.Errorf("remuda: unique key %q: %w", p.key, err)
		}
		if waitErr := pause(ctx, try); waitErr != nil {
			return &OutcomeUnknownError{ID: p.id, Err: errors.Join(err, waitErr)}
		}
	}
}

// keyTaken makes sure that the carrier, which comes next, does not outlive its key.
func (c *Client) keyTaken(ctx context.Context, p *push) error {
	if err := c.sync(ctx, stateStream); err != nil {
		return &OutcomeUnknownError{ID: p.id, Err: err}
	}
	c.fault("key", p.id)
	return nil
}

// A holding is the record of a key.
type holding struct {
	id  ID // empty: nobody holds it
	seq uint64
	*carrier
}

func (c *Client) holder(ctx context.Context, kind, key string) (holding, error) {
	msg, err := c.readLast(ctx, keySubject(kind, key))
	if err != nil || msg == nil {
		return holding{}, err
	}
	id, _, ok := parseSubject(msg.Header.Get(headerKeyOf), "")
	if !ok {
		return holding{}, fmt.Errorf("remuda: the record of the unique key %q of kind %s names no task", key, kind)
	}
	return holding{id: id, seq: msg.Sequence, carrier: parseCarrier(id, msg.Header, msg.Data)}, nil
}

// release gives back the key of a task that has ended: it reads the key, then the
// record, which must be final, and deletes the key by its sequence, so that
// nobody loses one that was taken since (rule 5).
func (c *Client) release(ctx context.Context, id ID, key string) error {
	if key == "" {
		return nil
	}
	h, err := c.holder(ctx, id.Kind(), key)
	if err != nil || h.id != id {
		return err
	}
	r, err := c.readRecord(ctx, id)
	if err != nil || !r.State.Final() {
		return err
	}
	c.fault("release", id)
	return c.deleteMessage(ctx, stateStream, h.seq)
}
