package dispatch_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/remuda-go/remuda/internal/dispatch"
	"github.com/remuda-go/remuda/internal/queuetime"
)

type (
	dispatcher = dispatch.Dispatcher[int, own]
	worker     = dispatch.Worker[int, own]
)

// A model drives a dispatcher from one goroutine, one step at a time, in any order
// that goroutines could take, and knows after each step what must be so. Its
// workers have no goroutines: a step of a worker is one turn of Fetch's loop.
type model struct {
	t       testing.TB
	log     []string
	d       *dispatcher
	clock   queuetime.Clock
	launchc chan *worker // those for which Run was called

	keys          *keys // nil if items have none
	bound, target int
	phase         phase
	nextItem      int
	queue         []queued
	seqs          []uint64 // of all inputs that ever had one
	lastSeq       uint64
	waiters       []*waiter
	guests        map[int]dispatch.Guest[int] // that are queued, or wait
	workers       []*worker                   // all but those that are gone
	made          int                         // workers known, ever
	parks         int                         // counts parks, to order them
	runs          []*run
	returning     []*claim // in order
	claims        []*claim // whose caller has not gone on
	batches       []*batch
	accepted      uint64
	tally         dispatch.Tally
	waitAll       []chan struct{}
	ended         int
	idleClock     bool
	leastIdle     int
	slotsBefore   int // slots in use after the last step
	placesBefore  int
}

type phase uint8

const (
	open phase = iota
	sealed
	draining
)

type queued struct {
	item  int
	seq   uint64 // 0 if unknown
	guest bool
}

// A waiter is a blocked sender, or a guest behind such.
type waiter struct {
	item  int
	w     *dispatch.Waiter[int] // nil for a guest
	claim bool                  // it has a claim; where items have keys
	end   chan struct{}
	ended bool // it is about to give up
}

// isTold tells whether it waits no more.
func (m *model) isTold(w *waiter) bool {
	if w.w == nil {
		return !m.guests[w.item].Waits()
	}
	return len(w.w.Answer()) > 0
}

// own is what a worker is doing.
type own struct {
	state    state
	launched bool // Run was called for it
	parkedAt int
}

type state uint8

const (
	idle state = iota
	searching
	assigned // it has an item, and has not begun it
	running
	rested // its run has ended
	inline // with the caller of AcquireInline
	stopping
	gone
)

type run struct {
	item    int
	guest   bool
	w       *worker
	slot    dispatch.Slot
	waits   int
	yielded bool
}

// A claim is a call of AwaitBack that has not returned.
type claim struct {
	run  *run
	back <-chan struct{}
}

type batch struct {
	b           dispatch.Batch
	begun, size int
	over        bool // Next has returned false
	now         bool // an input runs
	tally       dispatch.Tally
	last        dispatch.Outcome
}

func newModel(t testing.TB, bound, target int, idleClock bool, k *keys) *model {
	m := &model{t: t, bound: bound, target: target, launchc: make(chan *worker, 1000), d: new(dispatcher), guests: make(map[int]dispatch.Guest[int]), keys: k}
	m.clock.Start()
	cfg := dispatch.Config[int, own]{
		Target: target,
		Bound:  bound,
		Clock:  &m.clock,
		Keyed:  k != nil,
		Idle:   func() {},
		Run:    func(w *worker) { m.launchc <- w },
		Unused: func(w *worker) { m.must(w.State.state == idle, "worker %d is unused", w.ID); w.State.state = stopping },
		Ended:  func() { m.ended++ },
	}
	if idleClock {
		cfg.IdleTimeout = 1000 * time.Hour // the model is the clock
	}
	m.d.Open(cfg)
	return m
}

func (m *model) logf(format string, args ...any) { m.log = append(m.log, fmt.Sprintf(format, args...)) }

func (m *model) must(holds bool, format string, args ...any) {
	if !holds {
		m.t.Helper()
		m.t.Fatalf("not so: %s\nbound %d, steps:\n%s", fmt.Sprintf(format, args...), m.bound, strings.Join(m.log, "\n"))
	}
}

// is returns the number of workers in a state.
func (m *model) is(s state) (n int) {
	for _, w := range m.workers {
		if w.State.state == s {
			n++
		}
	}
	return n
}

func (m *model) yielded() (n int) {
	for _, r := range m.runs {
		if r.yielded {
			n++
		}
	}
	return n
}

// slots is the number of slots in use.
func (m *model) slots() int {
	return len(m.workers) - m.is(stopping) - m.is(idle) - m.yielded()
}

func (m *model) isFree() bool { return m.is(idle) > 0 || m.slots() < m.target }

func (m *model) surplus() bool { return m.slots()+m.is(idle) > m.target || len(m.returning) > 0 }

func (m *model) places() (n int) {
	for _, q := range m.queue {
		if !q.guest {
			n++
		}
	}
	return n
}

func (m *model) work() bool {
	if m.keys != nil {
		return m.nextKeyed() >= 0 || m.nextHandOff() != nil
	}
	return len(m.queue) > 0 || m.isBlocked()
}

// isBlocked reports whether somebody waits who is not about to give up.
func (m *model) isBlocked() bool {
	return slices.ContainsFunc(m.waiters, func(w *waiter) bool { return !w.ended })
}

func (m *model) unresolved() uint64 {
	n := m.accepted - m.tally.Ended()
	for _, b := range m.batches {
		n -= b.tally.Ended()
	}
	return n
}

