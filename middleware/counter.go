package middleware

import (
	"context"
	"sync/atomic"

	"github.com/remuda-go/remuda"
)

// Counter counts runs. The zero Counter is ready for use, and must not be
// copied afterwards. All methods are safe for concurrent use.
//
// All workers, and all pools that are given the Counter, share its counts. A run
// that panics or ends its goroutine counts as finished and failed. One that a
// middleware further inside refused counts as finished and dropped, as in
// [remuda.Stats]. It costs two uncontended atomic operations a run, and no
// allocation.
type Counter struct {
	shards shards[counterShard]
}

// CounterSnapshot is what a [Counter] has counted. It shows one moment of each
// worker: Finished == Started - Running and Failed + Dropped <= Finished always
// hold, and Running never exceeds the number of workers there were.
type CounterSnapshot struct {
	Started  uint64 // runs begun
	Finished uint64 // those that have ended
	Failed   uint64 // those of Finished whose job returned an error, panicked or ended its goroutine
	Dropped  uint64 // those of Finished whose job was not called: a middleware further inside refused them
	Running  uint64 // those that have not ended
}

type counterShard struct {
	started, succeeded, failed, dropped atomic.Uint64
	_                                   [cacheLine]byte
}

// Wrap makes a Counter a [remuda.Middleware].
func (c *Counter) Wrap(next remuda.Handler) remuda.Handler {
	s, _ := c.shards.assign()
	return func(ctx context.Context) error {
		s.started.Add(1)
		ended := &s.failed // unless next returns and says otherwise
		defer func() { ended.Add(1) }()
		err := next(ctx)
		if err == nil {
			ended = &s.succeeded
		} else if isDropped(ctx, err) {
			ended = &s.dropped
		}
		return err
	}
}

// Snapshot returns all counts, consistent with each other.
func (c *Counter) Snapshot() CounterSnapshot {
	var t CounterSnapshot
	for _, s := range c.shards.list() {
		started, succeeded, failed, dropped := s.read()
		t.Started += started
		t.Finished += succeeded + failed + dropped
		t.Failed += failed
		t.Dropped += dropped
	}
	t.Running = t.Started - t.Finished
	return t
}

// read returns the counts of one moment. The ends that are counted belong to
// runs that are, because no run began while they were read: that is looked for
// rather than locked out, since it seldom takes a second look.
func (s *counterShard) read() (started, succeeded, failed, dropped uint64) {
	for {
		started = s.started.Load()
		succeeded, failed, dropped = s.succeeded.Load(), s.failed.Load(), s.dropped.Load()
		if s.started.Load() == started {
			return started, succeeded, failed, dropped
		}
	}
}

// Started returns the number of runs that were started.
func (c *Counter) Started() uint64 { return c.Snapshot().Started }

// Finished returns the number of runs that have ended, with or without an error.
func (c *Counter) Finished() uint64 { return c.Snapshot().Finished }

// Failed returns the number of runs whose job returned an error, panicked or ended
// its goroutine.
func (c *Counter) Failed() uint64 { return c.Snapshot().Failed }

// Dropped returns the number of runs that a middleware further inside refused.
func (c *Counter) Dropped() uint64 { return c.Snapshot().Dropped }

// Running returns the number of runs under way.
func (c *Counter) Running() uint64 { return c.Snapshot().Running }
