package dispatch_test

import (
	"errors"
	"slices"

	"github.com/remuda-go/remuda/internal/dispatch"
)

var errRefused = errors.New("refused")

func (m *model) aRun(i int) *run {
	if len(m.runs) == 0 {
		return nil
	}
	return m.runs[i%len(m.runs)]
}

// end ends a run. Its outcome is counted by the next Fetch or, if somebody waits
// for it, at once.
func (m *model) end(r *run, o dispatch.Outcome, isAwaited bool) {
	m.logf("run %d ends: %d, awaited %v", r.item, o, isAwaited)
	slots := 0
	if r.yielded {
		r.yielded = false
		slots = 1
	}
	m.returning = slices.DeleteFunc(m.returning, func(c *claim) bool { return c.run == r })
	if r.slot.Used() {
		m.d.EndSlot(&r.slot)
	}
	for _, c := range m.claims {
		m.must(c.run != r || isClosed(c.back), "claims on a slot end with its run")
	}
	m.verify(slots, 0)
	m.runs = slices.DeleteFunc(m.runs, func(o *run) bool { return o == r })
	switch {
	case r.w.State.state == inline:
		m.releaseInline(r.w, o)
		return
	case r.guest:
	case isAwaited:
		m.tally.Count(o)
		r.w.State.state = rested
		m.d.Count(o)
	default:
		r.w.Last = o
	}
	r.w.State.state = rested
	m.verify(0, 0)
}

func (m *model) acquireInline() {
	w := m.d.AcquireInline()
	m.logf("acquire inline: %v", w != nil)
	if w == nil {
		must := m.phase == open && !m.work() && m.is(searching)+m.is(assigned) == 0 && m.isFree()
		m.must(!must, "a slot is free")
		m.verify(0, 0)
		return
	}
	m.must(m.phase == open && !m.work() && m.is(searching)+m.is(assigned) == 0 && m.isFree(), "nothing is overtaken")
	if !slices.Contains(m.workers, w) {
		m.workers = append(m.workers, w)
		m.made++
	}
	w.State.state = inline
	m.accepted++
	m.runs = append(m.runs, &run{item: m.item(), w: w})
	m.verify(0, 0)
}

func (m *model) releaseInline(w *worker, o dispatch.Outcome) {
	m.tally.Count(o)
	m.park(w) // unless it turns out that it was launched or is to end
	clock, least := m.idleClock, m.leastIdle
	m.d.ReleaseInline(w, o)
	m.collect()
	if w.State.state != idle {
		m.idleClock, m.leastIdle = clock && m.d.IdleClockRuns(), least
	}
	m.verify(0, 0)
}

// requeue accepts what a run has in hand for one more run.
func (m *model) requeue(limit int) {
	item := m.item()
	admitted := 0
	if m.blockedSenders() > 0 && !m.surplus() && len(m.queue) < limit {
		admitted = 1
	}
	m.logf("requeue: %d, limit %d", item, limit)
	waiting := m.blockedSenders()
	m.d.Requeue(item, limit)
	if m.phase == draining {
		m.target = max(m.target, 1)
	}
	m.collect()
	m.must(m.blockedSenders() == waiting-admitted, "the first blocked sender comes before an item that comes back")
	m.accepted++
	m.push(item, 0, false)
	m.verify(0, 2)
}

// blockedSenders is the number of them that are not about to give up.
func (m *model) blockedSenders() (n int) {
	for _, w := range m.waiters {
		if w.w != nil && !w.ended {
			n++
		}
	}
	return n
}

func (m *model) yield(r *run) {
	m.logf("run %d yields", r.item)
	r.waits++
	returning := slices.IndexFunc(m.returning, func(c *claim) bool { return c.run == r })
	m.d.Yield(&r.slot)
	if returning >= 0 {
		m.must(isClosed(m.returning[returning].back), "the call before goes on without the slot")
		m.returning = slices.Delete(m.returning, returning, returning+1)
	}
	r.yielded = true
	m.verify(0, 0)
}

