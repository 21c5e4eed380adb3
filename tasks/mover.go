package tasks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// A due message is what a schedule has left when its time came.
type due struct {
	id  ID
	tag string
	msg *nats.Msg
}

// moveDue moves what comes due into the queues until ctx ends (rule 3). Any number
// of workers may do so.
func (c *Client) moveDue(ctx context.Context) {
	p := c.newPuller(scheduleStream, moverConsumer)
	defer p.close()
	for {
		msg, err := p.next(ctx)
		if err != nil {
			return // ctx has ended, or the connection is closed
		}
		id, tag, ok := parseSubject(msg.Subject, dueSubjects)
		if !ok {
			continue
		}
		moved, err := c.move(context.WithoutCancel(ctx), &due{id: id, tag: tag, msg: msg})
		if err == nil && moved { // what it has come to is on disk before it is gone
			err = errors.Join(c.sync(context.WithoutCancel(ctx), queueStream(id.Kind())), c.sync(context.WithoutCancel(ctx), stateStream))
		}
		c.fault("moved", id)
		reply := []byte("+ACK")
		if err != nil || !moved {
			reply = []byte(fmt.Sprintf(`-NAK {"delay":%d}`, moveAgain))
		}
		_ = c.nc.Publish(msg.Reply, reply) // if it gets lost, the message comes again
	}
}

// moveAgain is how long a due message waits that could not be moved.
const moveAgain = time.Second

// move reports whether the due message has done its work.
func (c *Client) move(ctx context.Context, d *due) (bool, error) {
	switch d.tag {
	case tagCron:
		return c.fire(ctx, d)
	case tagExpiry:
		return true, c.expire(ctx, d.id)
	}
	k := parseCarrier(d.id, d.msg.Header, d.msg.Data)
	k.due = time.Time{}
	return c.place(ctx, k)
}

// place puts a carrier into its queue. It reports true only if the carrier was
// stored, or the record is past it: that the subject is taken does not say so, nor that
// the window remembers one, which may have been acknowledged unrun because of a record
// that is forgotten (rule 3).
func (c *Client) place(ctx context.Context, k *carrier) (bool, error) {
	a, err := c.publish(ctx, k)
	if err != nil || a == stored {
		return err == nil, err
	}
	r, err := c.readRecord(ctx, k.id)
	if err != nil || a == taken || r.seq != 0 {
		return err == nil && (a == duplicate || r.past(k.tag)), err
	}
	msg, err := c.find(ctx, queueStream(k.id.Kind()), queueSubject(k.id))
	return err == nil && msg != nil && parseCarrier(k.id, msg.Header, nil).tag == k.tag, err
}

// past: a carrier with the tag does not count any more.
func (r *record) past(tag uint64) bool {
	return r.seq != 0 && (r.State.Final() || r.Tag > tag)
}

// expire ends a task that has not ended (rule 6).
func (c *Client) expire(ctx context.Context, id ID) error {
	t, err := c.look(ctx, id)
	if err != nil || t == nil || t.rec.State.Final() || t.expires.IsZero() || c.now().Before(t.expires) {
		return err
	}
	return c.endFrom(ctx, t, Expired)
}
