package tasks

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go"
)

// Durability says in words when what is confirmed is on disk, as the server of an embedded
// store tells it, for a line in a log. It is empty for a client of Connect: there the
// server's sync_interval decides, which it tells nobody.
func (c *Client) Durability() string { return c.opts.Durable }

// Health reports whether tasks can be stored, and whether the tasks of killed
// processes are recovered: it writes to the store, and returns an error if the
// server does not confirm that before ctx ends, or else the error of the last sweep,
// if this process made it. It is meant for a readiness probe; a second or two is a
// good bound.
func (c *Client) Health(ctx context.Context) error {
	if _, err := c.js.PublishMsg(ctx, nats.NewMsg(healthSubject)); err != nil {
		return fmt.Errorf("remuda: the store is not healthy: %w", err)
	}
	if err := c.sync(ctx, stateStream); err != nil {
		return err
	}
	if err := c.upkeep.Load(); err != nil && *err != nil {
		return fmt.Errorf("remuda: the sweeper: %w", *err)
	}
	return nil
}