func (m *model) reacquire(r *run) {
	if r.waits == 0 {
		return
	}
	m.logf("run %d wants its slot back", r.item)
	r.waits--
	back := m.d.AskBack(&r.slot)
	m.must((back != nil) == (r.waits == 0 && r.yielded), "it waits if it has yielded its slot: %v", back != nil)
	slots := 0
	if back != nil {
		c := &claim{r, back}
		m.claims = append(m.claims, c)
		m.returning = append(m.returning, c)
		if m.slots() < max(m.target, 1) {
			slots = 1
		}
	}
	m.verify(slots, 0)
}

// goOn lets a call of AwaitBack return, because it has the slot back or because it
// was cancelled: when both are so, either may come.
func (m *model) goOn(i int) {
	if len(m.claims) == 0 {
		return
	}
	i %= len(m.claims)
	c := m.claims[i]
	m.claims = slices.Delete(m.claims, i, i+1)
	m.logf("run %d is cancelled, it has its slot: %v", c.run.item, isClosed(c.back))
	m.d.StopReturning(&c.run.slot, c.back)
	m.returning = slices.DeleteFunc(m.returning, func(o *claim) bool { return o == c })
	m.verify(0, 0)
}

func (m *model) acceptBatch(n int) {
	b := &batch{size: n}
	ok := m.d.AcceptBatch(&b.b, n)
	m.logf("batch of %d: %v", n, ok)
	m.must(ok == (m.phase != draining), "batches are accepted while the dispatcher does not drain")
	if ok {
		m.accepted += uint64(n)
		m.batches = append(m.batches, b)
	}
	m.verify(0, 0)
}

func (m *model) splitBatch(b *batch, all bool) {
	rest := &batch{}
	from, n := m.d.SplitBatch(&b.b, &rest.b, all)
	m.logf("split: %d from %d", n, from)
	want := max(0, b.size-b.begun)
	if !all {
		want = (want + 1) / 2
	}
	m.must(n == want && (n == 0 || from == b.size-n), "as many as have not begun, or half of them")
	if n > 0 {
		b.size, rest.size = b.size-n, n
		m.batches = append(m.batches, rest)
	}
	m.verify(0, 0)
}

// nextOfBatch ends an input of a batch and begins the next, or ends the batch.
func (m *model) nextOfBatch(b *batch) {
	if b.over {
		m.finishBatch(b)
		return
	}
	i, ok := b.b.Next()
	m.logf("next of batch: %d, %v", i, ok)
	m.must(ok == (b.begun < b.size) && (!ok || i == b.begun), "inputs come in order")
	if b.now {
		b.tally.Count(b.last)
	}
	b.now, b.over = ok, !ok
	b.begun++
	b.last = dispatch.Succeeded
	ended, size := b.b.Progress()
	m.must(ended == int(b.tally.Ended()) && size == b.size && b.b.Left() == max(0, b.size-b.begun), "progress %d of %d", ended, size)
	if !b.over {
		m.verify(0, 0)
		return
	}
	m.finishBatch(b)
}

func (m *model) countOfBatch(b *batch, o dispatch.Outcome) {
	if !b.now || b.last != dispatch.Succeeded {
		return
	}
	m.logf("count of batch: %d", o)
	b.b.Count(o)
	b.last = o
	m.verify(0, 0)
}

func (m *model) finishBatch(b *batch) {
	elsewhere := m.d.FinishBatch(&b.b)
	m.logf("batch is finished: needed elsewhere %v", elsewhere)
	if m.keys == nil { // else a batch is one input that does not run
		must := m.phase != draining && (m.surplus() || m.isBlocked() || m.work() && m.is(searching) == 0)
		m.must(elsewhere || !must, "its worker is needed elsewhere")
		m.must(!elsewhere || m.phase != draining && (m.surplus() || m.work()), "its worker is not needed elsewhere")
		m.must(elsewhere == m.d.NeededElsewhere(), "that does not change")
	}
	m.tally.Add(&b.tally)
	m.batches = slices.DeleteFunc(m.batches, func(o *batch) bool { return o == b })
	m.verify(0, 0)
}
