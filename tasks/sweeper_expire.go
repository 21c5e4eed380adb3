package tasks

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// expireRecords forgets tasks that ended longer ago than Keep (rule 1). Dead ones
// stay. Records are in the order of their writes, so that the look at them ends
// with the first that is too young.
func (s *sweeper) expireRecords(ctx context.Context) error {
	if s.keep == longest {
		return nil
	}
	pace := s.newPace()
	return s.scan(ctx, recordSubjects+">", 0, func(m found) (bool, error) {
		pace.step(ctx)
		if s.now().Sub(m.stamp) < s.keep {
			return false, nil
		}
		r, err := parseRecord(m.header)
		if err != nil || !r.State.Final() || r.State == Dead {
			return true, nil //nolint:nilerr // not a record of ours
		}
		id, _, _ := parseSubject(m.subject, recordSubjects)
		window, err := s.windowOf(ctx, id.Kind())
		if err != nil {
			return false, err
		}
		if s.now().Sub(m.stamp) < max(r.Keep, window)+settleTime/10 {
			return true, nil
		}
		spoken, err := s.spoken(ctx, id, r.Key)
		if err != nil || spoken {
			return err == nil, err
		}
		// What was seen to be gone must not come back without its record.
		if s.opts.Disk != nil {
			if err := s.opts.Disk.SyncAll(ctx); err != nil {
				return false, err
			}
		}
		s.fault("forget", id)
		// By its sequence: what was written since stays.
		err = s.deleteMessage(ctx, stateStream, m.seq)
		return err == nil, err
	})
}

// spoken reports whether anything still speaks of an ID: its record must stay as
// long as that.
func (s *sweeper) spoken(ctx context.Context, id ID, key string) (bool, error) {
	if known, err := s.speaksOf(ctx, id); known || err != nil {
		return known, err
	}
	if key == "" {
		return false, nil
	}
	h, err := s.holder(ctx, id.Kind(), key)
	return h.id == id, err
}

// windowOf is how long the queue of a kind remembers Msg-Ids.
func (s *sweeper) windowOf(ctx context.Context, kind string) (time.Duration, error) {
	if w, ok := s.windows[kind]; ok {
		return w, nil
	}
	info, err := s.streamInfo(ctx, queueStream(kind))
	switch {
	case err == nil:
		s.windows[kind] = info.Config.Duplicates
	case errors.Is(err, jetstream.ErrStreamNotFound):
		s.windows[kind] = window
	default:
		return 0, err
	}
	return s.windows[kind], nil
}

// newMessage is the message that was stored, to be published again.
func newMessage(subject string, old *jetstream.RawStreamMsg) *nats.Msg {
	msg := nats.NewMsg(subject)
	for name, values := range old.Header {
		if !strings.HasPrefix(name, "Nats-Expected-") {
			msg.Header[name] = values
		}
	}
	msg.Data = old.Data
	return msg
}
