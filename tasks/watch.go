package tasks

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"
)

// An Event is something that has happened to a task: its state was written, or its
// job told of its progress.
type Event struct {
	ID       ID
	State    State // Running for progress
	Attempts int
	Reason   string
	Progress float64
	Note     string
	At       time.Time // when it was seen
}

// Watch yields what happens to the tasks of a kind, or of all kinds if kind is
// empty, from now on until ctx ends. Nothing is kept for a watcher: what happens
// while it is out of reach, or while it does not keep up with a hundred thousand
// events, is lost. An error is the last that it yields.
func (c *Client) Watch(ctx context.Context, kind string) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		subject := eventSubjects + ">"
		if kind != "" {
			if err := checkKind(kind); err != nil {
				yield(Event{}, err)
				return
			}
			subject = eventSubjects + kind + ".*"
		}
		sub, err := c.nc.SubscribeSync(subject)
		if err != nil {
			yield(Event{}, fmt.Errorf("remuda: watch: %w", err))
			return
		}
		defer func() { _ = sub.Unsubscribe() }()
		_ = sub.SetPendingLimits(100_000, -1)
		for {
			msg, err := sub.NextMsgWithContext(ctx)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				yield(Event{}, fmt.Errorf("remuda: watch: %w", err))
				return
			}
			id, _, _ := parseSubject(msg.Subject, eventSubjects)
			e := Event{ID: id, State: Running, At: c.now()}
			if r, err := parseRecord(msg.Header); err == nil {
				e.State, e.Attempts, e.Reason = r.State, r.Attempts, r.Reason
			} else {
				var p progress
				if json.Unmarshal(msg.Data, &p) != nil {
					continue // not one of ours
				}
				e.Attempts, e.Progress, e.Note = p.Attempt-1, p.Fraction, p.Note
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}
