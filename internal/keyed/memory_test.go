package keyed_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda/internal/keyed"
)

// Keys cost memory only while there is something of them, also after a burst of many,
// and while there is always something of a few.
func TestMemoryIsGivenBack(t *testing.T) {
	var q keyed.Queue[int]
	var lanes keyed.Lanes[int, int]
	for i := range 10 {
		q.Push(lanes.Of(-1-i), i)
	}
	before := heap()
	const keys = 200_000
	for i := range keys {
		q.Push(lanes.Of(i), i)
	}
	require.Greater(t, heap(), before+keys*64)
	for range 10 {
		q.Pop() // and their keys stay busy
	}
	for range keys {
		_, l := q.Pop()
		q.Free(l)
		l.Forget()
	}
	require.Equal(t, 10, lanes.Len())
	require.Less(t, heap(), before+256<<10)
	runtime.KeepAlive(&q)
	runtime.KeepAlive(&lanes)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkQueue(b *testing.B) {
	for _, c := range []struct {
		name         string
		keys, queued int
	}{{"1_key", 1, 500}, {"100_keys", 100, 500}, {"new_keys", 1 << 40, 500}} {
		b.Run(c.name, func(b *testing.B) {
			var q keyed.Queue[int]
			var lanes keyed.Lanes[int, int]
			b.ReportAllocs()
			for i := range b.N {
				q.Push(lanes.Of(i%c.keys), i)
				if i >= c.queued {
					_, l := q.Pop()
					q.Free(l)
					l.Forget()
				}
			}
		})
	}
}
