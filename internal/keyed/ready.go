package keyed

// ready is the values that may leave a queue: a heap by age. That of container/heap,
// with a call through an interface for each comparison, takes three times as long for
// a hundred keys.
type ready[V any] []aged[V]

type aged[V any] struct {
	seq  uint64
	node *node[V] // whose at is the index
}

func (r ready[V]) put(i int, a aged[V]) {
	r[i] = a
	a.node.at = i
}

func (r *ready[V]) push(n *node[V]) {
	*r = append(*r, aged[V]{})
	r.up(len(*r)-1, aged[V]{n.seq, n})
}

// remove takes out n, which is ready.
func (r *ready[V]) remove(n *node[V]) {
	i := n.at
	n.at = notReady
	last := len(*r) - 1
	a := (*r)[last]
	(*r)[last] = aged[V]{}
	*r = (*r)[:last]
	switch {
	case last == 0 && cap(*r) > maxSpares:
		*r = nil // it was a burst
	case i == last:
	case i > 0 && a.seq < (*r)[(i-1)/2].seq:
		r.up(i, a)
	default:
		r.down(i, a)
	}
}

// up puts a where i is, or above.
func (r ready[V]) up(i int, a aged[V]) {
	for i > 0 && a.seq < r[(i-1)/2].seq {
		r.put(i, r[(i-1)/2])
		i = (i - 1) / 2
	}
	r.put(i, a)
}

// down puts a where i is, or below.
func (r ready[V]) down(i int, a aged[V]) {
	for {
		child := 2*i + 1
		if child+1 < len(r) && r[child+1].seq < r[child].seq {
			child++
		}
		if child >= len(r) || a.seq < r[child].seq {
			break
		}
		r.put(i, r[child])
		i = child
	}
	r.put(i, a)
}
