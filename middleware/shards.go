package middleware

import (
	"runtime"
	"slices"
	"sync"
	"time"
)

// shardsPerProc is how many shards there may be for each goroutine that can run
// at the same time. With 16, hardly ever two of these use the same one.
const shardsPerProc = 16

// shards are the parts of a counter that is written by many workers. Each
// worker has one of its own, so that they do not write to the same cache line;
// only when there are very many workers, or have been, is a shard used by
// several. That is why a shard needs atomics or a lock, and why it can outlive
// its worker without the number of shards growing forever.
//
// The zero value is ready for use.
type shards[S any] struct {
	mu   sync.Mutex // guards what follows, and is never held on the path of a run
	all  []*S
	next int       // the one to assign when there are enough
	base time.Time // when the first was assigned
}

// assign returns the shard for a new worker, and a base for its stamps that all
// workers share.
func (s *shards[S]) assign() (*S, clock) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.base.IsZero() {
		s.base = time.Now()
	}
	if len(s.all) < shardsPerProc*runtime.GOMAXPROCS(0) {
		s.all = append(s.all, new(S))
		return s.all[len(s.all)-1], clock{s.base}
	}
	s.next++
	return s.all[s.next%len(s.all)], clock{s.base}
}

// list returns the shards that there are now.
func (s *shards[S]) list() []*S {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clip(s.all)
}

// A clock reads only the monotonic time, which takes half as long as time.Now.
type clock struct{ base time.Time }

// now is the time since the base.
func (c clock) now() time.Duration { return time.Since(c.base) }

// cacheLine is at least the distance at which two counters do not slow each
// other down; processors fetch lines in pairs.
const cacheLine = 128
