package remuda

import "sync"

// A crew is the workers of a private pool, which is that of one call: nobody else
// resizes it, closes it or sends to it, and its jobs can't wait for it. So it needs no
// queue for them. A worker begins where the stream invites one; when there is nothing
// for it, it rests, and once the sequence has ended it ends.
type crew[In, Out any] struct {
	all sync.WaitGroup // its goroutines

	mu      sync.Mutex // guards the rest
	resting []*worker[In, Out]
	lastID  int
	over    bool // nobody rests any more
}

// next returns a worker for v, for which the caller owes a call of sendOut: one that rests or,
// if there is none, a new one.
func (c *crew[In, Out]) next(v visitor[In, Out]) *worker[In, Out] {
	c.mu.Lock()
	defer c.mu.Unlock()
	var w *worker[In, Out]
	if n := len(c.resting); n > 0 {
		w, c.resting = c.resting[n-1], c.resting[:n-1]
	} else {
		c.lastID++
		w = &worker[In, Out]{ID: c.lastID}
		c.all.Add(1)
	}
	w.State.visiting = v
	return w
}

// sendOut sends a worker of the crew to whom it is to visit. It must be called without locks.
func sendOut[In, Out any](c *core[In, Out], w *worker[In, Out]) {
	if w.State.rested != nil {
		w.State.rested <- struct{}{}
	} else {
		go c.work(w)
	}
}

// rest parks a worker until it is sent to somebody, or returns false: it is to end.
func (c *crew[In, Out]) rest(w *worker[In, Out]) bool {
	c.mu.Lock()
	over := c.over
	if !over {
		if w.State.rested == nil {
			w.State.rested = make(chan struct{}, 1)
		}
		c.resting = append(c.resting, w)
	}
	c.mu.Unlock()
	if over {
		return false
	}
	unlabel()
	<-w.State.rested
	return w.State.visiting != nil
}

// dismiss ends those that rest, and has all others end when there is nothing for them.
func (c *crew[In, Out]) dismiss() {
	c.mu.Lock()
	c.over = true
	resting := c.resting
	c.resting = nil
	c.mu.Unlock()
	for _, w := range resting {
		w.State.rested <- struct{}{}
	}
}
