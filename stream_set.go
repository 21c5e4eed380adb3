package remuda

import (
	"maps"
	"slices"
	"sync"
)

// A looper is a stream, whatever its types.
type looper interface {
	grow() // the pool has more workers
	cut(err error)
}

// A streamSet is the loops that are under way over a pool.
type streamSet struct {
	mu  sync.Mutex
	all map[looper]struct{}
}

func (set *streamSet) add(s looper) {
	set.mu.Lock()
	defer set.mu.Unlock()
	if set.all == nil {
		set.all = make(map[looper]struct{})
	}
	set.all[s] = struct{}{}
}

func (set *streamSet) remove(s looper) {
	set.mu.Lock()
	defer set.mu.Unlock()
	delete(set.all, s)
}

// grow tells all of them that the pool has more workers.
func (set *streamSet) grow() {
	for _, s := range set.list() {
		s.grow()
	}
}

// cut stops all of them because of err.
func (set *streamSet) cut(err error) {
	for _, s := range set.list() {
		s.cut(err)
	}
}

func (set *streamSet) list() []looper {
	set.mu.Lock()
	defer set.mu.Unlock()
	return slices.Collect(maps.Keys(set.all))
}
