package embedded

import (
	"context"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// voidLeases ends the leases that the process before held on tasks and on due
// messages: it is gone, so they may run at once. The server ends all leases of a consumer
// that begins again at the first message. After a power failure it may also remember that
// messages were acknowledged that are still there. Which messages are left in a queue does
// not depend on its consumer, and the consumer's settings stay, whenever the process is
// killed: a kind that is paused or bounded must not come to run freely.
//
// fault, which may be nil, is called after each.
func (s *store) voidLeases(ctx context.Context, fault func(point, id string)) error {
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
		if err := resetConsumers(ctx, js, name); err != nil {
			return fmt.Errorf("remuda: leases of %s: %w", name, err)
		}
		if fault != nil {
			fault("leases", name)
		}
	}
	if err := streams.Err(); err != nil {
		return fmt.Errorf("remuda: leases: %w", err)
	}
	return nil
}

func resetConsumers(ctx context.Context, js jetstream.JetStream, name string) error {
	stream, err := js.Stream(ctx, name)
	if err != nil {
		return err
	}
	consumers := stream.ListConsumers(ctx)
	for info := range consumers.Info() {
		if _, err := stream.ResetConsumerToSequence(ctx, info.Name, 1); err != nil {
			return err
		}
	}
	return consumers.Err()
}
