package dispatch_test

import (
	"slices"

	"github.com/remuda-go/remuda/internal/dispatch"
)

// keys is what the model knows of a dispatcher whose items have keys.
type keys struct {
	n     int // how many there are
	lanes dispatch.Lanes[int, int]
	busy  map[int]*worker
}

func newKeys(n int) *keys { return &keys{n: n, busy: make(map[int]*worker)} }

func (k *keys) of(item int) int { return item * item / 2 % k.n } // some more often than others

// free notes that a worker has ended what it ran.
func (k *keys) free(w *worker) {
	if k == nil {
		return
	}
	for key, by := range k.busy {
		if by == w {
			delete(k.busy, key)
		}
	}
}

func (m *model) queuedOf(key int) (n int) {
	for _, q := range m.queue {
		if m.keys.of(q.item) == key {
			n++
		}
	}
	return n
}

func (m *model) claimsOf(key int) (n int) {
	for _, w := range m.waiters {
		if w.claim && m.keys.of(w.item) == key {
			n++
		}
	}
	return n
}

func (m *model) isIdle(key int) bool { return m.keys.busy[key] == nil && m.queuedOf(key) == 0 }

// hasShare reports whether one more item of a key may be queued, or have a claim.
func (m *model) hasShare(key int) bool {
	if m.bound == 0 {
		return m.isIdle(key) && m.claimsOf(key) == 0
	}
	return m.queuedOf(key)+m.claimsOf(key) < max(1, m.bound/2)
}

// nextKeyed returns the index in the queue of the oldest item whose key is free, or -1.
func (m *model) nextKeyed() int {
	return slices.IndexFunc(m.queue, func(q queued) bool { return m.keys.busy[m.keys.of(q.item)] == nil })
}

// nextHandOff returns the sender from which a worker takes the item.
func (m *model) nextHandOff() *waiter {
	if m.bound > 0 {
		return nil
	}
	return m.firstInLine()
}

func (m *model) firstInLine() *waiter {
	for _, w := range m.waiters {
		if w.claim && !w.ended && (m.bound > 0 || m.isIdle(m.keys.of(w.item))) {
			return w
		}
	}
	return nil
}

// promote gives claims to those who wait, as far as the shares of their keys go.
func (m *model) promote() {
	for _, w := range m.waiters {
		if !w.claim && m.hasShare(m.keys.of(w.item)) {
			w.claim = true
		}
	}
}

func (m *model) sendKeyed(full dispatch.Full) {
	item := m.item()
	key := m.keys.of(item)
	hasPlace := m.hasShare(key) && m.firstInLine() == nil && (m.places() < m.bound || m.bound == 0 && m.isFree())
	end := make(chan struct{})
	seq, w, err := dispatch.SendKeyed(m.d, &m.keys.lanes, key, item, full, end)
	m.logf("send %d of key %d: %d if full, seq %d, waits %v, %v", item, key, full, seq, w != nil, err)
	beyond := 0
	switch {
	case m.phase != open:
		m.must(err == dispatch.ErrClosed && w == nil && seq == 0, "it is refused")
	case hasPlace || full == dispatch.Exceed:
		m.must(err == nil && w == nil && seq > 0, "it is accepted")
		m.accepted++
		m.push(item, seq, false)
		beyond = 1
	case full == dispatch.Block:
		m.must(err == nil && w != nil, "it waits")
		m.waiters = append(m.waiters, &waiter{item: item, w: w, end: end})
	default:
		m.must(err == dispatch.ErrFull && w == nil, "it is refused")
	}
	m.verify(0, beyond)
}

// beganKeyed notes the run of what w has taken: the oldest item whose key is free or,
// where there are no places, that of a sender.
func (m *model) beganKeyed(w *worker) {
	m.promote() // its key is free
	next := m.nextKeyed()
	if next >= 0 {
		m.must(m.queue[next].item == w.Item, "%d is next", m.queue[next].item)
		m.queue = slices.Delete(m.queue, next, next+1)
	} else {
		s := m.nextHandOff()
		m.must(s != nil && s.item == w.Item, "a sender is next")
		m.must(m.isTold(s) && <-s.w.Answer() == nil && s.w.Seq() == 0, "it is told")
		m.accepted++
		m.waiters = slices.DeleteFunc(m.waiters, func(w *waiter) bool { return w == s })
	}
	m.keys.busy[m.keys.of(w.Item)] = w
}

// collectToldKeyed notes what has become of those who waited: they have a place as
// soon as there is one for them, in order, and nobody else has.
func (m *model) collectToldKeyed() {
	m.promote()
	for m.phase == open && m.places() < m.bound {
		w := m.firstInLine()
		if w == nil {
			break
		}
		m.must(m.isTold(w) && <-w.w.Answer() == nil, "sender of %d has a place", w.item)
		m.logf("    sender of %d has a place", w.item)
		m.accepted++
		m.waiters = slices.DeleteFunc(m.waiters, func(o *waiter) bool { return o == w })
		m.push(w.item, w.w.Seq(), false)
		m.promote()
	}
	for _, w := range m.waiters {
		m.must(m.isTold(w) == (m.phase != open), "sender of %d waits", w.item)
		if m.isTold(w) {
			err := <-w.w.Answer()
			m.must(err == errRefused, "it is refused: %v", err)
		}
	}
	if m.phase != open {
		m.waiters = nil
	}
	known := make(map[int]bool)
	for _, q := range m.queue {
		known[m.keys.of(q.item)] = true
	}
	for key := range m.keys.busy {
		known[key] = true
	}
	for _, w := range m.waiters {
		known[m.keys.of(w.item)] = true
	}
	m.must(m.keys.lanes.Len() == len(known), "there is a lane for each key of which there is something: %d, %d", m.keys.lanes.Len(), len(known))
}
