package tasks

import (
	"context"
	"iter"
	"slices"
)

// List yields the tasks that f selects: first those that have ended or have been
// tried, in the order in which their state was last written, then those that have
// yet to be run. It takes about a second for each hundred thousand, and less where only
// the dead are asked for: see [Client.Dead]. A task that
// changes its place meanwhile may be yielded twice or not at all. Whether a task
// runs right now [Client.Info] tells. An error is the last that List yields.
func (c *Client) List(ctx context.Context, f Filter) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		n := 0
		more := func(t *sight) bool {
			n++
			return yield(infoOf(t), nil) && (f.Limit == 0 || n < f.Limit)
		}
		on, err := c.listRecords(ctx, f, more)
		if err != nil || !on {
			if err != nil {
				yield(Info{}, err)
			}
			return
		}
		for _, at := range []struct {
			stream, prefix, subject string
			state                   State
		}{
			{queueStream(f.Kind), queueSubjects, queueSubjects + ">", Waiting},
			{scheduleStream, scheduleSubjects, scheduleSubjects + cmpOr(f.Kind, "*") + ".*.0", Scheduled},
		} {
			streams := []string{at.stream}
			if at.state == Waiting && f.Kind == "" {
				if streams, err = c.queueStreams(ctx); err != nil {
					yield(Info{}, err)
					return
				}
			}
			for _, stream := range streams {
				if on, err := c.listCarriers(ctx, f, stream, at.prefix, at.subject, at.state, more); err != nil || !on {
					if err != nil {
						yield(Info{}, err)
					}
					return
				}
			}
		}
	}
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// listRecords reports whether the loop goes on.
func (c *Client) listRecords(ctx context.Context, f Filter, more func(*sight) bool) (on bool, err error) {
	if slices.Equal(f.States, []State{Dead}) {
		return c.eachDead(ctx, f, func(id ID, r *record) bool {
			return more(&sight{carrier: *carrierOf(id, r), rec: r, state: Dead})
		})
	}
	on = true
	subject, err := f.subjects()
	if err != nil {
		return false, err
	}
	err = c.scan(ctx, stateStream, subject, 0, true, func(m found) (bool, error) {
		id, _, _ := parseSubject(m.subject, recordSubjects)
		r, err := parseRecord(m.header)
		if err != nil || r.State == Deleted {
			return true, nil //nolint:nilerr // not a record of ours
		}
		if r.seq, r.stamp = m.seq, m.stamp; !f.selects(r) {
			return true, nil
		}
		on = more(&sight{carrier: *carrierOf(id, r), rec: r, state: r.State})
		return on, nil
	})
	return on, err
}

// listCarriers lists tasks that have no record.
func (c *Client) listCarriers(ctx context.Context, f Filter, stream, prefix, subject string, state State, more func(*sight) bool) (on bool, err error) {
	on = true
	if len(f.States) > 0 && !slices.Contains(f.States, state) || f.Reason != nil || !f.Before.IsZero() || !f.After.IsZero() {
		return true, nil
	}
	err = c.scanWork(ctx, stream, subject, func(m found) (bool, error) {
		id, _, _ := parseSubject(m.subject, prefix)
		r, err := c.readRecord(ctx, id)
		if err != nil || r.seq != 0 { // it was among the records
			return err == nil, err
		}
		if state == Scheduled { // pushed again to run later, it waits all the same
			if waits, err := c.find(ctx, queueStream(id.Kind()), queueSubject(id)); err != nil || waits != nil {
				return err == nil, err
			}
		}
		k := parseCarrier(id, m.header, nil)
		if k.pushed.IsZero() {
			k.pushed = m.stamp
		}
		on = more(&sight{carrier: *k, rec: r, state: state})
		return on, nil
	})
	return on, err
}
