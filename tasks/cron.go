package tasks

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A Spec says when a cron entry fires: six fields, for seconds, minutes, hours,
// days of the month, months and days of the week, as in "0 30 3 * * *"; or
// @hourly, @daily, @weekly, @monthly, @yearly; or "@every 90s". Zone is the name
// of a time zone for all but @every; it is UTC if it is empty.
type Spec struct {
	Expr string
	Zone string
}

// Cron makes the server push a task with the input in whenever spec says so, under
// the name, until [Client.RemoveCron]. An entry of the same name is replaced. There
// is no leader and no process that has to be up for that: tasks that came due while
// no worker was there run once when one is. A firing is a task with the ID
// NewID(kind, name@time); if the one before still waits or runs, both are there,
// unless [Unique] says otherwise: then the new one is left out.
//
// At, After, WithID and Expires have no effect here.
func (k Kind[In, Out]) Cron(ctx context.Context, c *Client, name string, spec Spec, in In, opts ...PushOption) error {
	if _, err := k.queue(ctx, c); err != nil {
		return err
	}
	if err := checkEntry(name); err != nil {
		return err
	}
	p, err := k.prepare(c, in, opts)
	if err != nil {
		return err
	}
	id := NewID(k.name, name)
	p.expires = time.Time{}
	p.due = time.Time{}
	msg := p.message(scheduleSubject(id, tagCron))
	msg.Header.Set("Nats-Schedule", strings.TrimSpace(spec.Expr))
	msg.Header.Set("Nats-Schedule-Target", dueSubject(id, tagCron))
	if spec.Zone != "" {
		msg.Header.Set("Nats-Schedule-Time-Zone", spec.Zone)
	}
	if _, err := c.js.PublishMsg(ctx, msg, jetstream.WithExpectStream(scheduleStream)); err != nil {
		return fmt.Errorf("remuda: cron entry %s of kind %s: %q: %w", name, k.name, spec.Expr, err)
	}
	return c.sync(ctx, scheduleStream)
}

// checkEntry leaves room for the time of a firing in its ID.
func checkEntry(name string) error {
	if most := longestName - len("@2006-01-02T15:04:05Z"); name == "" || len(name) > most {
		return fmt.Errorf("%w: cron entry %q: 1 to %d bytes are allowed", ErrInvalidName, name, most)
	}
	return nil
}

// RemoveCron ends the cron entry of a kind. What it has pushed stays. It returns
// [ErrNotFound] if there is none.
func (c *Client) RemoveCron(ctx context.Context, kind, name string) error {
	if err := errors.Join(checkKind(kind), checkEntry(name)); err != nil {
		return err
	}
	id := NewID(kind, name)
	msg, err := c.find(ctx, scheduleStream, scheduleSubject(id, tagCron))
	switch {
	case err != nil:
		return err
	case msg == nil:
		return fmt.Errorf("%w: cron entry %s of kind %s", ErrNotFound, name, kind)
	}
	if err := c.clearSchedules(ctx, id, tagCron); err != nil {
		return err
	}
	return c.sync(ctx, scheduleStream)
}

// fire pushes the task of a cron entry that has come due (rule 8). Its ID has the
// time at which it was due: the server tells the next such time with each firing,
// and the record of the entry keeps it for that. A firing that is moved twice is
// therefore one task.
func (c *Client) fire(ctx context.Context, d *due) (bool, error) {
	next := d.msg.Header.Get("Nats-Schedule-Next")
	subject := cronSubjects + d.id.token()
	last, err := c.readLast(ctx, subject)
	if err != nil {
		return false, err
	}
	seq, at := uint64(0), ""
	if last != nil {
		seq, at = last.Sequence, last.Header.Get(headerDue)
	}
	if at == next {
		return true, nil // it was pushed, and only the ack was lost
	}
	at = c.dueOf(d, at, next)
	k := parseCarrier(NewID(d.id.Kind(), d.id.Name()+"@"+at), d.msg.Header, d.msg.Data)
	k.due = time.Time{}
	if err := c.pushFiring(ctx, k); err != nil {
		return false, err
	}
	c.fault("fired", k.id)
	msg := nats.NewMsg(subject)
	msg.Header.Set(headerDue, next)
	_, err = c.js.PublishMsg(ctx, msg, jetstream.WithExpectLastSequencePerSubject(seq))
	if isStale(err) { // another mover was first
		err = nil
	}
	return err == nil, err
}

// dueOf is when a firing was due: the time that was told with the one before. The
// first firing of an entry, and one whose entry was replaced, was due in the
// second in which it was stored.
func (c *Client) dueOf(d *due, told, next string) string {
	stored := c.now()
	if meta, err := d.msg.Metadata(); err == nil {
		stored = meta.Timestamp
	}
	t, err := time.Parse(time.RFC3339Nano, told)
	if n, nextErr := time.Parse(time.RFC3339Nano, next); err != nil || nextErr != nil || !t.Before(n) || t.After(stored) {
		t = stored.Truncate(time.Second)
	}
	return t.UTC().Format(time.RFC3339)
}

// pushFiring pushes the task of a firing; that it is there already, or that its key
// is held, is no error.
func (c *Client) pushFiring(ctx context.Context, k *carrier) error {
	err := c.push(ctx, &push{carrier: *k})
	if isDuplicate(err) {
		return nil
	}
	return err
}
