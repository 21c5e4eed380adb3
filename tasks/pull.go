package tasks

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	// pullExpiry is how long the server keeps a request for a message.
	pullExpiry = 30 * time.Second

	// pullHeartbeat is how often it says meanwhile that it still has the request.
	pullHeartbeat = 5 * time.Second

	// drainTime bounds the wait for a server that does not answer any more.
	drainTime = 2 * time.Second
)

// pullRequest asks for one message, so that none waits here for a worker that is
// busy.
var pullRequest = func() []byte { //nolint:gochecknoglobals // a constant
	body, err := json.Marshal(map[string]any{"batch": 1, "expires": pullExpiry, "idle_heartbeat": pullHeartbeat})
	if err != nil {
		panic(err)
	}
	return body
}()

// A puller takes messages from a pull consumer. It is safe for concurrent use:
// each call of next has an inbox of its own, which the next call uses again.
type puller struct {
	client  *Client
	nc      *nats.Conn
	subject string

	mu      sync.Mutex // guards what follows
	idle    []*nats.Subscription
	waiting map[string]struct{} // the inboxes that wait for an answer
}

func (c *Client) newPuller(stream, consumer string) *puller {
	p := &puller{
		client: c, nc: c.nc, subject: "$JS.API.CONSUMER.MSG.NEXT." + stream + "." + consumer,
		waiting: make(map[string]struct{}),
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pullers[p] = struct{}{}
	return p
}

// kick makes those that wait ask again: the server that they have asked is gone, and
// their requests with it. Without it they would only notice that the heartbeats are
// missing.
func (p *puller) kick() {
	p.mu.Lock()
	inboxes := slices.Collect(maps.Keys(p.waiting))
	p.mu.Unlock()
	for _, inbox := range inboxes {
		_ = p.nc.Publish(inbox, nil) // or the heartbeats will be missed
	}
}

// wait notes that an inbox waits for an answer, or that it does not any more.
func (p *puller) wait(inbox string, waits bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if waits {
		p.waiting[inbox] = struct{}{}
	} else {
		delete(p.waiting, inbox)
	}
}

func (p *puller) inbox() (*nats.Subscription, error) {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		sub := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return sub, nil
	}
	p.mu.Unlock()
	return p.nc.SubscribeSync(p.nc.NewInbox())
}

func (p *puller) keep(sub *nats.Subscription) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, sub)
}

// close gives back the inboxes. No call of next may be under way.
func (p *puller) close() {
	p.client.mu.Lock()
	delete(p.client.pullers, p)
	p.client.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, sub := range p.idle {
		_ = sub.Unsubscribe() // fails only with the connection
	}
	p.idle = nil
}

// next waits for a message. It returns an error only when ctx ends or the
// connection is closed for good. A message that comes when ctx has ended already
// is returned all the same: it would otherwise be missing until its lease is over.
func (p *puller) next(ctx context.Context) (*nats.Msg, error) {
	for try := 0; ; try++ {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		sub, err := p.inbox()
		if err != nil {
			return nil, fmt.Errorf("remuda: %w", err)
		}
		if err := p.nc.PublishRequest(p.subject, sub.Subject, pullRequest); err != nil {
			return nil, fmt.Errorf("remuda: %w", err)
		}
		msg, ended := p.answer(ctx, sub)
		switch {
		case msg != nil && msg.Reply != "": // a message of the stream, which is to be acknowledged
			if ended {
				p.keep(sub)
			}
			return msg, nil
		case ended && msg != nil:
			p.keep(sub)
			if msg.Header.Get("Status") == "408" { // the request has expired, as it should
				try = -1
				continue
			}
		}
		if ctx.Err() != nil || p.nc.IsClosed() {
			continue
		}
		_ = pause(ctx, try+2) // no such consumer, a new leader, a server that ends: it gets better or ctx ends
	}
}

// answer waits for what becomes of a request. ended says that nothing more will
// come of it, so that the inbox can be used again; otherwise it is given up.
func (p *puller) answer(ctx context.Context, sub *nats.Subscription) (msg *nats.Msg, ended bool) {
	p.wait(sub.Subject, true)
	defer p.wait(sub.Subject, false)
	for {
		wait, cancel := context.WithTimeout(ctx, 2*pullHeartbeat+time.Second)
		msg, err := sub.NextMsgWithContext(wait)
		cancel()
		if err != nil { // ctx has ended, or the heartbeats are missing
			return p.drain(sub), false
		}
		switch status := msg.Header.Get("Status"); {
		case msg.Reply != "":
			return msg, true
		case status == "": // a kick: the request may still be there, so that the inbox is not used again
			return p.drain(sub), false
		case status != "100":
			return msg, true
		}
	}
}

// drain ends a request, and returns the message that was on its way, if any.
func (p *puller) drain(sub *nats.Subscription) *nats.Msg {
	if sub.Drain() != nil {
		return nil
	}
	for {
		msg, err := sub.NextMsg(drainTime)
		if err != nil {
			_ = sub.Unsubscribe()
			return nil
		}
		if msg.Reply != "" {
			return msg
		}
	}
}
