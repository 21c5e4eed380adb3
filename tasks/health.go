package tasks

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go"
)

// Health reports whether tasks can be stored: it writes to the store, and returns
// the error if the server does not confirm that before ctx ends. It is meant for a
// readiness probe; a second or two is a good bound.
func (c *Client) Health(ctx context.Context) error {
	if _, err := c.js.PublishMsg(ctx, nats.NewMsg(healthSubject)); err != nil {
		return fmt.Errorf("remuda: the store is not healthy: %w", err)
	}
	return nil
}
