package tasks

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
)

// A delivery is a carrier that a worker has taken, and the record of its task as
// it was read then.
type delivery struct {
	carrier
	reply  string
	pulse  *pulse    // renews its lease while it is in hand
	number uint64    // of this delivery of it
	at     time.Time // by the server's clock

	rec         *record
	interrupted int  // runs that began and have no end (rule 11)
	suspect     bool // it must run alone

	held // see inHand
}

// String names the task, for logs.
func (d *delivery) String() string { return string(d.id) }

func (c *Client) parseDelivery(msg *nats.Msg) (*delivery, error) {
	meta, err := msg.Metadata()
	if err != nil {
		return nil, fmt.Errorf("remuda: %w", err)
	}
	id, _, ok := parseSubject(msg.Subject, queueSubjects)
	if !ok {
		return nil, fmt.Errorf("remuda: subject %s names no task", msg.Subject)
	}
	d := &delivery{
		carrier: *parseCarrier(id, msg.Header, msg.Data), reply: msg.Reply,
		number: meta.NumDelivered, at: c.now(), held: held{from: meta.NumDelivered, to: meta.NumDelivered},
	}
	d.seq = meta.Sequence.Stream
	if d.pushed.IsZero() {
		d.pushed = meta.Timestamp
	}
	return d, nil
}

// counts reports whether this carrier is the one that the record names (rule 2).
func (d *delivery) counts() bool {
	if d.rec.seq == 0 {
		return d.tag == 0
	}
	return !d.rec.State.Final() && d.rec.Tag == d.tag
}

// judge finds out whether runs of the task were interrupted (rule 11): by the
// journal where the server dies with this process, by the count of deliveries
// that the record does not cover elsewhere.
func (c *Client) judge(d *delivery) {
	if c.opts.Journal != nil {
		d.interrupted = c.opts.Journal.Interrupted(d.id.token(), d.rec.seq)
	} else {
		covered := uint64(0)
		if d.rec.Carrier == d.seq {
			covered = d.rec.Deliveries
		}
		if c.heldFrom(d) > covered+1 {
			d.interrupted = 1 + d.rec.Marks
		}
	}
	d.suspect = d.interrupted > 0
}

// next is the record that follows the one that was read. It covers no delivery yet.
func (d *delivery) next(state State) *record {
	return &record{
		State: state, Tag: d.tag, Attempts: d.rec.Attempts, GivenBack: d.rec.GivenBack,
		Carrier: d.seq, Pushed: d.pushed, Expires: d.expires, Key: d.key,
		seq: d.rec.seq, header: d.header, body: d.body,
	}
}

// ack removes the carrier. It is not confirmed: if it gets lost, the task is taken
// again, and its record read.
func (c *Client) ack(d *delivery) {
	c.fault("ack", d.id)
	_ = c.nc.Publish(d.reply, []byte("+ACK"))
}

// ackUnrun removes a carrier that does not count. The record that says so may have been
// written by somebody else a moment ago: it is on disk before the carrier is gone.
func (c *Client) ackUnrun(ctx context.Context, d *delivery) error {
	if err := c.sync(ctx, stateStream); err != nil {
		return err
	}
	c.ack(d)
	return nil
}

// nak hands the carrier back, to be delivered after the delay. See also handBack.
func (c *Client) nak(d *delivery, delay time.Duration) {
	c.settled(d)   // what comes from now on may be what is asked for here
	d.pulse.stop() // a renewed lease takes the place of the delay
	body := "-NAK"
	if delay > 0 {
		body += ` {"delay":` + strconv.FormatInt(int64(delay), 10) + "}"
	}
	_ = c.nc.Publish(d.reply, []byte(body))
}

// take decides by the record of a carrier that was delivered whether there is something
// to run (rule 2).
func (h *Handler) take(ctx context.Context, d *delivery) (run bool, err error) {
	c := h.client
	if !d.counts() {
		if d.rec.State.Final() { // finish what the one before may have left
			if err := c.release(ctx, d.id, d.rec.Key); err != nil {
				return false, err
			}
		}
		return false, c.ackUnrun(ctx, d)
	}
	c.judge(d)
	if early := d.rec.Due.Sub(d.at); early > 0 && early <= shortDelay {
		return false, h.handBack(ctx, d, early) // a server that was restarted does not know the delay any more
	}
	switch {
	case !d.expires.IsZero() && !d.at.Before(d.expires):
		return false, h.end(ctx, d, d.finish(Expired, h.set.keep, ""))
	// One interruption alone never buries (rule 11).
	case d.rec.Attempts+d.interrupted >= h.set.attempts && d.interrupted != 1:
		r := d.finish(Dead, h.set.keep, fmt.Sprintf("its process ended during %d runs", d.interrupted))
		r.Attempts += d.interrupted
		return false, h.end(ctx, d, r)
	}
	return true, nil
}

// finish is the record of an end.
func (d *delivery) finish(state State, keep time.Duration, reason string) *record {
	r := d.next(state)
	r.Keep, r.Reason = keep, reason
	return r
}
