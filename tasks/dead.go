package tasks

import (
	"context"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"time"
)

// A Filter selects tasks. The zero Filter selects all.
type Filter struct {
	Kind   string         // only this kind
	States []State        // only in one of these states; for List
	Before time.Time      // only those whose state was last written before
	After  time.Time      // only those whose state was last written after
	Reason *regexp.Regexp // only those whose reason it matches
	Limit  int            // no more than so many
}

// A DeadTask is a task that was given up: it has used up its attempts, or is not
// worth another one. It stays until it is redriven or deleted.
type DeadTask struct {
	Info
	Payload []byte // as it was pushed
	header  map[string][]string
}

// Header returns the first value that [Header] gave the task under the name.
func (d DeadTask) Header(name string) string {
	if v := d.header[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// Dead yields the dead tasks that f selects, the longest dead first. It reads the
// headers of all records of the kind, which takes about a second for each hundred
// thousand. An error is the last that it yields.
func (c *Client) Dead(ctx context.Context, f Filter) iter.Seq2[DeadTask, error] {
	return func(yield func(DeadTask, error) bool) {
		subject, err := f.subjects()
		if err != nil {
			yield(DeadTask{}, err)
			return
		}
		n := 0
		err = c.scan(ctx, stateStream, subject, 0, true, func(m found) (bool, error) {
			id, _, _ := parseSubject(m.subject, recordSubjects)
			r, err := parseRecord(m.header)
			if err != nil || r.State != Dead {
				return true, nil //nolint:nilerr // not a record of ours
			}
			if r.stamp = m.stamp; !f.selects(r) {
				return true, nil
			}
			now, err := c.readRecord(ctx, id) // with its payload, as it is now
			if err != nil || now.State != Dead {
				return true, err
			}
			n++
			return yield(deadTaskOf(id, now), nil) && (f.Limit == 0 || n < f.Limit), nil
		})
		if err != nil {
			yield(DeadTask{}, err)
		}
	}
}

// DeadTask returns one dead task. It returns [ErrNotFound] if there is no such task, or
// if it is not dead.
func (c *Client) DeadTask(ctx context.Context, id ID) (DeadTask, error) {
	if err := id.check(); err != nil {
		return DeadTask{}, err
	}
	r, err := c.readRecord(ctx, id)
	switch {
	case err != nil:
		return DeadTask{}, err
	case r.State != Dead:
		return DeadTask{}, fmt.Errorf("%w that is dead: %s", ErrNotFound, id)
	}
	return deadTaskOf(id, r), nil
}

func deadTaskOf(id ID, r *record) DeadTask {
	t := &sight{carrier: *carrierOf(id, r), rec: r, state: Dead}
	return DeadTask{Info: infoOf(t), Payload: r.body, header: r.header}
}

func (f Filter) subjects() (string, error) {
	if f.Kind == "" {
		return recordSubjects + ">", nil
	}
	return recordSubjects + f.Kind + ".*", checkKind(f.Kind)
}

func (f Filter) selects(r *record) bool {
	switch {
	case !f.Before.IsZero() && !r.stamp.Before(f.Before):
		return false
	case !f.After.IsZero() && !r.stamp.After(f.After):
		return false
	case len(f.States) > 0 && !slices.Contains(f.States, r.State):
		return false
	}
	return f.Reason == nil || f.Reason.MatchString(r.Reason)
}
