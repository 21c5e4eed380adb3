package tasks

import "sync"

// inHand is the deliveries that this process has taken and not settled, by task. Where
// the lease of one runs out although its process lives, as one does that gets no time of
// the processor, the carrier is delivered again: that is no interruption, and no reason
// to run its task twice.
type inHand struct {
	mu    sync.Mutex // guards what follows, and delivery.again
	tasks map[ID]*delivery
}

// hold takes a delivery in hand. It reports false if its carrier is already: then the
// first delivery of it goes on, and stands for this one, too.
func (c *Client) hold(d *delivery) bool {
	c.inHand.mu.Lock()
	defer c.inHand.mu.Unlock()
	// Another carrier of the task takes the place of one that was settled a moment ago.
	if first := c.inHand.tasks[d.id]; first != nil && first.seq == d.seq {
		first.again = d
		first.covers.Store(d.number)
		return false
	}
	c.inHand.tasks[d.id] = d
	return true
}

// letGo ends hold, once the delivery is settled. One that came meanwhile is handed back,
// since it may be that of a retry. If the carrier is gone, the server does not mind.
func (c *Client) letGo(d *delivery) {
	c.fault("letgo", d.id)
	c.inHand.mu.Lock()
	if c.inHand.tasks[d.id] == d {
		delete(c.inHand.tasks, d.id)
	}
	again := d.again
	c.inHand.mu.Unlock()
	if again != nil {
		c.nak(again, 0)
	}
}
