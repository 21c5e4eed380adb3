package tasks

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// Result returns the output of a task that is done. It returns [ErrNotDone] for one
// that has not ended, a [*TaskError] for one that ended without an output, and
// ErrNotFound for one that is unknown or forgotten. It does not wait for the task.
func (k Kind[In, Out]) Result(ctx context.Context, c *Client, id ID) (Out, error) {
	var out Out
	if err := k.own(id); err != nil {
		return out, err
	}
	c.used.Add(1)
	r, err := c.readRecord(ctx, id)
	if err != nil {
		return out, err
	}
	return k.outcome(ctx, c, id, r)
}

func (k Kind[In, Out]) outcome(ctx context.Context, c *Client, id ID, r *record) (out Out, err error) {
	if r.State.Final() { // it must not be another one after a power failure
		if err := c.sync(ctx, stateStream); err != nil {
			return out, fmt.Errorf("remuda: outcome of task %s: %w", id, err)
		}
	}
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
	switch gone, err := c.gone(ctx, id); {
	case err != nil:
		return out, err
	case gone:
		return out, fmt.Errorf("%w: %s", ErrNotFound, id)
	}
	return out, fmt.Errorf("%w: %s", ErrNotDone, id)
}

// gone reports whether there is no such task: nothing speaks of it, and it has not
// ended between the looks.
func (c *Client) gone(ctx context.Context, id ID) (bool, error) {
	known, err := c.speaksOf(ctx, id)
	if err != nil || known {
		return false, err
	}
	r, err := c.readRecord(ctx, id)
	return err == nil && r.seq == 0, err
}

const (
	// lookAgain is how often Wait asks, for an event that got lost.
	lookAgain = 5 * time.Second

	// firstLook is how long Wait leaves a task without a record before it looks
	// whether there is such a task, which costs as much as running one.
	firstLook = 100 * time.Millisecond
)

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
	for patience := firstLook; ; patience = lookAgain {
		r, err := c.readRecord(ctx, id)
		switch {
		case ctx.Err() != nil:
			return out, fmt.Errorf("remuda: wait for %s: %w", id, ctx.Err())
		case err == nil && r.State.Final():
			return k.outcome(ctx, c, id, r)
		case err != nil && apiError(err) != nil:
			return out, err
		case err == nil && r.seq == 0 && patience == lookAgain:
			if gone, err := c.gone(ctx, id); gone && err == nil {
				return out, fmt.Errorf("%w: %s", ErrNotFound, id)
			}
		}
		if err := c.event(ctx, sub, patience); err != nil {
			return out, fmt.Errorf("remuda: wait for %s: %w", id, err)
		}
	}
}

// event waits for the event of an end, or until it is time to look again.
func (c *Client) event(ctx context.Context, sub *nats.Subscription, patience time.Duration) error {
	look, cancel := context.WithTimeout(ctx, patience)
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
