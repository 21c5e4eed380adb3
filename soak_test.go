package remuda_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// TestSoak keeps one pool busy for long, with workers that come and go, and
// looks from time to time, when the pool is idle, whether it has kept anything:
// goroutines or memory. Length: REMUDA_SOAK, in inputs.
func TestSoak(t *testing.T) {
	const eras, most = 50, 8
	length := lengthFrom(t, "REMUDA_SOAK", 100_000)
	before := runtime.NumGoroutine()
	p, err := remuda.NewWithConfig[int, int](remuda.Config{Queue: 256})
	require.NoError(t, err)
	var built sync.WaitGroup // jobs that are not closed
	require.NoError(t, p.StartWithBuilder(remuda.JobBuilderFunc[int, int](func() remuda.Job[int, int] {
		built.Add(1)
		return soaked{p, &built}
	})))
	var heaps []uint64
	for era := range eras {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { soak(p, length/eras/4, most) })
		}
		wg.Wait()
		idle(p)

		s := p.Stats()
		require.Equal(t, s.Accepted, s.Succeeded+s.Failed+s.Dropped, "all that was accepted is resolved: %+v", s)
		for runtime.NumGoroutine() > before+most { // if they do not end, the test's time does
			runtime.Gosched()
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		heaps = append(heaps, m.HeapAlloc)
		if era%10 == 9 {
			t.Logf("%d inputs, %d goroutines, %d KiB", s.Accepted, runtime.NumGoroutine()-before, m.HeapAlloc>>10)
		}
	}
	require.NoError(t, p.Close(bg))
	built.Wait()
	early, late := heaps[eras/5], heaps[eras-1]
	require.Less(t, late, early+early/4+(512<<10), "the heap grows: %v", heaps)
}

// idle waits until everything that was sent has run.
func idle(p *remuda.Pool[int, int]) {
	for s := p.Stats(); s.Queued+s.Running+s.Yielded > 0; s = p.Stats() {
		runtime.Gosched()
	}
}

// soak hands n inputs to the pool in every way there is.
func soak(p *remuda.Pool[int, int], n, most int) {
	for n > 0 {
		ctx, cancel := context.WithCancel(bg)
		switch rand.IntN(8) {
		case 0:
			for range 10 {
				_, _ = p.Do(bg, 1)
			}
			n -= 10
		case 1:
			apart(func() { _, _ = p.Do(ctx, rand.IntN(1000)) })
			n--
		case 2:
			tickets := make([]*remuda.Ticket[int], 10)
			for i := range tickets {
				tickets[i], _ = p.Submit(ctx, rand.IntN(1000))
			}
			if rand.IntN(2) == 0 {
				cancel()
			}
			for _, ticket := range tickets {
				_, _ = ticket.Wait(bg)
			}
			n -= len(tickets)
		case 3:
			got, enough := 0, rand.IntN(2000)
			for range p.Map(ctx, counted(1000)) {
				if got++; got == enough {
					break
				}
			}
			n -= got
		case 4:
			_ = p.Resize(1 + rand.IntN(most))
		default:
			for range 200 {
				_ = p.Send(bg, rand.IntN(1000))
			}
			_ = p.Send(ctx, 1)
			n -= 201
		}
		cancel()
	}
}

// apart runs f on a goroutine of its own, which f may end, and waits.
func apart(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

// soaked is a built job that succeeds but for some inputs.
type soaked struct {
	pool  *remuda.Pool[int, int]
	built *sync.WaitGroup
}

func (s soaked) Do(ctx context.Context, in int) (int, error) {
	switch in {
	case 990:
		return 0, errWork
	case 991:
		panic(errWork)
	case 992:
		runtime.Goexit()
	case 993:
		return s.pool.Do(ctx, 1)
	case 994:
		_, err := s.pool.DoAll(ctx, []int{1, 2, 3})
		return 0, err
	case 995:
		return in, s.pool.Send(ctx, 1)
	}
	return in, nil
}

func (s soaked) Close() error {
	s.built.Done()
	return nil
}
