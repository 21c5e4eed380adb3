package tasks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/remuda-go/remuda"
)

// Push stores a task that will run with the input in. If the error is nil, the
// task is stored and will run.
//
// Push returns [remuda.ErrQueueFull] if the kind or the store is full,
// [ErrTooLarge], a [*DuplicateError], or an [*OutcomeUnknownError] if the server
// does not answer; then the task may be stored or not. It waits for the server's
// answer for some seconds, and no longer than ctx lasts.
func (k Kind[In, Out]) Push(ctx context.Context, c *Client, in In, opts ...PushOption) (ID, error) {
	if _, err := k.queue(ctx, c); err != nil {
		return "", err
	}
	p, err := k.prepare(c, in, opts)
	if err != nil {
		return "", err
	}
	return p.id, c.push(ctx, p)
}

// prepare makes the carrier.
func (k Kind[In, Out]) prepare(c *Client, in In, opts []PushOption) (*push, error) {
	p := &push{fresh: true, carrier: carrier{id: randomID(k.name)}}
	for _, opt := range opts {
		opt(p, c.now())
	}
	if p.err != nil {
		return nil, p.err
	}
	if err := p.id.check(); err != nil {
		return nil, err
	}
	body, err := k.set.codec.Encode(in)
	if err != nil {
		return nil, fmt.Errorf("%w: input of task %s: %w", remuda.ErrInvalidInput, p.id, err)
	}
	// The record of the task is larger than its carrier, and must fit, too.
	if most := c.nc.MaxPayload() - headRoom; int64(len(body)) > most {
		return nil, fmt.Errorf("%w: input of task %s: %d bytes, more than %d", ErrTooLarge, p.id, len(body), most)
	}
	p.body = body
	return p, nil
}

// headRoom is what a record may need beside its body: reason, stack, headers.
const headRoom = 64 << 10

// A push is a carrier on its way.
type push struct {
	carrier
	fresh  bool   // the ID is random and was never used
	keySeq uint64 // of the record of its key, if this push has taken it
	err    error
}

// pushPatience bounds how long Push waits for an answer.
const pushPatience = 15 * time.Second

// push is rules 1, 4 and 5: one publish is the commit point.
func (c *Client) push(ctx context.Context, p *push) error {
	c.used.Add(1)
	if ctx.Err() != nil { // nothing was sent
		return fmt.Errorf("remuda: push task %s: %w", p.id, ctx.Err())
	}
	if c.opts.Full != nil && c.opts.Full() {
		return fmt.Errorf("%w: the store has no room: task %s", remuda.ErrQueueFull, p.id)
	}
	ctx, cancel := context.WithTimeout(ctx, pushPatience)
	defer cancel()
	if p.key != "" {
		if err := c.takeKey(ctx, p); err != nil {
			return err
		}
	}
	c.fault("push", p.id)
	for try := 0; ; try++ {
		var err error
		if p.due.IsZero() {
			_, err = c.publish(ctx, &p.carrier) // 'taken' and 'duplicate' are judged by the record
		} else {
			err = c.schedule(ctx, &p.carrier, formatTag(p.tag), p.due)
		}
		switch {
		case err == nil:
			c.fault("pushed", p.id)
			return c.confirm(ctx, p)
		case !unanswered(err) || errors.Is(err, remuda.ErrQueueFull) || errors.Is(err, ErrTooLarge):
			return c.refused(ctx, p, err)
		}
		if waitErr := pause(ctx, try); waitErr != nil {
			return &OutcomeUnknownError{ID: p.id, Err: err}
		}
	}
}

// confirm reads the record of an ID that may have been used (rule 4).
func (c *Client) confirm(ctx context.Context, p *push) error {
	stream := scheduleStream
	if p.due.IsZero() {
		stream = queueStream(p.id.Kind())
	}
	if err := c.sync(ctx, stream); err != nil {
		return &OutcomeUnknownError{ID: p.id, Err: err}
	}
	c.fault("stored", p.id)
	if p.fresh { // nobody else knows the ID: whatever has become of the task, it was ours
		return c.expireLater(ctx, p)
	}
	r, there, err := c.standing(ctx, p.id)
	if err == nil { // a record of before that was just forgotten must not come back
		err = c.sync(ctx, stateStream)
	}
	switch {
	case err != nil:
		return &OutcomeUnknownError{ID: p.id, Err: err}
	case !there: // it was acknowledged unrun, since its ID had ended, and that was just forgotten
		return &DuplicateError{ID: p.id}
	case r.State.Final() && p.seq != 0 && r.Carrier == p.seq: // so fast was it
		return nil
	case r.State.Final():
		return &DuplicateError{ID: p.id}
	}
	return c.expireLater(ctx, p)
}

// standing returns the record of a task that was pushed, and whether there is the task:
// a record or a first carrier.
func (c *Client) standing(ctx context.Context, id ID) (*record, bool, error) {
	for range 2 { // between the looks, the task may end
		r, err := c.readRecord(ctx, id)
		if err != nil || r.seq != 0 {
			return r, true, err
		}
		for _, at := range firstPlaces(id) {
			msg, err := c.find(ctx, at.stream, at.subject)
			if err != nil || msg != nil && parseCarrier(id, msg.Header, nil).tag == 0 {
				return r, true, err
			}
		}
	}
	return &record{}, false, nil
}

// expireLater publishes the schedule at which the task ends, if it has not ended
// before. Without it, the task would still expire once a worker takes it.
func (c *Client) expireLater(ctx context.Context, p *push) error {
	if p.expires.IsZero() {
		return nil
	}
	e := &carrier{id: p.id}
	if err := c.schedule(ctx, e, tagExpiry, p.expires); err != nil {
		return &OutcomeUnknownError{ID: p.id, Err: err}
	}
	return nil
}

// refused gives back the key of a task that was not stored.
func (c *Client) refused(ctx context.Context, p *push, err error) error {
	if p.key == "" || p.keySeq == 0 {
		return err
	}
	if freeErr := c.deleteMessage(ctx, stateStream, p.keySeq); freeErr != nil {
		return errors.Join(err, freeErr)
	}
	return errors.Join(err, c.sync(ctx, stateStream)) // or the key would bring the task back
}

// schedule publishes a carrier that comes due at the given time. Its time is
// written in full: the client's own option cuts it to seconds (rule 7).
func (c *Client) schedule(ctx context.Context, k *carrier, tag string, at time.Time) error {
	msg := k.message(scheduleSubject(k.id, tag))
	msg.Header.Set("Nats-Schedule", "@at "+at.UTC().Format(time.RFC3339Nano))
	msg.Header.Set("Nats-Schedule-Target", dueSubject(k.id, tag))
	_, err := c.js.PublishMsg(ctx, msg, jetstream.WithExpectStream(scheduleStream))
	if isFull(err) {
		return fmt.Errorf("%w: schedule of task %s: %w", remuda.ErrQueueFull, k.id, err)
	}
	return err
}
