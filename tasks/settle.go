package tasks

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

const (
	// shortDelay is the longest delay that a nak carries. Longer ones go through
	// the schedule stream: a delayed nak holds a place of MaxRunning (rule 7).
	shortDelay = 2 * time.Second

	// mostGiveBacks is how often an attempt may be given back before that counts
	// as one.
	mostGiveBacks = 100
)

// settle writes what became of a run, the record first and the queue second (rule
// 1). A write that is refused leaves everything to whoever came first (rule 2).
func (h *Handler) settle(ctx context.Context, d *delivery, output []byte, outcome error) error {
	var snooze *snoozeError
	switch {
	case outcome == nil:
		r := d.finish(Done, h.set.keep, "")
		r.Attempts++
		r.body = output
		return h.end(ctx, d, r)
	case errors.As(outcome, &snooze):
		return h.again(ctx, d, d.next(Retrying), snooze.delay, "")
	case errors.Is(outcome, errGiveBack):
		return h.giveBack(ctx, d)
	case errors.Is(outcome, middleware.ErrNotRetryable), errors.Is(outcome, remuda.ErrInvalidInput),
		errors.Is(outcome, ErrTooLarge):
		return h.end(ctx, d, h.dead(d, outcome))
	case !d.expires.IsZero() && !h.client.now().Before(d.expires):
		return h.end(ctx, d, d.finish(Expired, h.set.keep, outcome.Error()))
	case d.rec.Attempts+1 >= h.set.attempts:
		return h.end(ctx, d, h.dead(d, outcome))
	}
	r := d.next(Retrying)
	r.Attempts++
	r.Stack = stackOf(outcome)
	return h.again(ctx, d, r, h.delay(r.Attempts, outcome), outcome.Error())
}

func (h *Handler) dead(d *delivery, outcome error) *record {
	r := d.finish(Dead, h.set.keep, outcome.Error())
	r.Attempts++
	r.Stack = stackOf(outcome)
	return r
}

func stackOf(err error) string {
	if p, ok := errors.AsType[*remuda.PanicError](err); ok {
		return string(p.Stack)
	}
	return ""
}

// delay is how long a task waits after a failed attempt.
func (h *Handler) delay(attempt int, outcome error) time.Duration {
	if asked, ok := errors.AsType[*retryAfterError](outcome); ok {
		return asked.delay
	}
	return h.backoff(attempt)
}

// backoff calls the user's function, whose panic must not cost the task.
func (h *Handler) backoff(attempt int) (d time.Duration) {
	defer func() {
		if recover() != nil {
			d = defaultBackoff(attempt)
		}
	}()
	return h.set.backoff(attempt)
}

// end writes the record of an end, gives back the unique key and acknowledges.
func (h *Handler) end(ctx context.Context, d *delivery, r *record) error {
	c := h.client
	c.fault("end", d.id)
	if err := h.write(ctx, d, r); err != nil {
		return err
	}
	c.fault("ended", d.id)
	if err := c.release(ctx, d.id, r.Key); err != nil {
		return err // the carrier stays: whoever takes it next tries again
	}
	c.ack(d)
	return nil
}

// again makes the task run later.
func (h *Handler) again(ctx context.Context, d *delivery, r *record, delay time.Duration, reason string) error {
	c := h.client
	delay = max(delay, 0)
	r.Reason, r.Due = reason, c.now().Add(delay)
	long := delay > shortDelay
	if long { // a carrier of its own, through the schedule stream
		r.Tag++
		r.Carrier = 0
	} else {
		r.Deliveries = c.settled(d)
	}
	c.fault("again", d.id)
	if err := h.write(ctx, d, r); err != nil {
		return err
	}
	c.fault("retrying", d.id)
	if !long {
		c.nak(d, delay)
		return nil
	}
	if err := c.schedule(ctx, carrierOf(d.id, r), formatTag(r.Tag), r.Due); err != nil {
		return fmt.Errorf("remuda: schedule of task %s: %w", d.id, err) // the sweeper does it
	}
	c.fault("scheduled", d.id)
	c.ack(d)
	return nil
}

// giveBack hands back a task whose worker had to end. That is no attempt, unless
// it happens all the time.
func (h *Handler) giveBack(ctx context.Context, d *delivery) error {
	r := d.next(Waiting)
	if r.GivenBack++; r.GivenBack > mostGiveBacks {
		r.Attempts++
	}
	if r.Attempts >= h.set.attempts {
		r.State, r.Keep, r.Reason = Dead, h.set.keep, "given back too often"
		return h.end(ctx, d, r)
	}
	r.Deliveries = h.client.settled(d)
	h.client.fault("giveback", d.id)
	if err := h.write(ctx, d, r); err != nil {
		return err
	}
	h.client.nak(d, 0)
	return nil
}

// handBack hands back a carrier whose run has not begun, to be delivered after the
// delay. Where deliveries are counted, the record says that it was no interruption.
func (h *Handler) handBack(ctx context.Context, d *delivery, delay time.Duration) error {
	c := h.client
	if c.opts.Journal == nil && !d.suspect { // what a suspect has on it already, stays
		r := *d.rec
		r.Carrier, r.Deliveries = d.seq, c.settled(d)
		if err := h.write(ctx, d, &r); err != nil {
			return err
		}
	}
	c.nak(d, delay)
	return nil
}

// write is the compare and swap of a transition. After one that was refused, the
// delivery is looked at as if it had come just now: a carrier that does not count
// any more is acknowledged; of one that still does, the other has charge.
func (h *Handler) write(ctx context.Context, d *delivery, r *record) error {
	c := h.client
	err := c.writeRecord(ctx, d.id, r)
	switch {
	case err == nil:
		d.rec = r
		return c.forget(d.id)
	case errors.Is(err, ErrTooLarge) && r.State != Dead:
		dead := h.dead(d, err)
		dead.seq = r.seq
		return errors.Join(err, h.end(ctx, d, dead))
	case errors.Is(err, ErrTooLarge) && len(r.body) > 0: // another client has pushed more than we would have
		r.Reason += fmt.Sprintf(" (the input, %d bytes, is too large to be kept)", len(r.body))
		r.body = nil
		return h.write(ctx, d, r)
	case !errors.Is(err, errStale):
		return err
	}
	if err := c.forget(d.id); err != nil {
		return err
	}
	if now, readErr := c.readRecord(ctx, d.id); readErr == nil {
		if d.rec = now; !d.counts() {
			err = errors.Join(err, c.ackUnrun(ctx, d))
		}
	}
	return fmt.Errorf("%w: task %s", err, d.id)
}

// forget takes the task out of the journal.
func (c *Client) forget(id ID) error {
	if c.opts.Journal == nil {
		return nil
	}
	return c.opts.Journal.End(id.token())
}

// recovered makes an error of a panic that no middleware has seen.
func recovered(value any) error {
	return &remuda.PanicError{Value: value, Stack: debug.Stack()}
}
