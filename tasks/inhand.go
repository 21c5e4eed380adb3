package tasks

import (
	"cmp"
	"slices"
	"sync"
)

// inHand is the deliveries that this process has taken and not let go, by carrier. Where
// the lease of one runs out although its process lives, as one does that gets no time of
// the processor, the carrier is delivered again: that is no interruption, and no reason
// to run its task twice.
type inHand struct {
	mu       sync.Mutex // guards what follows, and held of each delivery
	carriers map[carrierKey]*delivery
}

// A carrierKey names a carrier: its task, and its message in the queue.
type carrierKey struct {
	id  ID
	seq uint64
}

func (k *carrier) inHandKey() carrierKey { return carrierKey{k.id, k.seq} }

// held is what a delivery in hand knows of the other deliveries of its carrier. The lock
// of inHand guards it.
type held struct {
	from, to uint64 // the numbers of the deliveries that it stands for
	settled  bool   // it stands for no more
	heirs    []heir // those that came since then
}

// An heir is a delivery that waits for another one to be let go.
type heir struct {
	*delivery
	turn chan bool // told whether it is in hand
}

// hold takes a delivery in hand. It reports false if its carrier is already: then
// another delivery of it goes on, and stands for this one, too. If that one is being
// settled, hold waits until it is let go: its record does not cover this one any more,
// which may be that of the retry.
func (c *Client) hold(d *delivery) bool {
	c.used.Add(1)
	wait, ok := c.tryHold(d)
	c.fault("taken", d.id)
	if wait != nil {
		ok = <-wait
	}
	return ok
}

// tryHold is hold without the wait, for what comes from the channel.
func (c *Client) tryHold(d *delivery) (wait <-chan bool, ok bool) {
	c.inHand.mu.Lock()
	defer c.inHand.mu.Unlock()
	first := c.inHand.carriers[d.inHandKey()]
	switch {
	case first == nil:
		c.inHand.carriers[d.inHandKey()] = d
		return nil, true
	case !first.settled:
		first.from, first.to = min(first.from, d.number), max(first.to, d.number)
		return nil, false
	}
	turn := make(chan bool, 1)
	first.heirs = append(first.heirs, heir{d, turn})
	return turn, false
}

// heldFrom returns the number of the first delivery that this one stands for.
func (c *Client) heldFrom(d *delivery) uint64 {
	c.inHand.mu.Lock()
	defer c.inHand.mu.Unlock()
	return d.from
}

// settled says that the delivery is about to be settled, and returns the number of the
// last one that it stands for. It does not stand for what comes from now on.
func (c *Client) settled(d *delivery) uint64 {
	c.inHand.mu.Lock()
	defer c.inHand.mu.Unlock()
	d.settled = true
	return d.to
}

// letGo ends hold, once the delivery is settled, and its lease is not renewed any more. The
// first of those that wait for that comes in its place, and stands for them all.
func (c *Client) letGo(d *delivery) {
	c.fault("letgo", d.id)
	d.pulse.stop()
	for i, h := range c.succeed(d) {
		h.turn <- i == 0 // has room for it
	}
}

// succeed puts the first heir in the place of d, and returns all of them.
func (c *Client) succeed(d *delivery) []heir {
	c.inHand.mu.Lock()
	defer c.inHand.mu.Unlock()
	delete(c.inHand.carriers, d.inHandKey())
	if len(d.heirs) == 0 {
		return nil
	}
	slices.SortFunc(d.heirs, func(a, b heir) int { return cmp.Compare(a.number, b.number) })
	first := d.heirs[0].delivery
	first.to = d.heirs[len(d.heirs)-1].number
	c.inHand.carriers[d.inHandKey()] = first
	return d.heirs
}
