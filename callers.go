package remuda

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// callers is the context of those whose inputs are in a bulk: it ends when the last of
// them has gone. It has neither values nor a deadline.
//
// Nobody is watched until somebody asks for Done, and then one caller at a time: when
// that one has gone, the next who is still there.
type callers struct {
	all  []context.Context // each can end
	gone atomic.Int64      // how many of them were found to have ended, from the first

	once   sync.Once
	linked atomic.Pointer[linkedCallers]

	mu       sync.Mutex // guards the rest; never held during a call of a context
	watched  int        // the caller of unwatch
	unwatch  func() bool
	released bool
}

// linkedCallers is the context whose Done somebody has asked for.
type linkedCallers struct {
	context.Context
	cancel context.CancelCauseFunc
}

// present returns the index of a caller who is still there; len(all) if there is none.
func (c *callers) present() int {
	i := int(c.gone.Load())
	for i < len(c.all) && c.all[i].Err() != nil {
		i++
	}
	c.gone.Store(int64(i))
	return i
}

// Err returns context.Canceled once all callers have gone.
func (c *callers) Err() error {
	if c.present() < len(c.all) {
		return nil
	}
	return context.Canceled
}

func (c *callers) Done() <-chan struct{} {
	c.once.Do(func() {
		l := &linkedCallers{}
		l.Context, l.cancel = context.WithCancelCause(context.Background())
		c.linked.Store(l)
		c.watch(len(c.all) - 1)
	})
	return c.linked.Load().Done()
}

// watch watches the next caller, or ends the context, since the last to go has gone.
func (c *callers) watch(last int) {
	i := c.present()
	if i == len(c.all) {
		c.linked.Load().cancel(context.Cause(c.all[last]))
		return
	}
	unwatch := context.AfterFunc(c.all[i], func() { c.watch(i) })
	c.mu.Lock()
	late := c.released
	if !late && i >= c.watched { // else this one has gone meanwhile, and another is watched
		c.watched, c.unwatch = i, unwatch
	}
	c.mu.Unlock()
	if late {
		unwatch()
	}
}

// release ends the watch.
func (c *callers) release() {
	c.mu.Lock()
	unwatch := c.unwatch
	c.unwatch, c.released = nil, true
	c.mu.Unlock()
	if unwatch != nil {
		unwatch()
	}
}

func (*callers) Deadline() (time.Time, bool) { return time.Time{}, false }

// Value leads package context to what can be cancelled.
func (c *callers) Value(key any) any {
	if l := c.linked.Load(); l != nil {
		return l.Value(key)
	}
	return nil
}
