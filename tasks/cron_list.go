package tasks

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// A CronEntry is an entry that [Kind.Cron] has set.
type CronEntry struct {
	Kind, Name string
	Spec       Spec
	Input      []byte    // as the kind's codec wrote it
	Next       time.Time // when it fires next; zero until it has fired once
}

// CronEntries returns the cron entries of a kind, or of all kinds if it is empty, by
// kind and name.
func (c *Client) CronEntries(ctx context.Context, kind string) ([]CronEntry, error) {
	if kind != "" {
		if err := checkKind(kind); err != nil {
			return nil, err
		}
	}
	var all []CronEntry
	subject := scheduleSubjects + cmp.Or(kind, "*") + ".*." + tagCron
	err := c.scanWork(ctx, scheduleStream, subject, 0, func(m found) (bool, error) {
		id, _, _ := parseSubject(m.subject, scheduleSubjects)
		next, err := c.nextFiring(ctx, id, m.stamp)
		all = append(all, CronEntry{
			Kind: id.Kind(), Name: id.Name(), Input: m.body, Next: next,
			Spec: Spec{Expr: m.header.Get("Nats-Schedule"), Zone: m.header.Get("Nats-Schedule-Time-Zone")},
		})
		return err == nil, err
	})
	slices.SortFunc(all, func(a, b CronEntry) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return all, err
}

// nextFiring is what the last firing told, if the entry is not newer than that.
func (c *Client) nextFiring(ctx context.Context, id ID, set time.Time) (time.Time, error) {
	last, err := c.readLast(ctx, cronSubjects+id.token())
	if err != nil || last == nil || last.Time.Before(set) {
		return time.Time{}, err
	}
	return getTime(last.Header, headerDue), nil
}
