package tasks

import (
	"cmp"
	"context"
	"iter"
	"slices"
)

// List yields the tasks that f selects: first those that have ended or have been
// tried, in the order in which their state was last written, then those that have
// yet to be run. With a Limit, it is the newest of all these, in the order of
// [Info.Changed].
//
// List takes about a second for each hundred thousand, less with a Limit if what f
// selects is among the newest, and less where only the dead are asked for: see
// [Client.Dead]. A task that changes its place meanwhile may be yielded twice or not at
// all. Whether a task runs is as it was when List began. An error is the last that List
// yields.
func (c *Client) List(ctx context.Context, f Filter) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		l := &listing{client: c, Filter: f}
		parts, err := l.begin(ctx)
		switch {
		case err != nil:
		case f.Limit > 0:
			err = l.newest(ctx, parts, yield)
		default:
			err = l.all(ctx, parts, yield)
		}
		if err != nil {
			yield(Info{}, err)
		}
	}
}

// A listing is one call of List.
type listing struct {
	client *Client
	Filter
	queues  []string // of the kinds that may have what is selected
	running map[ID]bool
}

// begin finds out what runs, and returns the parts to be read.
func (l *listing) begin(ctx context.Context) (parts []part, err error) {
	if l.queues, err = l.client.queuesOf(ctx, l.Filter); err != nil {
		return nil, err
	}
	if l.running, err = l.client.runningAmong(ctx, l.queues); err != nil {
		return nil, err
	}
	return l.parts()
}

// A part is what List reads of one stream: read calls more with what is selected from
// one sequence to another, until more says to stop.
type part struct {
	stream string
	read   func(ctx context.Context, from, to uint64, more func(Info) bool) (on bool, err error)
}

// parts are those that may have something that is selected, in their order.
func (l *listing) parts() (parts []part, err error) {
	subject, err := l.subjects()
	if err != nil {
		return nil, err
	}
	if slices.Equal(l.States, []State{Dead}) {
		return []part{{read: l.readDead}}, nil
	}
	parts = append(parts, part{stateStream, func(ctx context.Context, from, to uint64, more func(Info) bool) (bool, error) {
		return l.readRecords(ctx, subject, from, to, more)
	}})
	if l.Reason != nil || !l.Before.IsZero() || !l.After.IsZero() {
		return parts, nil // what has no record has none of these
	}
	if l.wants(Waiting) || l.wants(Running) {
		for _, stream := range l.queues {
			parts = append(parts, l.carriers(stream, queueSubjects, queueSubjects+">", Waiting))
		}
	}
	if l.wants(Scheduled) {
		parts = append(parts, l.carriers(scheduleStream, scheduleSubjects, scheduleSubjects+cmp.Or(l.Kind, "*")+".*.0", Scheduled))
	}
	return parts, nil
}

// all yields what is selected as it is read.
func (l *listing) all(ctx context.Context, parts []part, yield func(Info, error) bool) error {
	for _, p := range parts {
		on, err := p.read(ctx, 0, allOfIt, func(i Info) bool { return yield(i, nil) })
		if err != nil || !on {
			return err
		}
	}
	return nil
}

// newest yields the last Limit of what is selected. After an error, as when there is no
// more time, it yields the last of what it has seen, and the error.
func (l *listing) newest(ctx context.Context, parts []part, yield func(Info, error) bool) (err error) {
	var found []Info
	for _, p := range parts {
		read := func(from, to uint64) (some []Info, err error) {
			_, err = p.read(ctx, from, to, func(i Info) bool {
				some = append(some, i)
				return true
			})
			return some, err
		}
		var last []Info
		if p.stream == "" { // the part knows the Limit
			last, err = read(0, allOfIt)
		} else {
			last, err = tail(ctx, l.client, p.stream, l.Limit, read)
		}
		if found = append(found, last...); err != nil {
			break
		}
	}
	slices.SortStableFunc(found, func(a, b Info) int { return a.Changed().Compare(b.Changed()) })
	for _, i := range found[max(0, len(found)-l.Limit):] {
		if !yield(i, nil) {
			return nil
		}
	}
	return err
}

// infoOf tells of a task, and whether it is selected by its state.
func (l *listing) infoOf(t *sight) (Info, bool) {
	i := infoOf(t)
	if l.running[i.ID] && !i.State.Final() && i.State != Scheduled {
		i.runs()
	}
	return i, l.wants(i.State)
}

func (l *listing) readDead(ctx context.Context, _, _ uint64, more func(Info) bool) (on bool, err error) {
	return l.client.eachDead(ctx, l.Filter, func(id ID, r *record) bool {
		return more(infoOf(&sight{carrier: *carrierOf(id, r), rec: r, state: Dead}))
	})
}

func (l *listing) readRecords(ctx context.Context, subject string, from, to uint64, more func(Info) bool) (on bool, err error) {
	on = true
	err = l.client.scan(ctx, subject, from, upTo(to, func(m found) (bool, error) {
		id, _, _ := parseSubject(m.subject, recordSubjects)
		r, err := parseRecord(m.header)
		if err != nil || r.State == Deleted {
			return true, nil //nolint:nilerr // not a record of ours
		}
		if r.seq, r.stamp = m.seq, m.stamp; !l.selects(r) {
			return true, nil
		}
		if i, ok := l.infoOf(&sight{carrier: *carrierOf(id, r), rec: r, state: r.State}); ok {
			on = more(i)
		}
		return on, nil
	}))
	return on, err
}

// carriers is the part of tasks that have no record.
func (l *listing) carriers(stream, prefix, subject string, state State) part {
	c := l.client
	return part{stream, func(ctx context.Context, from, to uint64, more func(Info) bool) (on bool, err error) {
		on = true
		err = c.scanWork(ctx, stream, subject, from, upTo(to, func(m found) (bool, error) {
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
			if i, ok := l.infoOf(&sight{carrier: *k, rec: r, state: state}); ok {
				on = more(i)
			}
			return on, nil
		}))
		return on, err
	}}
}
