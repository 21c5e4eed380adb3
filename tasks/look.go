package tasks

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A sight is a task as somebody who does not run it sees it.
type sight struct {
	carrier
	rec   *record
	state State // of one that has no record: Waiting or Scheduled
}

// A place is where the carrier of a task may be.
type place struct {
	stream, subject string
	state           State
}

// firstPlaces are those of a task that has no record, in the order in which it is looked
// for.
func firstPlaces(id ID) []place {
	return []place{
		{queueStream(id.Kind()), queueSubject(id), Waiting},
		{scheduleStream, scheduleSubject(id, "0"), Scheduled},
		{scheduleStream, dueSubject(id, "0"), Waiting},
	}
}

// look finds a task: its record, or else its carrier or schedule. It returns nil
// if there is none.
func (c *Client) look(ctx context.Context, id ID) (*sight, error) {
	if err := id.check(); err != nil {
		return nil, err
	}
	for range 2 { // between the looks at its places, the task may go from one to the other
		r, err := c.readRecord(ctx, id)
		if err != nil {
			return nil, err
		}
		if r.seq != 0 {
			return &sight{carrier: *carrierOf(id, r), rec: r, state: r.State}, nil
		}
		for _, at := range firstPlaces(id) {
			msg, err := c.find(ctx, at.stream, at.subject)
			if err != nil {
				return nil, err
			}
			if msg == nil {
				continue
			}
			k := parseCarrier(id, msg.Header, msg.Data)
			if k.pushed.IsZero() {
				k.pushed = msg.Time
			}
			return &sight{carrier: *k, rec: r, state: at.state}, nil
		}
	}
	return nil, nil //nolint:nilnil // there is none, which is no error
}

// known is look with ErrNotFound for a task that there is not, or not any more.
func (c *Client) known(ctx context.Context, id ID) (*sight, error) {
	t, err := c.look(ctx, id)
	if err == nil && (t == nil || t.state == Deleted) {
		err = fmt.Errorf("%w: %s", ErrNotFound, id)
	}
	return t, err
}

// endFrom writes the end of a task from outside of a run, and gives back its key.
// Its carrier is left to whoever takes it (rule 4).
func (c *Client) endFrom(ctx context.Context, t *sight, state State) error {
	r := &record{
		State: state, Tag: t.rec.Tag, Attempts: t.rec.Attempts, Pushed: t.pushed, Expires: t.expires,
		Key: t.key, Keep: max(t.rec.Keep, c.keepOf(t.id.Kind())),
		seq: t.rec.seq, header: t.header, body: t.body,
	}
	if err := c.writeRecord(ctx, t.id, r); err != nil {
		return err
	}
	c.fault("endedfrom", t.id)
	_ = c.nc.Publish(cancelSubjects+t.id.token(), nil) // whoever runs it; if that gets lost, its end is refused
	if err := c.clearSchedules(ctx, t.id, formatTag(t.rec.Tag), tagExpiry); err != nil {
		return err
	}
	return c.release(ctx, t.id, t.key)
}

// keepOf is the Keep of a kind, where this process knows it.
func (c *Client) keepOf(kind string) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if q := c.queues[kind]; q != nil {
		return q.keep
	}
	return defaults().keep
}

// clearSchedules removes schedules that have not fired. One that fires meanwhile
// does no harm: its carrier does not count.
func (c *Client) clearSchedules(ctx context.Context, id ID, tags ...string) error {
	for _, tag := range tags {
		var answer struct{}
		err := c.api(ctx, "STREAM.PURGE."+scheduleStream, map[string]any{"filter": scheduleSubject(id, tag)}, &answer)
		if err != nil {
			return err
		}
	}
	return nil
}

// again calls f until no other write comes between its look and its own write.
func again(ctx context.Context, f func() error) error {
	for try := 0; ; try++ {
		err := f()
		if !errors.Is(err, errStale) || try == 20 {
			return err
		}
		if err := pause(ctx, min(try, 3)); err != nil {
			return err
		}
	}
}
