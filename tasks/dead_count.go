package tasks

import "context"

// A deadCount counts the dead tasks of each kind. It reads only the records that
// were written since the last time, and holds only the IDs of dead tasks. Whoever
// has the token of turn may use the rest.
type deadCount struct {
	turn chan struct{}
	next uint64 // the first record that was not read
	dead map[ID]struct{}
}

func newDeadCount() *deadCount {
	return &deadCount{turn: make(chan struct{}, 1), dead: make(map[ID]struct{})}
}

// countDead returns the number of dead tasks of each kind that has any.
func (c *Client) countDead(ctx context.Context) (map[string]int, error) {
	d := c.dead
	select {
	case d.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-d.turn }()
	err := c.scan(ctx, stateStream, recordSubjects+">", d.next, true, func(m found) (bool, error) {
		d.next = m.seq + 1
		id, _, _ := parseSubject(m.subject, recordSubjects)
		if r, err := parseRecord(m.header); err == nil && r.State == Dead {
			d.dead[id] = struct{}{}
		} else {
			delete(d.dead, id) // redriven or deleted
		}
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	n := make(map[string]int)
	for id := range d.dead {
		n[id.Kind()]++
	}
	return n, nil
}
