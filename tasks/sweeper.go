package tasks

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// sweepEvery is how often one of the workers looks for what was left undone.
const sweepEvery = time.Minute

// settleTime is how old something must be before the sweeper takes it for left
// undone. What it does to something younger is harmless, but for nothing.
const settleTime = time.Second

// A sweeper does what a process left undone that was killed between two steps (rule
// 6). All that it does may be done late, twice, or by several processes at the same
// time. A client has one, which its workers share: one that begins when others have been
// before it need not read all records anew.
type sweeper struct {
	*Client
	busy atomic.Bool // who has set it has what follows

	next    uint64          // the first record that it has not seen
	open    map[ID]struct{} // tasks whose record was not final when it was seen
	keep    time.Duration   // the shortest Keep that it has seen
	windows map[string]time.Duration
	rounds  int
}

func (c *Client) newSweeper() *sweeper {
	return &sweeper{Client: c, open: make(map[ID]struct{}), keep: longest, windows: make(map[string]time.Duration)}
}

// sweepRegularly sweeps until ctx ends, whenever nobody has done so for a while.
func (c *Client) sweepRegularly(ctx context.Context) {
	every := sweepEvery
	if c.opts.Sweep != 0 {
		every = c.opts.Sweep
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		_ = c.measureClock(ctx) // the old offset will do until the next round

		// Else another worker is at it.
		if c.sweeper.busy.CompareAndSwap(false, true) {
			c.sweeper.sweepInTurn(ctx, every)
			c.sweeper.busy.Store(false)
		}
		timer.Reset(every + rand.N(every/10+1))
	}
}

// sweepInTurn does a round if it is this process's turn.
func (s *sweeper) sweepInTurn(ctx context.Context, every time.Duration) {
	// At the start of a process that has the store for itself, nobody else is about to
	// sweep.
	alone := s.opts.Journal != nil && s.rounds == 0
	if !s.onDuty(ctx, every, alone) {
		return
	}
	// What could not be done is done the next time.
	if err := s.sweep(ctx); ctx.Err() == nil {
		s.upkeep.Store(&err)
	}
}

const longest = 1<<63 - 1

// onDuty reports whether it is this process that sweeps now: it has written the
// record of that, and nobody has within the last round.
func (s *sweeper) onDuty(ctx context.Context, every time.Duration, always bool) bool {
	last, err := s.readLast(ctx, dutySubject)
	if err != nil {
		return false
	}
	seq := uint64(0)
	if last != nil {
		if seq = last.Sequence; !always && s.now().Sub(last.Time) < every*9/10 {
			return false
		}
	}
	_, err = s.js.PublishMsg(ctx, nats.NewMsg(dutySubject), jetstream.WithExpectLastSequencePerSubject(seq))
	return err == nil
}

// sweep does one round. An error of one part does not keep the others from being
// done.
func (s *sweeper) sweep(ctx context.Context) error {
	var first error
	for _, part := range []func(context.Context) error{
		s.readRecords, s.mendOpen, s.mendKeys, s.mendSchedules, s.expireRecords,
	} {
		if err := part(ctx); err != nil && first == nil {
			first = err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	s.rounds++
	return first
}

// readRecords finds the tasks that have not ended among the records that were
// written since the last round.
func (s *sweeper) readRecords(ctx context.Context) error {
	pace := s.newPace()
	return s.scan(ctx, recordSubjects+">", s.next, func(m found) (bool, error) {
		pace.step(ctx)
		s.next = m.seq + 1
		id, _, _ := parseSubject(m.subject, recordSubjects)
		r, err := parseRecord(m.header)
		switch {
		case err != nil:
			return true, nil //nolint:nilerr // not a record of ours
		case r.State.Final():
			delete(s.open, id)
			s.keep = min(s.keep, max(r.Keep, 0))
		default:
			s.open[id] = struct{}{}
		}
		return true, nil
	})
}

// mendOpen sees to it that each task that has not ended has a carrier.
func (s *sweeper) mendOpen(ctx context.Context) error {
	for id := range s.open {
		r, err := s.readRecord(ctx, id)
		switch {
		case err != nil:
			return err
		case r.seq == 0 || r.State.Final():
			delete(s.open, id)
			continue
		case s.now().Sub(r.stamp) < settleTime:
			continue
		}
		if !r.Expires.IsZero() && s.now().After(r.Expires) {
			err = s.endFrom(ctx, &sight{carrier: *carrierOf(id, r), rec: r}, Expired)
		} else {
			err = s.mend(ctx, carrierOf(id, r))
		}
		if err != nil && !isPassing(err) {
			return err
		}
	}
	return nil
}

// mend publishes a carrier that is nowhere: not in its queue, not in a schedule,
// and not due.
func (s *sweeper) mend(ctx context.Context, k *carrier) error {
	msg, err := s.find(ctx, queueStream(k.id.Kind()), queueSubject(k.id))
	if err != nil || msg != nil && parseCarrier(k.id, msg.Header, nil).tag == k.tag {
		return err
	}
	for _, subject := range []string{scheduleSubject(k.id, formatTag(k.tag)), dueSubject(k.id, formatTag(k.tag))} {
		if msg, err := s.find(ctx, scheduleStream, subject); err != nil || msg != nil {
			return err
		}
	}
	if err := s.sync(ctx, stateStream); err != nil { // the carrier must not outlive what it is made of
		return err
	}
	s.fault("mend", k.id)
	if k.due.Sub(s.now()) > shortDelay {
		return s.schedule(ctx, k, formatTag(k.tag), k.due)
	}
	_, err = s.publish(ctx, k) // 'taken': the one that is there goes first, and then it is seen again
	return err
}

// mendKeys publishes the carriers of unique tasks that have none, and gives back
// the keys of those that have ended (rule 5).
func (s *sweeper) mendKeys(ctx context.Context) error {
	pace := s.newPace()
	return s.scan(ctx, keySubjects+">", 0, func(m found) (bool, error) {
		pace.step(ctx)
		id, _, ok := parseSubject(m.header.Get(headerKeyOf), "")
		if !ok || s.now().Sub(m.stamp) < settleTime {
			return true, nil
		}
		r, err := s.readRecord(ctx, id)
		if err != nil {
			return false, err
		}
		key := unescape(m.header.Get(headerKey))
		if r.seq != 0 {
			if r.State.Final() {
				err = s.release(ctx, id, key)
			}
			return err == nil, err
		}
		h, err := s.holder(ctx, id.Kind(), key)
		if err != nil || h.id != id {
			return err == nil, err
		}
		if err = s.mend(ctx, h.carrier); isPassing(err) {
			err = nil
		}
		return err == nil, err
	})
}
