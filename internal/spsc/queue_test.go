package spsc_test

import (
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda/internal/spsc"
)

func TestQueueKeepsOrder(t *testing.T) {
	var q spsc.Queue[int]
	pushed, popped := 0, 0
	for round := range 500 {
		for range round % 137 {
			q.Push(pushed)
			pushed++
		}
		require.Equal(t, pushed, q.Pushed())
		require.Equal(t, pushed-popped, q.Len())
		n := min(q.Len(), round%139)
		for _, v := range q.Pop([]int{-1}, n)[1:] {
			require.Equal(t, popped, v)
			popped++
		}
		require.Equal(t, popped, q.Popped())
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestWhatWasReadIsGivenBack(t *testing.T) {
	const n = 100_000
	var q spsc.Queue[[8]uint64]
	before := heap()
	for range n {
		q.Push([8]uint64{})
	}
	for range n / 100 {
		q.Pop(nil, 100)
	}
	require.Less(t, heap(), before+1<<20)
	runtime.KeepAlive(&q)
}

func TestQueueThatIsReadAllocatesNothing(t *testing.T) {
	var q spsc.Queue[int]
	buf := make([]int, 0, 100)
	round := func() {
		for range 100 {
			q.Push(0)
		}
		buf = q.Pop(buf[:0], 100)
	}
	for range 10 {
		round()
	}
	require.Zero(t, testing.AllocsPerRun(1000, round))
}

func TestPopKeepsNothingAlive(t *testing.T) {
	var r spsc.Queue[*[1 << 20]byte]
	collected := make(chan struct{})
	func() {
		v := new([1 << 20]byte)
		runtime.AddCleanup(v, func(int) { close(collected) }, 0)
		r.Push(v)
		clear(r.Pop(nil, 1))
	}()
	runtime.GC()
	<-collected
	runtime.KeepAlive(&r)
}

// The writer pushes without the lock while readers pop with it.
func TestQueueUnderConcurrency(t *testing.T) {
	const n = 100_000
	var r spsc.Queue[int]
	var mu sync.Mutex
	room := sync.NewCond(&mu)
	go func() {
		credit := 0
		for i := range n {
			if credit == 0 {
				mu.Lock()
				for r.Len() == 64 {
					room.Wait()
				}
				credit = 64 - r.Len()
				mu.Unlock()
			}
			r.Push(i)
			credit--
		}
	}()
	var buf []int
	for next := 0; next < n; {
		mu.Lock()
		buf = r.Pop(buf[:0], r.Len())
		mu.Unlock()
		room.Signal()
		for _, v := range buf {
			require.Equal(t, next, v)
			next++
		}
		if len(buf) == 0 {
			runtime.Gosched()
		}
	}
}
