package fifo_test

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda/internal/fifo"
)

type entry struct {
	value int
	seq   uint64
	guest bool
}

// model is what a pair of queues should hold: values go into in and come out of
// out, which takes over all of in when it is empty.
type model struct {
	t       testing.TB
	in, out fifo.Queue[int]
	wantIn  []entry
	wantOut []entry
	next    int
	seqs    []uint64
}

func (m *model) push(guest bool) {
	m.next++
	push := m.in.Push
	if guest {
		push = m.in.PushGuest
	}
	next := m.in.Next()
	seq := push(m.next)
	require.Equal(m.t, next, seq)
	require.NotZero(m.t, seq)
	m.seqs = append(m.seqs, seq)
	m.wantIn = append(m.wantIn, entry{m.next, seq, guest})
}

func (m *model) pop() {
	if m.out.Len() == 0 {
		m.out.Take(&m.in)
		m.wantIn, m.wantOut = m.wantOut[:0], m.wantIn
	}
	if len(m.wantOut) == 0 {
		return
	}
	v, guest := m.out.Pop()
	require.Equal(m.t, m.wantOut[0].value, v)
	require.Equal(m.t, m.wantOut[0].guest, guest)
	m.wantOut = m.wantOut[1:]
}

func (m *model) remove(seq uint64) {
	for _, side := range []struct {
		q    *fifo.Queue[int]
		want *[]entry
	}{{&m.in, &m.wantIn}, {&m.out, &m.wantOut}} {
		i := -1
		for j, e := range *side.want {
			if e.seq == seq {
				i = j
			}
		}
		v, ok := side.q.Remove(seq)
		require.Equal(m.t, i >= 0, ok)
		if ok {
			require.Equal(m.t, (*side.want)[i].value, v)
			*side.want = append(append([]entry{}, (*side.want)[:i]...), (*side.want)[i+1:]...)
		}
	}
}

func (m *model) check() {
	for _, side := range []struct {
		q    *fifo.Queue[int]
		want []entry
	}{{&m.in, m.wantIn}, {&m.out, m.wantOut}} {
		guests := 0
		for _, e := range side.want {
			if e.guest {
				guests++
			}
		}
		require.Equal(m.t, len(side.want), side.q.Len())
		require.Equal(m.t, guests, side.q.Guests())
		require.Equal(m.t, len(side.want)-guests, side.q.Places())
		if len(side.want) > 0 {
			v, seq := side.q.First()
			require.Equal(m.t, side.want[0].value, v)
			require.Equal(m.t, side.want[0].seq, seq)
			require.Greater(m.t, side.q.Next(), side.want[len(side.want)-1].seq)
		}
	}
}

func (m *model) run(ops []byte) {
	for _, op := range ops {
		switch n := int(op >> 3); op % 8 {
		case 0, 1, 2:
			for range n + 1 {
				m.push(false)
			}
		case 3:
			m.push(true)
		case 4, 5:
			for range n + 1 {
				m.pop()
			}
		case 6:
			if len(m.seqs) > 0 {
				m.remove(m.seqs[len(m.seqs)-1-n%len(m.seqs)])
			}
		case 7:
			for i := range m.seqs {
				if i%(n+2) == 0 {
					m.remove(m.seqs[i])
				}
			}
		}
		m.check()
	}
	for m.in.Len()+m.out.Len() > 0 {
		m.pop()
	}
	m.check()
}

// A queue behaves as a slice does, whatever is pushed, popped and removed.
func TestQueueAgainstModel(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		ops := make([]byte, 60)
		for i := range ops {
			ops[i] = byte(r.Uint32())
		}
		(&model{t: t}).run(ops)
	}
}

func FuzzQueue(f *testing.F) {
	f.Add([]byte{0, 3, 6, 4, 250, 7, 252})
	f.Fuzz(func(t *testing.T, ops []byte) {
		(&model{t: t}).run(ops[:min(len(ops), 200)])
	})
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestMemoryIsGivenBack(t *testing.T) {
	type value [8]uint64
	const n = 200_000
	t.Run("after it was drained", func(t *testing.T) {
		var in, out fifo.Queue[value]
		before := heap()
		for range n {
			in.Push(value{})
		}
		out.Take(&in)
		for range n {
			out.Pop()
		}
		require.Less(t, heap(), before+1<<20)
		runtime.KeepAlive(&in)
		runtime.KeepAlive(&out)
	})
	t.Run("while it is stuck, and values come and are removed", func(t *testing.T) {
		var q fifo.Queue[value]
		first := q.Push(value{})
		before := heap()
		for range n {
			_, ok := q.Remove(q.Push(value{}))
			require.True(t, ok)
		}
		require.Less(t, heap(), before+1<<20)
		require.Equal(t, 1, q.Len())
		_, ok := q.Remove(first)
		require.True(t, ok)
	})
}

func TestPushAndPopAllocateNothing(t *testing.T) {
	var in, out fifo.Queue[[3]int]
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for range 1000 {
			in.Push([3]int{})
		}
		out.Take(&in)
		for range 1000 {
			out.Pop()
		}
	}))
}

func BenchmarkQueue(b *testing.B) {
	var in, out fifo.Queue[[3]int]
	for i := 0; i < b.N; i += 100 {
		for range 100 {
			in.Push([3]int{})
		}
		out.Take(&in)
		for range 100 {
			out.Pop()
		}
	}
}