func (m *model) push(item int, seq uint64, guest bool) {
	if seq > 0 {
		m.must(seq > m.lastSeq, "sequence numbers grow: %d after %d", seq, m.lastSeq)
		m.lastSeq = seq
		if !guest {
			m.seqs = append(m.seqs, seq)
		}
	}
	m.queue = append(m.queue, queued{item, seq, guest})
}

// collect notes what the last step has done to others.
func (m *model) collect() {
	m.collectLaunched()
	for _, w := range m.workers {
		switch {
		case !w.Woken():
		case w.State.state != idle:
			m.must(false, "worker %d is woken while it is not idle: %d", w.ID, w.State.state)
		case w.Wake():
			w.State.state = onItsWay(w)
		default:
			w.State.state = stopping
		}
	}
	if m.keys != nil {
		m.collectToldKeyed()
	} else {
		m.collectTold()
	}
	for len(m.returning) > 0 && isClosed(m.returning[0].back) {
		m.logf("    run %d has its slot back", m.returning[0].run.item)
		m.returning[0].run.yielded = false
		m.returning = m.returning[1:]
	}
	for _, c := range m.returning {
		m.must(!isClosed(c.back), "run %d passes others", c.run.item)
	}
	m.leastIdle = min(m.leastIdle, m.is(idle))
}

// collectTold notes what has become of those who waited.
func (m *model) collectTold() {
	var still []*waiter
	isBlocked := false // somebody who came before
	for _, w := range m.waiters {
		if !m.isTold(w) {
			still = append(still, w)
			isBlocked = isBlocked || !w.ended
			continue
		}
		if w.w == nil {
			m.logf("    guest %d is next", w.item)
			m.must(!isBlocked, "guest %d passes others", w.item)
			if seq := m.guests[w.item].Seq(); seq > 0 {
				m.push(w.item, seq, true)
			}
			continue
		}
		err := <-w.w.Answer()
		m.logf("    sender of %d gets %v", w.item, err)
		m.must((err == nil) == (m.phase == open), "answer %v", err)
		if err != nil {
			continue
		}
		m.must(!isBlocked && !w.ended, "sender of %d passes others", w.item)
		m.accepted++
		if w.w.Seq() > 0 {
			m.push(w.item, w.w.Seq(), false)
		}
	}
	m.waiters = still
}

func (m *model) collectLaunched() {
	owed := m.d.MadeWorkers() - m.made
	for _, w := range m.workers {
		if w.Started() && !w.State.launched {
			owed++
		}
	}
	for range owed {
		select {
		case w := <-m.launchc:
			m.must(!w.State.launched, "worker %d is launched once", w.ID)
			if !slices.Contains(m.workers, w) {
				m.workers = append(m.workers, w)
				m.made++
			}
			w.State.launched, w.State.state = true, onItsWay(w)
		case <-time.After(10 * time.Second):
			m.must(false, "a worker is launched")
		}
	}
}

// onItsWay is the state of a worker that was launched.
func onItsWay(w *worker) state {
	if w.IsAssigned() {
		return assigned
	}
	return searching
}

func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

// verify holds what must be so after a step, which may have added so many slots
// and places beyond the limits.
func (m *model) verify(slots, places int) {
	m.t.Helper()
	m.collect()
	err := m.d.Check()
	m.must(err == nil, "%v", err)
	m.must(m.slots() <= max(m.target, m.slotsBefore+slots), "%d slots after %d", m.slots(), m.slotsBefore)
	m.must(m.places() <= max(m.bound, m.placesBefore+places), "%d places after %d", m.places(), m.placesBefore)
	m.slotsBefore, m.placesBefore = m.slots(), m.places()
	m.must(!m.work() || m.is(searching) > 0 || !m.isFree(), "work that waits is seen to")
	m.must(m.keys != nil || !m.isBlocked() || m.places() >= m.bound, "senders are blocked only while the queue is full")
	m.must(len(m.returning) == 0 || m.slots() >= max(m.target, 1), "runs that want their slot back come first")
	m.verifyStats()
	if m.unresolved() == 0 {
		for _, ch := range m.waitAll {
			m.must(isClosed(ch), "WaitAll returns when all is resolved")
		}
		m.waitAll = nil
	}
	for _, ch := range m.waitAll {
		m.must(!isClosed(ch), "WaitAll returns with %d unresolved", m.unresolved())
	}
	hasEnded := m.phase == draining && len(m.workers) == 0
	m.must((m.ended == 1) == hasEnded && m.ended <= 1, "ended %d times, %d workers", m.ended, len(m.workers))
	m.must(m.phase == draining || m.idleClock == m.d.IdleClockRuns(), "the idle clock runs: %v", m.idleClock)
}

func (m *model) verifyStats() {
	m.t.Helper()
	want := dispatch.Stats{
		Target:   m.target,
		Yielded:  m.yielded(),
		Queued:   m.places(),
		Busy:     min(m.slots(), m.target),
		Retired:  max(0, m.slots()-m.target),
		Accepted: m.accepted,
		Tally:    m.tally,
	}
	now := m.is(assigned)
	for _, r := range m.runs {
		if !r.guest {
			now++
		}
	}
	for _, w := range m.workers {
		if w.State.state == rested && w.Last != dispatch.None {
			now++ // not counted yet
		}
	}
	for _, b := range m.batches {
		want.Tally.Add(&b.tally)
		want.Queued += max(0, b.size-b.begun)
		if b.now {
			now++
		}
	}
	got := m.d.Stats()
	m.must(want == got, "stats are %+v: %+v", want, got)
	m.must(got.Accepted == uint64(got.Queued+now)+got.Tally.Ended(), "all is accounted for: %d run, %+v", now, got)
}
