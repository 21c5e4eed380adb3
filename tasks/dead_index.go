package tasks

import (
	"cmp"
	"context"
	"slices"
)

// A deadIndex knows the dead tasks. It reads only the records that were written
// since the last time, and holds only the IDs of dead tasks and where their records
// are. The holder of the token of turn may use the rest.
type deadIndex struct {
	turn chan struct{}
	next uint64        // the first record that was not read
	seqs map[ID]uint64 // of the record of each dead task
}

func newDeadIndex() *deadIndex {
	return &deadIndex{turn: make(chan struct{}, 1), seqs: make(map[ID]uint64)}
}

// withDead calls f with the sequence of the record of each dead task.
func (c *Client) withDead(ctx context.Context, f func(seqs map[ID]uint64)) error {
	d := c.dead
	select {
	case d.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-d.turn }()
	err := c.scan(ctx, recordSubjects+">", d.next, func(m found) (bool, error) {
		d.next = m.seq + 1
		id, _, _ := parseSubject(m.subject, recordSubjects)
		if r, err := parseRecord(m.header); err == nil && r.State == Dead {
			d.seqs[id] = m.seq
		} else {
			delete(d.seqs, id) // redriven or deleted
		}
		return true, nil
	})
	if err == nil {
		f(d.seqs)
	}
	return err
}

// countDead returns the number of dead tasks of each kind that has any.
func (c *Client) countDead(ctx context.Context) (map[string]int, error) {
	n := make(map[string]int)
	err := c.withDead(ctx, func(seqs map[ID]uint64) {
		for id := range seqs {
			n[id.Kind()]++
		}
	})
	return n, err
}

// fewDead is for how many dead tasks it takes less to read the record of each than all
// records that there are.
const fewDead = 1000

// deadOnes returns the dead tasks of a kind, or of all if it is empty, the longest dead
// first; false if they are too many to read each by itself.
func (c *Client) deadOnes(ctx context.Context, kind string) (ids []ID, few bool, err error) {
	err = c.withDead(ctx, func(seqs map[ID]uint64) {
		for id := range seqs {
			if kind == "" || id.Kind() == kind {
				ids = append(ids, id)
			}
		}
		slices.SortFunc(ids, func(a, b ID) int { return cmp.Compare(seqs[a], seqs[b]) })
	})
	return ids, len(ids) <= fewDead, err
}

// eachDead calls more with each dead task that f selects, the longest dead first, and
// its record as it is now, until more says to stop.
func (c *Client) eachDead(ctx context.Context, f Filter, more func(ID, *record) bool) (on bool, err error) {
	subject, err := f.subjects()
	if err != nil {
		return false, err
	}
	ids, few, err := c.deadOnes(ctx, f.Kind)
	switch {
	case err != nil:
		return false, err
	case f.Limit > 0:
		return c.eachLastDead(ctx, f, subject, ids, few, more)
	}
	on = true
	look := func(id ID) (bool, error) {
		r, err := c.deadRecord(ctx, id, f)
		on = err == nil && (r == nil || more(id, r))
		return on, err
	}
	if !few {
		return on, c.scanDead(ctx, f, subject, 0, allOfIt, look)
	}
	for _, id := range ids {
		if on, err := look(id); err != nil || !on {
			return on, err
		}
	}
	return true, nil
}

// eachLastDead is eachDead for the last f.Limit of them, of which it reads no more than
// it takes to find these.
func (c *Client) eachLastDead(ctx context.Context, f Filter, subject string, ids []ID, few bool, more func(ID, *record) bool) (on bool, err error) {
	if !few {
		ids, err = tail(ctx, c, stateStream, f.Limit, func(from, to uint64) (part []ID, err error) {
			return part, c.scanDead(ctx, f, subject, from, to, func(id ID) (bool, error) {
				part = append(part, id)
				return true, nil
			})
		})
		if err != nil {
			return false, err
		}
	}
	type one struct {
		id  ID
		rec *record
	}
	var found []one
	for _, id := range slices.Backward(ids) {
		r, err := c.deadRecord(ctx, id, f)
		if err != nil {
			return false, err
		}
		if r == nil {
			continue
		}
		if found = append(found, one{id, r}); len(found) == f.Limit {
			break
		}
	}
	for _, d := range slices.Backward(found) {
		if !more(d.id, d.rec) {
			return false, nil
		}
	}
	return true, nil
}

// deadRecord reads the record of a task; nil if it is not dead any more, or f does not
// select it.
func (c *Client) deadRecord(ctx context.Context, id ID, f Filter) (*record, error) {
	r, err := c.readRecord(ctx, id)
	if err != nil || r.State != Dead || !f.selects(r) {
		return nil, err
	}
	return r, nil
}

// scanDead calls each with the dead tasks that f selects by what the headers of their
// records say, of those that were written from one sequence to another.
func (c *Client) scanDead(ctx context.Context, f Filter, subject string, from, to uint64, each func(ID) (bool, error)) error {
	return c.scan(ctx, subject, from, upTo(to, func(m found) (on bool, err error) {
		r, err := parseRecord(m.header)
		if err != nil || r.State != Dead {
			return true, nil //nolint:nilerr // not a record of ours
		}
		if r.stamp = m.stamp; !f.selects(r) {
			return true, nil
		}
		id, _, _ := parseSubject(m.subject, recordSubjects)
		return each(id)
	}))
}
