package tasks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// Result returns the output of a task that is done. It returns [ErrNotDone] for
// one that has not ended, a [*TaskError] for one that ended without an output,
// and [ErrNotFound] for one that is not known or not known any more. It does not
// wait for the task.
func (k Kind[In, Out]) Result(ctx context.Context, c *Client, id ID) (Out, error) {
	var out Out
	if err := k.own(id); err != nil {
		return out, err
	}
	r, err := c.readRecord(ctx, id)
	if err != nil {
		return out, err
	}
	return k.outcome(ctx, c, id, r)
}

func (k Kind[In, Out]) outcome(ctx context.Context, c *Client, id ID, r *record) (out Out, err error) {
	switch {
	case r.State == Done:
		if err := k.set.codec.Decode(r.body, &out); err != nil {
			return out, fmt.Errorf("remuda: output of task %s: %w", id, err)
		}
		return out, nil
	case r.State == Deleted:
		return out, fmt.Errorf("%w: %s was deleted", ErrNotFound, id)
	case r.State.Final():
		return out, &TaskError{ID: id, State: r.State, Attempts: r.Attempts, Reason: r.Reason}
	case r.seq != 0:
		return out, fmt.Errorf("%w: %s", ErrNotDone, id)
	}
	known, err := c.speaksOf(ctx, id)
	switch {
	case err != nil:
		return out, err
	case known:
		return out, fmt.Errorf("%w: %s", ErrNotDone, id)
	}
	// It may have ended between the two looks.
	if r, err = c.readRecord(ctx, id); err != nil {
		return out, err
	}
	if r.seq != 0 {
		return k.outcome(ctx, c, id, r)
	}
	return out, fmt.Errorf("%w: %s", ErrNotFound, id)
}

// lookAgain is how often Wait asks, for an event that got lost.
const lookAgain = 5 * time.Second

// Wait waits until the task has ended and returns what Result then does. When ctx
// ends first, it returns ctx.Err().
//
// A job that waits for another task gives up, while it waits, its part in keeping
// others from running alone: see the package documentation on tasks that end
// their process.
func (k Kind[In, Out]) Wait(ctx context.Context, c *Client, id ID) (out Out, err error) {
	if err := k.own(id); err != nil {
		return out, err
	}
	sub, err := c.nc.SubscribeSync(eventSubject(id))
	if err != nil {
		return out, fmt.Errorf("remuda: wait for %s: %w", id, err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	resume := lend(ctx)
	defer resume()
	for {
		out, err = k.Result(ctx, c, id)
		if ctx.Err() != nil {
			return out, fmt.Errorf("remuda: wait for %s: %w", id, ctx.Err())
		}
		if err == nil || !errors.Is(err, ErrNotDone) && !unanswered(err) {
			return out, err
		}
		var final *TaskError
		if errors.As(err, &final) || errors.Is(err, ErrNotFound) {
			return out, err
		}
		if err := c.event(ctx, sub); err != nil {
			return out, fmt.Errorf("remuda: wait for %s: %w", id, err)
		}
	}
}

// event waits for the event of an end, or until it is time to look again.
func (c *Client) event(ctx context.Context, sub *nats.Subscription) error {
	look, cancel := context.WithTimeout(ctx, lookAgain)
	defer cancel()
	for {
		msg, err := sub.NextMsgWithContext(look)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case look.Err() != nil:
			return nil
		case err != nil:
			return err
		}
		if r, err := parseRecord(msg.Header); err == nil && r.State.Final() {
			return nil
		}
	}
}
