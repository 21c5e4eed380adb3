package tasks

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/remuda-go/remuda"
)

const (
	// overdueAfter is how late a schedule must be before it is published again.
	overdueAfter = 5 * time.Second

	// many schedules are looked through in every tenth round only.
	many = 100_000
)

// isPassing: an error about one task that is no reason to leave the others.
func isPassing(err error) bool {
	return errors.Is(err, errStale) || errors.Is(err, remuda.ErrQueueFull)
}

// mendSchedules publishes again what should have fired: a schedule that comes due
// while the store is full never does (rule 6).
func (s *sweeper) mendSchedules(ctx context.Context) error {
	info, err := s.streamInfo(ctx, scheduleStream)
	if err != nil || info.State.Msgs == 0 || info.State.Msgs > many && s.rounds%10 != 0 {
		return err
	}
	return s.scanWork(ctx, scheduleStream, scheduleSubjects+">", 0, func(m found) (bool, error) {
		id, tag, _ := parseSubject(m.subject, scheduleSubjects)
		late, err := s.late(ctx, id, tag, m)
		if err != nil || !late {
			return err == nil, err
		}
		s.fault("overdue", id)
		if err = s.publishAgain(ctx, m.subject); isPassing(err) {
			err = nil
		}
		return err == nil, err
	})
}

// late reports whether a schedule should have fired.
func (s *sweeper) late(ctx context.Context, id ID, tag string, m found) (bool, error) {
	pattern := m.header.Get("Nats-Schedule")
	limit := s.now().Add(-overdueAfter)
	if tag != tagCron {
		at := dueTime(pattern)
		return !at.IsZero() && at.Before(limit) && m.stamp.Before(limit), nil
	}
	last, err := s.readLast(ctx, cronSubjects+id.token())
	if err != nil {
		return false, err
	}
	if last != nil && last.Time.After(m.stamp) {
		next := getTime(last.Header, headerDue)
		return !next.IsZero() && next.Before(limit), nil
	}
	every, err := time.ParseDuration(strings.TrimPrefix(pattern, "@every "))
	return err == nil && m.stamp.Add(every).Before(limit), nil
}

// publishAgain stores the message of a schedule anew, in its own place.
func (s *sweeper) publishAgain(ctx context.Context, subject string) error {
	old, err := s.find(ctx, scheduleStream, subject)
	if err != nil || old == nil {
		return err
	}
	msg := newMessage(subject, old)
	_, err = s.js.PublishMsg(ctx, msg)
	if isFull(err) {
		return remuda.ErrQueueFull
	}
	return err
}
