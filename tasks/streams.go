package tasks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// window is how long the server remembers which messages it was sent.
	window = 2 * time.Minute

	// moverWait is the lease of who moves a due message, which takes milliseconds.
	moverWait = 5 * time.Second
)

// ensureShared makes the streams that all kinds share.
func (c *Client) ensureShared(ctx context.Context) error {
	state := jetstream.StreamConfig{
		Name:               stateStream,
		Description:        "remuda: one record per task, one per unique key",
		Subjects:           []string{recordSubjects + ">", keySubjects + ">", cronSubjects + ">", dutySubject, healthSubject},
		MaxMsgsPerSubject:  1,
		Storage:            jetstream.FileStorage,
		Replicas:           max(1, c.opts.Replicas),
		AllowDirect:        true,
		AllowAtomicPublish: true,                   // Redrive (rule 5)
		Duplicates:         100 * time.Millisecond, // nothing here has a Msg-Id
		RePublish:          &jetstream.RePublish{Source: recordSubjects + ">", Destination: eventSubjects + ">", HeadersOnly: true},
	}
	schedule := jetstream.StreamConfig{
		Name:              scheduleStream,
		Description:       "remuda: what runs later, and what has come due",
		Subjects:          []string{scheduleSubjects + ">", dueSubjects + ">"},
		Retention:         jetstream.WorkQueuePolicy, // due messages go when the mover has acknowledged them
		MaxMsgsPerSubject: 1,
		Storage:           jetstream.FileStorage,
		Replicas:          max(1, c.opts.Replicas),
		AllowDirect:       true,
		AllowMsgSchedules: true,
		AllowRollup:       true,
		Duplicates:        100 * time.Millisecond,
	}
	for _, cfg := range []jetstream.StreamConfig{state, schedule} {
		info, err := c.ensureStream(ctx, cfg)
		if err != nil {
			return err
		}
		if n := info.Config.Replicas; c.opts.Replicas != 0 && n != c.opts.Replicas {
			if !c.opts.Migrate {
				return fmt.Errorf("%w: stream %s has %d replicas, not %d; the command 'remuda migrate' changes it", ErrMismatch, cfg.Name, n, c.opts.Replicas)
			}
			has := info.Config
			has.Replicas = c.opts.Replicas
			if _, err := c.js.UpdateStream(ctx, has); err != nil {
				return fmt.Errorf("remuda: migrate stream %s: %w", cfg.Name, err)
			}
		}
	}
	_, err := c.ensureConsumer(ctx, scheduleStream, jetstream.ConsumerConfig{
		Durable: moverConsumer, AckPolicy: jetstream.AckExplicitPolicy, AckWait: moverWait,
		MaxAckPending: -1, MaxDeliver: -1, FilterSubject: dueSubjects + ">",
	})
	return err
}

// ensureStream returns the stream, which it makes if it does not exist. It never
// alters one (rule 9).
func (c *Client) ensureStream(ctx context.Context, cfg jetstream.StreamConfig) (*jetstream.StreamInfo, error) {
	for try := 0; ; try++ {
		info, err := c.streamInfo(ctx, cfg.Name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			_, err = c.js.CreateStream(ctx, cfg)
			if err == nil || errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // another process was first
				continue
			}
		}
		if err == nil {
			return info, nil
		}
		if apiError(err) != nil || c.nc.IsClosed() || try > 5 {
			return nil, fmt.Errorf("remuda: stream %s: %w", cfg.Name, err)
		}
		if waitErr := pause(ctx, try); waitErr != nil {
			return nil, fmt.Errorf("remuda: stream %s: %w", cfg.Name, err)
		}
	}
}

func (c *Client) streamInfo(ctx context.Context, name string) (*jetstream.StreamInfo, error) {
	info := &jetstream.StreamInfo{}
	err := c.api(ctx, "STREAM.INFO."+name, struct{}{}, info)
	if api := apiError(err); api != nil && api.ErrorCode == jetstream.JSErrCodeStreamNotFound {
		return nil, jetstream.ErrStreamNotFound
	}
	return info, err
}

func (c *Client) consumerInfo(ctx context.Context, stream, name string) (*jetstream.ConsumerInfo, error) {
	info := &jetstream.ConsumerInfo{}
	err := c.api(ctx, "CONSUMER.INFO."+stream+"."+name, struct{}{}, info)
	if api := apiError(err); api != nil && api.ErrorCode == jetstream.JSErrCodeConsumerNotFound {
		return nil, jetstream.ErrConsumerNotFound
	}
	return info, err
}

func (c *Client) ensureConsumer(ctx context.Context, stream string, cfg jetstream.ConsumerConfig) (*jetstream.ConsumerInfo, error) {
	info, err := c.consumerInfo(ctx, stream, cfg.Durable)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		if _, err = c.js.CreateConsumer(ctx, stream, cfg); err == nil || errors.Is(err, jetstream.ErrConsumerExists) {
			info, err = c.consumerInfo(ctx, stream, cfg.Durable)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("remuda: consumer %s of %s: %w", cfg.Durable, stream, err)
	}
	return info, nil
}
