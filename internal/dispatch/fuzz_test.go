package dispatch_test

import (
	"math/rand/v2"
	"testing"

	"github.com/remuda-go/remuda/internal/dispatch"
)

// play takes the steps that ops spell, and then brings all to an end.
func (m *model) play(ops []byte) {
	next := func() int {
		if len(ops) == 0 {
			return 0
		}
		b := ops[0]
		ops = ops[1:]
		return int(b)
	}
	for len(ops) > 0 {
		op, arg := next(), next()
		r := m.aRun(arg)
		o := dispatch.Succeeded + dispatch.Outcome(arg%4)
		switch op % 32 {
		case 0, 1, 2, 3:
			if m.keys != nil {
				m.sendKeyed(dispatch.Full(min(arg%8/3, 2)))
			} else {
				m.send(arg%2 == 0)
			}
		case 4, 5, 6, 7, 8, 9:
			m.step(arg)
		case 10, 11, 12, 13:
			if r != nil {
				m.end(r, dispatch.Succeeded+dispatch.Outcome(op/32%4), op >= 128)
			}
		case 14:
			if r != nil && m.keys == nil {
				m.requeue(m.bound + arg%3)
			}
		case 15, 16:
			m.resize(arg % 5)
		case 17, 18:
			if r != nil {
				m.yield(r)
			}
		case 19, 20:
			if r != nil {
				m.reacquire(r)
			}
		case 21:
			m.goOn(arg)
		case 22:
			switch {
			case m.keys != nil:
				m.sendKeyed(dispatch.Block)
			case op < 224:
				m.sendGuest()
			default:
				m.removeGuest(arg)
			}
		case 23:
			if arg%2 == 0 {
				m.endContext(arg / 2)
			} else {
				m.giveUp(arg / 2)
			}
		case 24:
			m.remove(arg)
		case 25:
			if m.keys == nil {
				m.acquireInline()
			}
		case 26:
			m.endIdle()
		case 27:
			m.playBatch(op/32, arg, o)
		case 28:
			m.playBatch(1+op/32%3, arg, o)
		case 29:
			m.joinWaitAll()
		case 30:
			if arg%4 == 0 {
				m.leaveWaitAll()
			}
		case 31:
			m.playEnd(arg)
		}
	}
	m.finish()
}

func (m *model) playBatch(op, arg int, o dispatch.Outcome) {
	if op == 0 || len(m.batches) == 0 {
		m.acceptBatch(1 + arg%5)
		return
	}
	b := m.batches[arg/8%len(m.batches)]
	switch op % 4 {
	case 1:
		m.splitBatch(b, o == dispatch.Succeeded)
	case 2:
		m.countOfBatch(b, o)
	default:
		m.nextOfBatch(b)
	}
}

// playEnd is what happens seldom.
func (m *model) playEnd(arg int) {
	switch arg % 16 {
	case 0:
		m.drain()
	case 1:
		m.seal()
	case 2, 3:
		m.takeAll()
	}
}

// finish brings all to an end, and sees to it that this is possible.
func (m *model) finish() {
	m.logf("finish")
	m.settle()
	if m.phase != draining {
		m.resize(2)
		m.settle()
		m.must(!m.work() && len(m.queue)+len(m.waiters) == 0, "nothing waits forever: %d items, %d senders", len(m.queue), len(m.waiters))
		m.drain()
		m.settle()
	}
	m.must(len(m.waitAll) == 0 && m.ended == 1 && !m.work(), "all has ended")
}

// settle goes on until nobody can.
func (m *model) settle() {
	for n := 0; m.is(searching)+m.is(assigned)+m.is(rested)+m.is(stopping)+len(m.runs)+len(m.batches)+m.givingUp() > 0; n++ {
		m.must(n < 10_000, "it comes to an end")
		m.step(0)
		if len(m.runs) > 0 {
			m.end(m.runs[0], dispatch.Succeeded, false)
		}
		for len(m.claims) > 0 {
			m.goOn(0)
		}
		if len(m.batches) > 0 {
			m.nextOfBatch(m.batches[0])
		}
		for i := range m.waiters {
			if m.waiters[i].ended {
				m.giveUp(i)
				break
			}
		}
	}
}

// givingUp is the number of blocked senders whose context has ended.
func (m *model) givingUp() (n int) {
	for _, w := range m.waiters {
		if w.ended {
			n++
		}
	}
	return n
}

func playOps(t testing.TB, ops []byte, keyed bool) {
	if len(ops) < 2 {
		return
	}
	bounds := []int{0, 1, 2, 3, 8}
	var k *keys
	if keyed {
		k = newKeys(1 + int(ops[0]/5%4))
	}
	m := newModel(t, bounds[ops[0]%5], int(ops[1]%5), ops[1] >= 128, k)
	m.play(ops[2:min(len(ops), 600)])
}

func FuzzDispatcher(f *testing.F) {
	f.Fuzz(func(t *testing.T, ops []byte) { playOps(t, ops, false) })
}

func FuzzKeyedDispatcher(f *testing.F) {
	f.Fuzz(func(t *testing.T, ops []byte) { playOps(t, ops, true) })
}

// A dispatcher does what it should, whatever it goes through.
func TestDispatcherAgainstModel(t *testing.T) { playSeeds(t, false) }

func TestKeyedDispatcherAgainstModel(t *testing.T) { playSeeds(t, true) }

func playSeeds(t *testing.T, keyed bool) {
	seeds := uint64(3000)
	if testing.Short() {
		seeds = 500
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 1))
		ops := make([]byte, 2+r.IntN(400))
		for i := range ops {
			ops[i] = byte(r.Uint32())
		}
		playOps(t, ops, keyed)
	}
}
