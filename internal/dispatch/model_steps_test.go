package dispatch_test

import (
	"slices"

	"github.com/remuda-go/remuda/internal/dispatch"
)

func (m *model) item() int {
	m.nextItem++
	return m.nextItem
}

// send hands an item over as a pool does.
func (m *model) send(wait bool) {
	item := m.item()
	hasPlace := !m.isBlocked() && (m.places() < m.bound || m.bound == 0 && m.isFree())
	isNext := !m.work() && m.is(searching) == 0 && m.isFree() && m.is(assigned) < dispatch.MostAssigned
	end := make(chan struct{})
	seq, err := m.d.Send(item)
	m.must(err == nil || err == dispatch.ErrFull || m.phase != open, "Send returns %v", err)
	var w *dispatch.Waiter[int]
	if err == dispatch.ErrFull {
		seq, w, err = m.d.SendSlowly(item, wait, end)
	}
	m.logf("send %d: wait %v, seq %d, waits %v, %v", item, wait, seq, w != nil, err)
	handedOff := 0
	switch {
	case m.phase != open:
		m.must(err == dispatch.ErrClosed && w == nil && seq == 0, "it is refused")
	case isNext:
		m.must(err == nil && seq == 0, "it is assigned to a worker")
		m.accepted++
	case hasPlace:
		m.must(err == nil && w == nil && seq > 0, "it is accepted")
		m.accepted++
		m.push(item, seq, false)
		if m.bound == 0 {
			handedOff = 1
		}
	case wait:
		m.must(err == nil && w != nil, "it waits")
		m.waiters = append(m.waiters, &waiter{item: item, w: w, end: end})
	default:
		m.must(err == dispatch.ErrFull && w == nil, "it is refused")
	}
	m.verify(0, handedOff)
	m.must(!isNext || m.phase != open || slices.ContainsFunc(m.workers, func(w *worker) bool {
		return w.State.state == assigned && w.Item == item
	}), "a worker has it")
}

func (m *model) sendGuest() {
	item := m.item()
	g, ok := m.d.SendGuest(item)
	m.logf("guest %d: %v, waits %v", item, ok, g.Waits())
	m.must(ok == (m.phase != draining), "it is taken while the dispatcher does not drain")
	if ok {
		m.guests[item] = g
		m.must(g.Waits() == m.isBlocked(), "it goes behind blocked senders")
		if g.Waits() {
			m.waiters = append(m.waiters, &waiter{item: item})
		} else {
			m.push(item, g.Seq(), true)
		}
	}
	m.verify(0, 0)
}

// removeGuest takes out one of those that are queued, or wait.
func (m *model) removeGuest(i int) {
	var items []int
	for _, q := range m.queue {
		if q.guest {
			items = append(items, q.item)
		}
	}
	for _, w := range m.waiters {
		if w.w == nil {
			items = append(items, w.item)
		}
	}
	if len(items) == 0 {
		return
	}
	item := items[i%len(items)]
	m.logf("remove guest %d", item)
	m.queue = slices.DeleteFunc(m.queue, func(q queued) bool { return q.item == item })
	m.waiters = slices.DeleteFunc(m.waiters, func(w *waiter) bool { return w.item == item })
	m.d.RemoveGuest(m.guests[item])
	m.verify(0, 0)
}

// endContext is when the context of a blocked sender ends, which gives up then.
func (m *model) endContext(i int) {
	if len(m.waiters) == 0 {
		return
	}
	w := m.waiters[i%len(m.waiters)]
	if w.w == nil || w.ended {
		return
	}
	m.logf("context of the sender of %d ends", w.item)
	w.ended = true
	close(w.end)
	m.verify(0, 0)
}

func (m *model) giveUp(i int) {
	if len(m.waiters) == 0 {
		return
	}
	i %= len(m.waiters)
	w := m.waiters[i]
	if w.w == nil {
		return
	}
	m.logf("sender of %d gives up", w.item)
	m.waiters = slices.Delete(m.waiters, i, i+1)
	m.must(m.d.GiveUp(w.w), "it can give up")
	m.must(!m.d.GiveUp(w.w), "it can give up once")
	m.verify(0, 0)
}

func (m *model) remove(i int) {
	if len(m.seqs) == 0 {
		return
	}
	seq := m.seqs[len(m.seqs)-1-i%len(m.seqs)] // late ones are more likely
	at := slices.IndexFunc(m.queue, func(q queued) bool { return q.seq == seq })
	item, ok := m.d.Remove(seq)
	m.logf("remove seq %d: %d, %v", seq, item, ok)
	m.must(ok == (at >= 0), "an item can be removed while it is queued")
	if ok {
		m.must(item == m.queue[at].item, "it is the right one: %d", item)
		if !m.queue[at].guest {
			m.tally[dispatch.Dropped]++
		}
		m.queue = slices.Delete(m.queue, at, at+1)
	}
	m.verify(0, 0)
}

func (m *model) resize(n int) {
	ok := m.d.Resize(n)
	m.logf("resize to %d: %v", n, ok)
	m.must(ok == (m.phase != draining), "resizing works while the dispatcher does not drain")
	if ok {
		m.target = n
	}
	m.verify(0, 0)
}

func (m *model) seal() {
	m.logf("seal")
	m.d.Seal(errRefused)
	m.phase = max(m.phase, sealed)
	m.verify(0, 0)
}

