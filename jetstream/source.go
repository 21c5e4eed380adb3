package remudajetstream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// expiry is how long the server keeps a request for a message.
	expiry = 30 * time.Second

	// heartbeat is how often it says meanwhile that it still has the request.
	// After two that are missing, the worker looks whether the consumer is still
	// there.
	heartbeat = 5 * time.Second

	// patience is how long to wait for what only a server that is out of reach
	// does not answer: whether the consumer exists, and that it sends nothing any
	// more.
	patience = 2 * time.Second
)

// A source takes messages from a pull consumer. Each call of Next has a request
// for one message of its own at the server, so that no message waits here for a
// worker that is busy.
type source struct {
	consumer jetstream.Consumer
	opts     []jetstream.PullMessagesOpt
	turn     chan struct{} // full while the handle is in use, whose Info and Messages race
}

func newSource(consumer jetstream.Consumer, cfg jetstream.ConsumerConfig) *source {
	wait := expiry
	if most := cfg.MaxRequestExpires; most > 0 {
		wait = min(wait, most) // else the server refuses the request without a word
	}
	return &source{
		consumer: consumer,
		opts: []jetstream.PullMessagesOpt{
			jetstream.PullMaxMessages(1),
			jetstream.PullExpiry(wait),
			jetstream.PullHeartbeat(min(heartbeat, wait/2)),
		},
		turn: make(chan struct{}, 1),
	}
}

// Next waits for a message. What the client recovers from by itself, such as a
// lost connection, is not even seen here.
func (s *source) Next(ctx context.Context) (jetstream.Msg, error) {
	for {
		msg, err := s.pull(ctx)
		switch {
		case err == nil:
			return msg, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, jetstream.ErrNoHeartbeat):
			// A request to a consumer that does not exist looks like one that
			// was lost on its way.
			err = s.gone(ctx)
		}
		if err != nil {
			return nil, fmt.Errorf("remudajetstream: %w", err)
		}
	}
}

// pull asks for a message and waits for it. Its iterator is used once: one that
// goes on with requests for single messages does at times, in version 1.53 of
// the client, not send the next request until it misses the heartbeats of it.
func (s *source) pull(ctx context.Context) (jetstream.Msg, error) {
	if err := s.acquire(ctx); err != nil {
		return nil, err
	}
	it, err := s.consumer.Messages(s.opts...)
	s.release()
	if err != nil {
		return nil, err
	}
	msg, err := it.Next(jetstream.NextContext(ctx))
	if err != nil && ctx.Err() != nil {
		return lastOf(it)
	}
	it.Stop()
	return msg, err
}

// lastOf ends a request that its worker does not wait for any more, and returns
// the message that was on its way already, if there is one. That is in hand: given
// back, it would have used up a delivery for nothing, and dropped, it would be
// missing until its AckWait is over.
func lastOf(it jetstream.MessagesContext) (jetstream.Msg, error) {
	it.Drain()
	return it.Next(jetstream.NextMaxWait(patience))
}

// gone returns an error if the consumer does not exist any more, and nil if it
// does or if there is no telling.
func (s *source) gone(ctx context.Context) error {
	if err := s.acquire(ctx); err != nil {
		return err
	}
	defer s.release()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := s.consumer.Info(ctx)
	if errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrStreamNotFound) {
		return err
	}
	return nil
}

func (s *source) acquire(ctx context.Context) error {
	if ctx.Err() != nil { // a select would toss a coin
		return ctx.Err()
	}
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *source) release() { <-s.turn }
