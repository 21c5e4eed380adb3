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
	States []State        // only in one of these states, as Info tells it; for List
	Before time.Time      // only those whose state was last written before
	After  time.Time      // only those whose state was last written after
	Reason *regexp.Regexp // only those whose reason it matches
	Limit  int            // only so many, those that have changed last; 0 is all
}

// A DeadTask is a task that was given up: it has used up its attempts, or failed
// permanently. It stays until it is redriven or deleted.
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

// Dead yields the dead tasks that f selects, the longest dead first; with a Limit,
// those that died last. The first call of a client reads the headers of all records,
// which takes about a second for each hundred thousand, and so does each where more
// than a thousand are dead; others read what has been written since. If it yields an
// error, that is the last pair.
func (c *Client) Dead(ctx context.Context, f Filter) iter.Seq2[DeadTask, error] {
	return func(yield func(DeadTask, error) bool) {
		_, err := c.eachDead(ctx, f, func(id ID, r *record) bool { return yield(deadTaskOf(id, r), nil) })
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

// wants reports whether tasks in the state are among those that f selects.
func (f Filter) wants(s State) bool { return len(f.States) == 0 || slices.Contains(f.States, s) }

// selects reports whether f selects a task by its record, whatever its state.
func (f Filter) selects(r *record) bool {
	switch {
	case !f.Before.IsZero() && !r.stamp.Before(f.Before):
		return false
	case !f.After.IsZero() && !r.stamp.After(f.After):
		return false
	}
	return f.Reason == nil || f.Reason.MatchString(r.Reason)
}
