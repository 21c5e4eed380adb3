package tasks

import (
	"cmp"
	"context"
	"slices"
)

// A deadIndex knows the dead tasks. It reads only the records that were written since
// the last time, and holds only the IDs of dead tasks and where their records are.
// Whoever has the token of turn may use the rest.
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
	err := c.scan(ctx, stateStream, recordSubjects+">", d.next, true, func(m found) (bool, error) {
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
	look := func(id ID) (bool, error) {
		r, err := c.readRecord(ctx, id)
		if err != nil || r.State != Dead || !f.selects(r) {
			return true, err
		}
		return more(id, r), nil
	}
	ids, few, err := c.deadOnes(ctx, f.Kind)
	if err != nil {
		return false, err
	}
	on = true
	if few {
		for _, id := range ids {
			if on, err = look(id); err != nil || !on {
				return on, err
			}
		}
		return on, nil
	}
	err = c.scan(ctx, stateStream, subject, 0, true, func(m found) (_ bool, err error) {
		id, _, _ := parseSubject(m.subject, recordSubjects)
		r, err := parseRecord(m.header)
		if err != nil || r.State != Dead {
			return true, nil //nolint:nilerr // not a record of ours
		}
		if r.stamp = m.stamp; f.selects(r) {
			on, err = look(id)
		}
		return on, err
	})
	return on, err
}
