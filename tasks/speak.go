package tasks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// speaksOf reports whether a carrier, a schedule, a due message or a key speaks of
// a task. Key is that of Unique, if it is known.
func (c *Client) speaksOf(ctx context.Context, id ID) (bool, error) {
	for _, at := range []struct{ stream, subject string }{
		{queueStream(id.Kind()), queueSubject(id)},
		{scheduleStream, scheduleSubject(id, "*")},
		{scheduleStream, dueSubject(id, "*")},
	} {
		msg, err := c.find(ctx, at.stream, at.subject)
		if err != nil || msg != nil {
			return msg != nil, err
		}
	}
	return false, nil
}

// find returns the last message of a subject that may have wildcards, nil if there
// is none, or no such stream.
func (c *Client) find(ctx context.Context, stream, subject string) (*jetstream.RawStreamMsg, error) {
	msg, err := c.leaderGet(ctx, stream, map[string]any{"last_by_subj": subject})
	api := apiError(err)
	switch {
	case err == nil:
		return msg, nil
	case errors.Is(err, jetstream.ErrMsgNotFound),
		api != nil && (api.ErrorCode == jetstream.JSErrCodeMessageNotFound || api.ErrorCode == jetstream.JSErrCodeStreamNotFound):
		return nil, nil //nolint:nilnil // there is none, which is no error
	}
	return nil, fmt.Errorf("remuda: look for %s: %w", subject, err)
}

// dueTime is the time of a schedule: "@at" and the time.
func dueTime(pattern string) time.Time {
	t, _ := time.Parse("@at "+time.RFC3339Nano, pattern)
	return t
}
