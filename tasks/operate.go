package tasks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Cancel ends a task: one that waits or is scheduled will not run, and the context
// of one that runs ends with the cause ErrCancelled. What a cancelled run returns is
// not kept. Cancel returns ErrEnded for a task that has ended, and ErrNotFound if
// there is no such task.
func (c *Client) Cancel(ctx context.Context, id ID) error {
	return again(ctx, func() error {
		t, err := c.known(ctx, id)
		if err != nil {
			return err
		}
		if t.state.Final() {
			return fmt.Errorf("%w: cancel %s, which is %s", ErrEnded, id, t.state)
		}
		return c.endFrom(ctx, t, Cancelled)
	})
}

// Delete forgets a task, whatever its state: one that has not ended is cancelled,
// and its payload, output and reason are dropped. Its ID stays taken for as long
// as the kind remembers IDs. Delete returns [ErrNotFound] if there is no such task.
func (c *Client) Delete(ctx context.Context, id ID) error {
	return again(ctx, func() error {
		t, err := c.known(ctx, id)
		if err != nil {
			return err
		}
		t.body, t.header = nil, nil
		t.rec.Keep = max(t.rec.Keep, window) // the tombstone outlives the window (rule 4)
		return c.endFrom(ctx, t, Deleted)
	})
}

// Redrive makes a dead, cancelled or expired task run again, with all its attempts
// before it. Nothing else revives a task. It returns [ErrEnded] for a task in
// another state, [ErrNotFound], and a [*DuplicateError] if another task holds its
// unique key.
func (c *Client) Redrive(ctx context.Context, id ID) error {
	return again(ctx, func() error {
		t, err := c.known(ctx, id)
		switch {
		case err != nil:
			return err
		case t.state != Dead && t.state != Cancelled && t.state != Expired:
			return fmt.Errorf("%w: redrive %s, which is %s", ErrEnded, id, t.state)
		}
		return c.redrive(ctx, id, t.rec)
	})
}

// redrive writes the record with the next tag, then publishes the carrier as due:
// the mover places it when the old one is gone (rule 4).
func (c *Client) redrive(ctx context.Context, id ID, old *record) error {
	r := &record{
		State: Waiting, Tag: old.Tag + 1, Pushed: old.Pushed, Key: old.Key,
		seq: old.seq, header: old.header, body: old.body,
	}
	if r.Expires = old.Expires; old.State == Expired {
		r.Expires = time.Time{} // whoever revives it wants it to run
	}
	if err := c.reviveRecord(ctx, id, r); err != nil {
		return err
	}
	c.fault("redriven", id)
	if err := c.clearSchedules(ctx, id, formatTag(old.Tag), tagExpiry); err != nil {
		return err
	}
	msg := carrierOf(id, r).message(dueSubject(id, formatTag(r.Tag)))
	if _, err := c.js.PublishMsg(ctx, msg, jetstream.WithExpectStream(scheduleStream)); err != nil {
		return fmt.Errorf("remuda: redrive %s: it will run once the sweeper has found it: %w", id, err)
	}
	return nil
}

func (c *Client) reviveRecord(ctx context.Context, id ID, r *record) error {
	if r.Key == "" {
		return c.writeRecord(ctx, id, r)
	}
	h, err := c.holder(ctx, id.Kind(), r.Key)
	switch {
	case err != nil:
		return err
	case h.id != "" && h.id != id:
		return &DuplicateError{ID: h.id}
	}
	return c.writeWithKey(ctx, id, r, h.seq)
}

// Pause keeps the tasks of a kind from being run until Resume, in all processes.
// Those that run go on. Tasks can still be pushed.
func (c *Client) Pause(ctx context.Context, kind string) error {
	return c.pauseUntil(ctx, kind, c.now().AddDate(100, 0, 0))
}

// Resume undoes Pause.
func (c *Client) Resume(ctx context.Context, kind string) error {
	return c.pauseUntil(ctx, kind, time.Time{})
}

func (c *Client) pauseUntil(ctx context.Context, kind string, t time.Time) error {
	if err := checkKind(kind); err != nil {
		return err
	}
	var err error
	if t.IsZero() {
		_, err = c.js.ResumeConsumer(ctx, queueStream(kind), workConsumer)
	} else {
		_, err = c.js.PauseConsumer(ctx, queueStream(kind), workConsumer, t)
	}
	if errors.Is(err, jetstream.ErrStreamNotFound) || errors.Is(err, jetstream.ErrConsumerNotFound) {
		return fmt.Errorf("%w: kind %s", ErrNotFound, kind)
	}
	if err != nil {
		return err
	}
	// The server does not look at the requests that wait for a task while it is paused
	// before the next heartbeat. If this gets lost, the workers wait for that.
	_ = c.nc.Publish(wakeSubjects+kind, nil)
	return c.sync(ctx, queueStream(kind))
}
