package remuda

import "sync"

// A grower is told when its pool has more workers.
type grower interface{ grow() }

// A streamSet is the loops that are under way over a pool.
type streamSet struct {
	mu  sync.Mutex
	all map[grower]struct{}
}

func (set *streamSet) add(s grower) {
	set.mu.Lock()
	defer set.mu.Unlock()
	if set.all == nil {
		set.all = make(map[grower]struct{})
	}
	set.all[s] = struct{}{}
}

func (set *streamSet) remove(s grower) {
	set.mu.Lock()
	defer set.mu.Unlock()
	delete(set.all, s)
}

// grow tells all of them that the pool has more workers.
func (set *streamSet) grow() {
	set.mu.Lock()
	all := make([]grower, 0, len(set.all))
	for s := range set.all {
		all = append(all, s)
	}
	set.mu.Unlock()
	for _, s := range all {
		s.grow()
	}
}
