package tasks

import (
	"context"
	"fmt"
)

// Payload returns the bytes that the task was pushed with, as its kind's codec made
// them. It returns [ErrNotFound], and [ErrEnded] for a task that is done: its output
// has taken the place of the payload.
func (c *Client) Payload(ctx context.Context, id ID) ([]byte, error) {
	t, err := c.known(ctx, id)
	if err != nil {
		return nil, err
	}
	if t.state == Done {
		return nil, fmt.Errorf("%w: payload of %s, which is %s", ErrEnded, id, t.state)
	}
	return t.body, nil
}
