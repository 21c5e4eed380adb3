package embedded

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// voidLeases ends the leases that the process before held on tasks and on due
// messages: it is gone, so they may run at once. The server knows no way to end a
// lease from outside, but a consumer that is made anew has none. After a power failure
// it may also remember that messages were acknowledged that are still there. Which messages
// are left in a queue does not depend on its consumer.
func (s *store) voidLeases(ctx context.Context) error {
	js, err := jetstream.New(s.conn)
	if err != nil {
		return fmt.Errorf("remuda: %w", err)
	}
	streams := js.ListStreams(ctx)
	for info := range streams.Info() {
		name := info.Config.Name
		if info.Config.Retention != jetstream.WorkQueuePolicy || !strings.HasPrefix(name, "REMUDA_") {
			continue
		}
		if err := renewConsumers(ctx, js, name); err != nil {
			return fmt.Errorf("remuda: leases of %s: %w", name, err)
		}
	}
	if err := streams.Err(); err != nil {
		return fmt.Errorf("remuda: leases: %w", err)
	}
	return nil
}

func renewConsumers(ctx context.Context, js jetstream.JetStream, name string) error {
	stream, err := js.Stream(ctx, name)
	if err != nil {
		return err
	}
	consumers := stream.ListConsumers(ctx)
	for info := range consumers.Info() {
		if err := js.DeleteConsumer(ctx, name, info.Name); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return err
		}
		if _, err := js.CreateConsumer(ctx, name, info.Config); err != nil {
			return err
		}
	}
	return consumers.Err()
}
