package tasks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/remuda-go/remuda"
)

// A runFunc decodes a task's input, runs its job and encodes the output.
type runFunc func(ctx context.Context, d *delivery) (output []byte, err error)

// A source hands deliveries to the workers of a handler.
type source struct {
	handler *Handler
	puller  *puller
}

// Next takes carriers until one is to be run.
func (s *source) Next(ctx context.Context) (*delivery, error) {
	c := s.handler.client
	for {
		msg, err := s.puller.next(ctx)
		if err != nil {
			return nil, err
		}
		d, err := c.parseDelivery(msg)
		if err != nil {
			return nil, err
		}
		if c.hold(d) && s.keep(ctx, d) {
			return d, nil
		}
	}
}

// keep reports whether a delivery that is held is to be run. If not, it is let go.
func (s *source) keep(ctx context.Context, d *delivery) (run bool) {
	c := s.handler.client
	d.pulse = c.startPulse(d, s.handler.queue.lease)
	defer func() {
		if !run {
			c.letGo(d)
		}
	}()
	var err error
	if d.rec, err = c.awaitRecord(ctx, d.id); err == nil {
		run, err = s.handler.take(context.WithoutCancel(ctx), d)
	}
	if err != nil && !errors.Is(err, errStale) {
		c.nak(d, time.Second) // the server is in trouble: later again
	}
	return run
}

// jobOf makes of run the job of the handler's pool.
func (h *Handler) jobOf(run runFunc) remuda.Job[*delivery, remuda.Void] {
	return remuda.Func(func(ctx context.Context, d *delivery) (remuda.Void, error) {
		return remuda.Void{}, h.execute(ctx, d, run)
	})
}

// execute runs a task and settles it.
func (h *Handler) execute(ctx context.Context, d *delivery, run runFunc) error {
	c := h.client
	defer c.letGo(d)
	runCtx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	share := c.newShare(d.suspect)
	r := &Run{
		ID: d.id, Kind: h.kind, Attempt: d.rec.Attempts + d.interrupted + 1, Pushed: d.pushed,
		header: d.header, client: c, handler: h, share: share,
	}
	a := &active{run: r, cancel: cancel}
	h.begin(a) // from here on it can be cancelled, also while it waits for its turn
	defer h.over(a)
	if err := h.join(runCtx, d, share); err != nil {
		return err
	}
	defer share.leave()
	settle := func(output []byte, outcome error) error {
		err := h.settle(context.WithoutCancel(ctx), d, output, h.verdict(runCtx, outcome))
		if err != nil {
			return errors.Join(outcome, err)
		}
		return outcome
	}
	return h.attempt(context.WithValue(runCtx, runKey{}, r), d, run, settle)
}

// join waits for the task's turn in this process and marks the run as begun (rule
// 11).
func (h *Handler) join(ctx context.Context, d *delivery, s *share) error {
	waited, err := s.join(ctx)
	if err != nil {
		return errors.Join(err, h.giveBack(context.WithoutCancel(ctx), d))
	}
	if waited {
		err = h.unchanged(ctx, d)
	}
	if err == nil {
		err = h.mark(ctx, d)
	}
	if err != nil {
		s.leave()
		if !errors.Is(err, errStale) {
			h.client.nak(d, time.Second)
		}
	}
	return err
}

// unchanged looks whether the record is still the one that was read when the task
// was taken: while it waited for its turn, it may have been cancelled. A carrier that
// does not count any more is acknowledged, one that does is looked at anew.
func (h *Handler) unchanged(ctx context.Context, d *delivery) error {
	now, err := h.client.awaitRecord(ctx, d.id)
	if err != nil || now.seq == d.rec.seq {
		return err
	}
	if d.rec = now; d.counts() {
		err = h.handBack(ctx, d, 0)
	} else {
		err = h.client.ackUnrun(ctx, d)
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("%w: task %s", errStale, d.id)
}

// mark notes that a run begins: in the journal where there is one, and of a
// suspect elsewhere in its record.
func (h *Handler) mark(ctx context.Context, d *delivery) error {
	c := h.client
	if c.opts.Journal != nil {
		return c.opts.Journal.Begin(d.id.token(), d.rec.seq)
	}
	if !d.suspect {
		return nil
	}
	r := d.next(Waiting)
	r.Marks = d.rec.Marks + 1
	if d.rec.Carrier == d.seq { // the mark covers no more deliveries: they stay interrupted
		r.Deliveries = d.rec.Deliveries
	}
	return h.write(ctx, d, r)
}

// attempt calls run, within the bounds of its kind and its task, and settles, also
// if run panics or ends its goroutine.
func (h *Handler) attempt(ctx context.Context, d *delivery, run runFunc, settle func([]byte, error) error) (err error) {
	if h.set.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, h.set.timeout)
		defer cancel()
	}
	if !d.expires.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, h.client.local(d.expires))
		defer cancel()
	}
	h.client.fault("begun", d.id)
	var output []byte
	outcome := remuda.ErrGoexit // unless run returns
	defer func() {
		if v := recover(); v != nil {
			outcome = recovered(v)
		}
		h.client.fault("run", d.id)
		err = settle(output, outcome)
	}()
	output, outcome = run(ctx, d)
	return outcome
}

// verdict is what the outcome of a run means: one that was cut off by the end of
// its worker is given back.
func (h *Handler) verdict(ctx context.Context, outcome error) error {
	if outcome != nil && errors.Is(context.Cause(ctx), remuda.ErrPoolClosed) {
		return fmt.Errorf("%w: %w", errGiveBack, outcome)
	}
	return outcome
}

func (h *Handler) begin(a *active) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.active[a.run.ID] = a
}

// over ends begin, unless a run of another carrier of the task has begun meanwhile.
func (h *Handler) over(a *active) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.active[a.run.ID] == a {
		delete(h.active, a.run.ID)
	}
}
