package keyed

import "maps"

// Lanes finds the lane of a key. There is one for each key of which there is
// something, and no others. The zero Lanes has none. It is not safe for concurrent
// use.
type Lanes[K comparable, V any] struct {
	all  map[K]*entry[K, V]
	most int // lanes that there were at a time since the map was made

	spare  *entry[K, V] // not in use, linked by next
	spares int
}

// An entry is a lane and its key.
type entry[K comparable, V any] struct {
	Lane[V]
	key   K
	lanes *Lanes[K, V]
	inUse bool
	next  *entry[K, V]
}

// Of returns the lane of a key, which must be equal to itself.
func (ls *Lanes[K, V]) Of(key K) *Lane[V] {
	if e := ls.all[key]; e != nil {
		return &e.Lane
	}
	if ls.all == nil {
		ls.all = make(map[K]*entry[K, V])
	}
	e := ls.newEntry()
	e.key, e.inUse = key, true
	ls.all[key] = e
	ls.most = max(ls.most, len(ls.all))
	return &e.Lane
}

func (ls *Lanes[K, V]) newEntry() *entry[K, V] {
	e := ls.spare
	if e == nil {
		e = &entry[K, V]{lanes: ls}
		e.home = e
		return e
	}
	ls.spare, e.next = e.next, nil
	ls.spares--
	return e
}

// Len returns the number of lanes.
func (ls *Lanes[K, V]) Len() int { return len(ls.all) }

// shrinkFrom is the number of lanes up to which the map keeps its memory, which a map
// never gives back. One of which a 32nd is left is made anew, so that a burst of a
// million keys costs a copy of some 30,000 once, and no memory forever.
const shrinkFrom = 1024

func (e *entry[K, V]) forget() {
	if !e.inUse {
		return
	}
	ls := e.lanes
	delete(ls.all, e.key)
	var none K
	e.key, e.inUse = none, false
	if ls.spares < maxSpares {
		e.next, ls.spare = ls.spare, e
		ls.spares++
	}
	if ls.most > shrinkFrom && len(ls.all) < ls.most/32 {
		all := make(map[K]*entry[K, V], len(ls.all))
		maps.Copy(all, ls.all)
		ls.all, ls.most = all, len(all)
	}
}
