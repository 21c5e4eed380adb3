package keyed_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/remuda-go/remuda/internal/keyed"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type value struct {
	key string
	n   int
	seq uint64
}

// model is what a queue should hold.
type model struct {
	t     testing.TB
	q     keyed.Queue[int]
	lanes keyed.Lanes[string, int]

	want   []value
	busy   map[string]*keyed.Lane[int]
	claims map[string]int
	next   int
	seqs   []uint64
}

func newModel(t testing.TB) *model {
	return &model{t: t, busy: make(map[string]*keyed.Lane[int]), claims: make(map[string]int)}
}

// ready are the oldest values of the keys that are free.
func (m *model) ready() (ready []value) {
	seen := make(map[string]bool)
	for _, v := range m.want {
		if !seen[v.key] && m.busy[v.key] == nil {
			ready = append(ready, v)
		}
		seen[v.key] = true
	}
	return ready
}

func (m *model) count(key string) (n int) {
	for _, v := range m.want {
		if v.key == key {
			n++
		}
	}
	return n
}

func (m *model) push(key string) {
	m.next++
	before := len(m.ready())
	seq, isReady := m.q.Push(m.lanes.Of(key), m.next)
	require.NotZero(m.t, seq)
	m.want = append(m.want, value{key, m.next, seq})
	m.seqs = append(m.seqs, seq)
	require.Equal(m.t, len(m.ready()) > before, isReady)
}

func (m *model) pop() {
	ready := m.ready()
	if len(ready) == 0 {
		return
	}
	n, l := m.q.Pop()
	require.Equal(m.t, ready[0].n, n, "the oldest of those whose key is free")
	m.busy[ready[0].key] = l
	m.want = slices.DeleteFunc(m.want, func(v value) bool { return v.n == n })
}

// take makes a key busy with a value that never was in the queue.
func (m *model) take(key string) {
	if m.busy[key] != nil || m.count(key) > 0 {
		return
	}
	l := m.lanes.Of(key)
	m.q.Take(l)
	m.busy[key] = l
}

func (m *model) free(key string) {
	if l := m.busy[key]; l != nil {
		delete(m.busy, key)
		m.q.Free(l)
		l.Forget()
	}
}

func (m *model) remove(seq uint64) {
	at := slices.IndexFunc(m.want, func(v value) bool { return v.seq == seq })
	n, l, ok := m.q.Remove(seq)
	require.Equal(m.t, at >= 0, ok)
	if ok {
		require.Equal(m.t, m.want[at].n, n)
		m.want = slices.Delete(m.want, at, at+1)
		l.Forget()
		l.Forget()
	}
}

func (m *model) claim(key string) {
	m.lanes.Of(key).Claims++
	m.claims[key]++
}

func (m *model) unclaim(key string) {
	if m.claims[key] == 0 {
		return
	}
	l := m.lanes.Of(key)
	l.Claims--
	l.Forget()
	if m.claims[key]--; m.claims[key] == 0 {
		delete(m.claims, key)
	}
}

func (m *model) clear() {
	var got []int
	m.q.Clear(func(n int, l *keyed.Lane[int]) {
		got = append(got, n)
		l.Forget()
	})
	var want []int
	for _, v := range m.want {
		want = append(want, v.n)
	}
	require.Equal(m.t, want, got, "in order")
	m.want = nil
}

func (m *model) check() {
	require.Equal(m.t, len(m.want), m.q.Len())
	require.Equal(m.t, len(m.ready()), m.q.Ready())
	keys := make(map[string]bool)
	for _, v := range m.want {
		keys[v.key] = true
	}
	for key := range m.busy {
		keys[key] = true
	}
	for key := range m.claims {
		keys[key] = true
	}
	require.Equal(m.t, len(keys), m.lanes.Len(), "a lane for each key of which there is something")
	for key := range keys {
		l := m.lanes.Of(key)
		require.Equal(m.t, m.count(key), l.Len())
		require.Equal(m.t, m.count(key) == 0 && m.busy[key] == nil, l.IsIdle())
	}
}

func (m *model) play(ops []byte) {
	for len(ops) >= 2 {
		op, arg := ops[0], ops[1]
		ops = ops[2:]
		key := string(rune('a' + arg%4))
		if arg%16 == 15 {
			key = "" // the zero key is one like all others
		}
		switch op % 16 {
		case 0, 1, 2, 3, 4:
			m.push(key)
		case 5, 6, 7:
			m.pop()
		case 8, 9, 10:
			m.free(key)
		case 11, 12:
			if len(m.seqs) > 0 {
				m.remove(m.seqs[len(m.seqs)-1-int(arg)%len(m.seqs)])
			}
		case 13:
			m.take(key)
		case 14:
			if arg < 100 {
				m.claim(key)
			} else {
				m.unclaim(key)
			}
		case 15:
			if arg < 16 {
				m.clear()
			}
		}
		m.check()
	}
}

func FuzzQueue(f *testing.F) {
	f.Fuzz(func(t *testing.T, ops []byte) { newModel(t).play(ops[:min(len(ops), 1000)]) })
}

func TestQueueAgainstModel(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 1))
		ops := make([]byte, 400)
		for i := range ops {
			ops[i] = byte(r.Uint32())
		}
		newModel(t).play(ops)
	}
}

func TestValuesOfOneKeyLeaveOneAtATime(t *testing.T) {
	var q keyed.Queue[string]
	var lanes keyed.Lanes[string, string]
	for _, v := range []string{"a1", "a2", "b1", "a3", "c1"} {
		q.Push(lanes.Of(v[:1]), v)
	}
	pop := func() (string, *keyed.Lane[string]) {
		require.NotZero(t, q.Ready())
		return q.Pop()
	}
	v, a := pop()
	require.Equal(t, "a1", v)
	v, _ = pop()
	require.Equal(t, "b1", v, "a is busy")
	q.Free(a)
	v, a = pop()
	require.Equal(t, "a2", v, "it is older than c1")
	v, _ = pop()
	require.Equal(t, "c1", v)
	require.Zero(t, q.Ready())
	require.Equal(t, 1, q.Len(), "a3 waits for a")
	q.Free(a)
	v, _ = pop()
	require.Equal(t, "a3", v)
}