func (m *model) drain() {
	first := m.d.Drain(errRefused)
	m.logf("drain: %v", first)
	m.must(first == (m.phase != draining), "draining begins once")
	m.phase = draining
	m.collect() // guests that were behind blocked senders are queued now
	if first && len(m.queue) > 0 {
		m.target = max(m.target, 1)
	}
	m.verify(0, 0)
}

func (m *model) takeAll() {
	m.logf("take all")
	at := 0
	m.d.TakeAll(func(item int) {
		m.must(at < len(m.queue) && m.queue[at].item == item, "dropped in order: %d", item)
		at++
	})
	m.must(at == len(m.queue), "all are dropped")
	m.tally[dispatch.Dropped] += uint64(m.places())
	m.queue = nil
	m.verify(0, 0)
}

func (m *model) joinWaitAll() {
	ch := m.d.JoinWaitAll()
	m.logf("wait for all: %v", ch != nil)
	m.must((ch == nil) == (m.unresolved() == 0), "WaitAll waits while there is something to wait for")
	if ch != nil {
		m.waitAll = append(m.waitAll, ch)
	}
	m.verify(0, 0)
}

func (m *model) leaveWaitAll() {
	if len(m.waitAll) == 0 {
		return
	}
	m.logf("do not wait for all")
	m.must(m.d.LeaveWaitAll(m.waitAll[0]), "WaitAll can give up")
	m.waitAll = m.waitAll[1:]
	m.verify(0, 0)
}

// endIdle is when IdleTimeout is over: as many workers end as were idle throughout,
// those that have been so for the longest.
func (m *model) endIdle() {
	if !m.idleClock || m.phase == draining {
		return
	}
	var parked []*worker
	for _, w := range m.workers {
		if w.State.state == idle {
			parked = append(parked, w)
		}
	}
	slices.SortFunc(parked, func(a, b *worker) int { return a.State.parkedAt - b.State.parkedAt })
	n := m.leastIdle
	m.logf("idle timeout: %d were idle throughout", n)
	m.d.EndIdle()
	m.idleClock = len(parked) > n
	m.collect()
	for i, w := range parked {
		m.must((w.State.state == stopping) == (i < n), "worker %d: %d", w.ID, w.State.state)
	}
	m.leastIdle = m.is(idle)
	m.verify(0, 0)
}

// step lets a worker go on.
func (m *model) step(i int) {
	var ready []*worker
	for _, w := range m.workers {
		if s := w.State.state; s == searching || s == assigned || s == rested || s == stopping {
			ready = append(ready, w)
		}
	}
	if len(ready) == 0 {
		return
	}
	w := ready[i%len(ready)]
	if w.State.state == stopping {
		m.logf("worker %d is gone", w.ID)
		w.State.state = gone
		m.workers = slices.DeleteFunc(m.workers, func(o *worker) bool { return o == w })
		m.d.Gone()
	} else if m.d.TakeAssigned(w) {
		m.logf("worker %d begins %d", w.ID, w.Item)
		m.must(w.State.state == assigned && !w.Guest, "it was assigned")
		w.State.state = running
		m.runs = append(m.runs, &run{item: w.Item, w: w})
	} else {
		m.fetch(w)
	}
	m.verify(0, 0)
}

// fetch has w look at the queue.
func (m *model) fetch(w *worker) {
	surplus := m.surplus()
	m.keys.free(w)
	if w.Last != dispatch.None {
		m.tally.Count(w.Last)
	}
	hasItem, isParked := m.d.TryFetch(w)
	switch {
	case hasItem:
		m.logf("worker %d has %d, guest %v", w.ID, w.Item, w.Guest)
		m.must(!surplus, "it is not one too many")
		m.began(w)
	case isParked:
		m.logf("worker %d parks", w.ID)
		m.must(!surplus && !m.work() && m.phase != draining, "there is nothing for it to do")
		m.park(w)
	default:
		m.logf("worker %d is to end", w.ID)
		m.must(surplus || !m.work() && m.phase == draining, "it is not needed")
		w.State.state = stopping
	}
}

// park notes that w is idle.
func (m *model) park(w *worker) {
	m.parks++
	w.State.state, w.State.parkedAt = idle, m.parks
	if !m.idleClock && m.d.IdleTimeout > 0 {
		m.idleClock, m.leastIdle = true, m.is(idle)
	}
}

// began notes the run of what w has taken: the first in the queue or, where there
// is no place in it, of the first blocked sender.
func (m *model) began(w *worker) {
	w.State.state = running
	m.runs = append(m.runs, &run{item: w.Item, guest: w.Guest, w: w})
	if m.keys != nil {
		m.beganKeyed(w)
		return
	}
	if len(m.queue) > 0 && m.queue[0].item == w.Item {
		m.must(m.queue[0].guest == w.Guest, "guests are told apart")
		m.queue = m.queue[1:]
		return
	}
	next := slices.IndexFunc(m.waiters, func(w *waiter) bool { return !w.ended })
	m.must(m.bound == 0 && len(m.queue) == 0 && next >= 0, "%d is next", w.Item)
	m.must(m.waiters[next].item == w.Item && (m.waiters[next].w == nil) == w.Guest, "%d is next", w.Item)
}
