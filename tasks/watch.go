package tasks

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"github.com/nats-io/nats.go"
)

// An Event is something that has happened to a task: its state was written, or its
// job reported progress.
type Event struct {
	ID       ID
	State    State // Running for progress
	Attempts int
	Reason   string
	Progress float64
	Note     string
	At       time.Time // when it was seen
}

// Watch returns what happens to the tasks of a kind, or of all kinds if kind is
// empty. When it returns, it listens: what is pushed after that is seen (in a
// cluster, once all servers know the listener, which takes a moment). It ends with
// ctx, with the loop over it, or with an error, which is the last pair. Up to a
// hundred thousand events are kept for the loop; further ones, and those that happen
// while the server is out of reach, are lost.
func (c *Client) Watch(ctx context.Context, kind string) (iter.Seq2[Event, error], error) {
	sub, err := c.listen(ctx, kind)
	if err != nil {
		return nil, err
	}
	unsubscribe := func() { _ = sub.Unsubscribe() }
	stop := context.AfterFunc(ctx, unsubscribe)
	return func(yield func(Event, error) bool) {
		defer unsubscribe()
		defer stop()
		for {
			msg, err := sub.NextMsgWithContext(ctx)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				yield(Event{}, fmt.Errorf("remuda: watch: %w", err))
				return
			}
			if e, ok := c.eventOf(msg); ok && !yield(e, nil) {
				return
			}
		}
	}, nil
}

// listen subscribes to events, and returns once the server knows.
func (c *Client) listen(ctx context.Context, kind string) (*nats.Subscription, error) {
	subject := eventSubjects + ">"
	if kind != "" {
		if err := checkKind(kind); err != nil {
			return nil, err
		}
		subject = eventSubjects + kind + ".*"
	}
	sub, err := c.nc.SubscribeSync(subject)
	if err != nil {
		return nil, fmt.Errorf("remuda: watch: %w", err)
	}
	_ = sub.SetPendingLimits(100_000, -1)
	bound, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	if err := c.nc.FlushWithContext(bound); err != nil {
		_ = sub.Unsubscribe()
		return nil, fmt.Errorf("remuda: watch: %w", err)
	}
	return sub, nil
}

// eventOf reads an event; false is one that is not ours.
func (c *Client) eventOf(msg *nats.Msg) (Event, bool) {
	id, _, _ := parseSubject(msg.Subject, eventSubjects)
	e := Event{ID: id, State: Running, At: c.now()}
	if r, err := parseRecord(msg.Header); err == nil {
		e.State, e.Attempts, e.Reason = r.State, r.Attempts, r.Reason
		return e, true
	}
	var p progress
	if json.Unmarshal(msg.Data, &p) != nil {
		return e, false
	}
	e.Attempts, e.Progress, e.Note = p.Attempt-1, p.Fraction, p.Note
	return e, true
}
