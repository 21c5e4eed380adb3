package tasks

import (
	"context"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// pushMany pushes tasks together if they are plain, and each by itself if they are not,
// or if it could not be stored with the others.
func (c *Client) pushMany(ctx context.Context, pushes []*push) {
	c.used.Add(1)
	plain := len(pushes) > 1 && (c.opts.Full == nil || !c.opts.Full())
	for _, p := range pushes {
		plain = plain && p.err == nil && p.fresh && p.key == "" && p.due.IsZero() && p.expires.IsZero()
	}
	switch {
	case !plain:
	case c.opts.Lazy:
		pushes = c.pushTogether(ctx, pushes)
	case len(pushes) >= batchLeast && c.pushBatch(ctx, pushes):
		return
	}
	var each sync.WaitGroup
	turn := make(chan struct{}, batchLeast)
	for _, p := range pushes {
		if p.err != nil {
			continue
		}
		turn <- struct{}{}
		each.Go(func() {
			p.err = c.push(ctx, p)
			<-turn
		})
	}
	each.Wait()
}

// pushTogether publishes each task by itself, without waiting for the answers in between,
// and syncs once: where the server does not sync each message, that is half of the work of
// a batch, which it stages in a file. It returns the tasks that are not known to be
// stored, to be pushed again under their IDs.
func (c *Client) pushTogether(ctx context.Context, pushes []*push) (left []*push) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	stream := queueStream(pushes[0].id.Kind())
	answers := make([]jetstream.PubAckFuture, len(pushes))
	for i, p := range pushes {
		var err error
		answers[i], err = c.js.PublishMsgAsync(p.message(queueSubject(p.id)), jetstream.WithMsgID(messageID(p.id, p.tag)),
			jetstream.WithExpectStream(stream))
		if err != nil {
			answers[i] = nil
		}
	}
	for i, p := range pushes {
		if !answered(ctx, answers[i]) {
			left = append(left, p)
		}
	}
	if c.sync(ctx, stream) != nil {
		return pushes
	}
	return left
}

// answered waits for the answer to a message, and reports whether it was stored.
func answered(ctx context.Context, a jetstream.PubAckFuture) bool {
	if a == nil {
		return false
	}
	select {
	case <-a.Ok():
		return true
	case <-a.Err(): //nolint:errcheck // whatever it is, the task is pushed again
	case <-ctx.Done():
	}
	return false
}

// pushBatch reports whether the tasks are stored: all of them or none. If nothing is
// known of that, each is pushed again under its ID.
func (c *Client) pushBatch(ctx context.Context, pushes []*push) bool {
	msgs := make([]*nats.Msg, len(pushes))
	for i, p := range pushes {
		msgs[i] = p.message(queueSubject(p.id))
		msgs[i].Header.Set(jetstream.MsgIDHeader, messageID(p.id, p.tag))
	}
	return c.commit(ctx, msgs) == nil && c.sync(ctx, queueStream(pushes[0].id.Kind())) == nil
}
