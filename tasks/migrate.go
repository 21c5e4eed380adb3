package tasks

import (
	"context"
	"fmt"
)

// Migrate gives what exists of the kind the settings that were chosen with
// [MaxQueued], [MaxRunning] and [Lease], and the client's [Replicas]: see
// [ConnectToMigrate]. Nothing else changes a stream that exists: an operator calls
// it, not each process at its start. Processes that have used the kind before go on
// with what they know.
func (k Kind[In, Out]) Migrate(ctx context.Context, c *Client) error {
	if err := k.check(); err != nil {
		return err
	}
	if _, err := c.ensureQueue(ctx, k.name, k.set); err != nil {
		return err
	}
	stream, err := c.streamInfo(ctx, queueStream(k.name))
	if err != nil {
		return fmt.Errorf("remuda: migrate %s: %w", k.name, err)
	}
	cfg := stream.Config
	if k.set.asked.maxQueued {
		cfg.MaxMsgs = k.set.maxQueued
	}
	if c.opts.Replicas != 0 {
		cfg.Replicas = c.opts.Replicas
	}
	if _, err := c.js.UpdateStream(ctx, cfg); err != nil {
		return fmt.Errorf("remuda: migrate %s: %w", k.name, err)
	}
	consumer, err := c.consumerInfo(ctx, queueStream(k.name), workConsumer)
	if err != nil {
		return fmt.Errorf("remuda: migrate %s: %w", k.name, err)
	}
	ccfg := consumer.Config
	if k.set.asked.maxRunning {
		ccfg.MaxAckPending = k.set.maxRunning
	}
	if k.set.asked.lease {
		ccfg.AckWait = k.set.lease
	}
	if _, err := c.js.UpdateConsumer(ctx, queueStream(k.name), ccfg); err != nil {
		return fmt.Errorf("remuda: migrate %s: %w", k.name, err)
	}
	c.mu.Lock()
	delete(c.queues, k.name)
	c.mu.Unlock()
	return c.sync(ctx, queueStream(k.name))
}
