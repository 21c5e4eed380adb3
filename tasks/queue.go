package tasks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/remuda-go/remuda"
)

// A queue is a kind's stream and its consumer, as they exist.
type queue struct {
	kind  string
	lease time.Duration
	keep  time.Duration // of whoever used it first here

	maxQueued  int64
	maxRunning int
	replicas   int
}

// queueFor returns the queue of a kind, which it makes on first use.
func (c *Client) queueFor(ctx context.Context, kind string, s *settings) (*queue, error) {
	c.mu.Lock()
	q := c.queues[kind]
	c.mu.Unlock()
	if q == nil {
		var err error
		if q, err = c.ensureQueue(ctx, kind, s); err != nil {
			return nil, err
		}
		c.mu.Lock()
		c.queues[kind] = q
		c.mu.Unlock()
	}
	return q, q.check(c, s)
}

func (c *Client) ensureQueue(ctx context.Context, kind string, s *settings) (*queue, error) {
	stream, err := c.ensureStream(ctx, jetstream.StreamConfig{
		Name:                 queueStream(kind),
		Description:          "remuda: tasks of the kind " + kind + " that wait or run",
		Subjects:             []string{queueSubjects + kind + ".*"},
		Retention:            jetstream.WorkQueuePolicy,
		Discard:              jetstream.DiscardNew,
		DiscardNewPerSubject: true, // one carrier per task at a time
		MaxMsgsPerSubject:    1,
		MaxMsgs:              s.maxQueued,
		Storage:              jetstream.FileStorage,
		Replicas:             max(1, c.opts.Replicas),
		AllowDirect:          true,
		AllowAtomicPublish:   true, // PushAll
		Duplicates:           s.window(),
	})
	if err != nil {
		return nil, err
	}
	running := s.maxRunning
	if running == 0 {
		running = -1
	}
	consumer, err := c.ensureConsumer(ctx, queueStream(kind), jetstream.ConsumerConfig{
		Durable:       workConsumer,
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       s.lease,
		MaxDeliver:    -1, // we bury, the server does not
		MaxAckPending: running,
		MaxWaiting:    maxWaiting,
	})
	if err != nil {
		return nil, err
	}
	return &queue{
		kind: kind, lease: consumer.Config.AckWait, keep: s.keep, maxQueued: stream.Config.MaxMsgs,
		maxRunning: consumer.Config.MaxAckPending, replicas: stream.Config.Replicas,
	}, nil
}

// maxWaiting is how many free workers may wait at the server for a task of one
// kind.
const maxWaiting = 100_000

// check compares what was asked for with what exists (rule 9).
func (q *queue) check(c *Client, s *settings) error {
	differs := func(what string, has, want any) error {
		return fmt.Errorf("%w: kind %s has %s %v, not %v; the command 'remuda migrate' changes it", ErrMismatch, q.kind, what, has, want)
	}
	switch {
	case s.asked.maxQueued && q.maxQueued != s.maxQueued:
		return differs("MaxQueued", q.maxQueued, s.maxQueued)
	case s.asked.maxRunning && q.maxRunning != s.maxRunning:
		return differs("MaxRunning", q.maxRunning, s.maxRunning)
	case s.asked.lease && q.lease != s.lease:
		return differs("Lease", q.lease, s.lease)
	case c.opts.Replicas != 0 && q.replicas != c.opts.Replicas:
		return differs("Replicas", q.replicas, c.opts.Replicas)
	}
	return nil
}

// A carrier is the message in a queue that makes a task run.
type carrier struct {
	id     ID
	tag    uint64
	body   []byte
	header nats.Header // the user's

	pushed  time.Time // by the server's clock; zero in the first carrier, whose own time it is
	expires time.Time
	key     string
	due     time.Time // of a schedule
	seq     uint64    // of the message in the queue; 0 if it is not known
}

const (
	headerTag     = headerPrefix + "Tag"
	headerExpires = headerPrefix + "Expires"
	headerPushed  = headerPrefix + "Pushed"
	headerKey     = headerPrefix + "Key"
	headerDue     = headerPrefix + "Due"
)

// carrierOf is the carrier that the record names.
func carrierOf(id ID, r *record) *carrier {
	return &carrier{id: id, tag: r.Tag, body: r.body, header: r.header, pushed: r.Pushed, expires: r.Expires, key: r.Key, due: r.Due}
}

func (k *carrier) message(subject string) *nats.Msg {
	msg := nats.NewMsg(subject)
	copyHeader(msg.Header, k.header)
	if k.tag != 0 {
		msg.Header.Set(headerTag, formatTag(k.tag))
	}
	setTime(msg.Header, headerPushed, k.pushed)
	setTime(msg.Header, headerExpires, k.expires)
	setTime(msg.Header, headerDue, k.due)
	if k.key != "" {
		msg.Header.Set(headerKey, escape(k.key))
	}
	msg.Data = k.body
	return msg
}

func setTime(h nats.Header, name string, t time.Time) {
	if !t.IsZero() {
		h.Set(name, t.UTC().Format(time.RFC3339Nano))
	}
}

// An answer is what became of a carrier that was published.
type answer int

const (
	stored    answer = iota
	duplicate        // the window remembers it
	taken            // another carrier of the task is in the queue
)

// publish puts a carrier into its queue. Its Msg-Id is ID@tag (rule 4). If it was
// stored, k.seq is where.
func (c *Client) publish(ctx context.Context, k *carrier) (answer, error) {
	msg := k.message(queueSubject(k.id))
	for try := 0; ; try++ {
		ack, err := c.js.PublishMsg(ctx, msg, jetstream.WithMsgID(messageID(k.id, k.tag)),
			jetstream.WithExpectStream(queueStream(k.id.Kind())))
		switch api := apiError(err); {
		case err == nil && ack.Duplicate:
			return duplicate, nil
		case err == nil:
			k.seq = ack.Sequence
			return stored, nil
		case isTaken(err):
			return taken, nil
		case isFull(err):
			return 0, fmt.Errorf("%w: kind %s: %w", remuda.ErrQueueFull, k.id.Kind(), err)
		case errors.Is(err, nats.ErrMaxPayload):
			return 0, fmt.Errorf("%w: input of task %s: %w", ErrTooLarge, k.id, err)
		case api != nil && api.ErrorCode == codeDuplicateInWork: // rule 10
			if err := pause(ctx, try); err != nil {
				return 0, err
			}
		default:
			return 0, err
		}
	}
}
