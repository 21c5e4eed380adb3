package remuda_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// In every snapshot, taken at any moment, each accepted input is in one state,
// and the numbers that only grow do only grow.
func TestStatsBalanceUnderLoad(t *testing.T) {
	for name, queue := range map[string]int{"unbuffered": remuda.Unbuffered, "queue 1": 1, "queue 16": 16, "queue 1024": 0} {
		t.Run(name, func(t *testing.T) {
			p := loadedPool(t, queue)
			stop := watch(t, p.Stats)
			load(t, p)
			assertIdleSoon(t, p)
			last := stop()
			require.NoError(t, p.CloseWithTimeout(time.Minute))
			final := p.Stats()
			assertIdle(t, final)
			require.GreaterOrEqual(t, final.Accepted, last.Accepted)
			require.Positive(t, final.Succeeded)
			require.Positive(t, final.Failed)
			require.Positive(t, final.Panicked)
			require.Positive(t, final.Dropped)
		})
	}

	t.Run("fed by a source", func(t *testing.T) {
		ch := make(chan int)
		p := startFrom(t, remuda.FromChan(ch), remuda.Config{Initial: 4}, fails)
		stop := watch(t, p.Stats)
		const n = 20_000
		for i := range n {
			ch <- i % 7
			if i%1000 == 0 {
				_ = p.Resize(1 + i/1000%5)
			}
		}
		close(ch)
		<-p.Done()
		stop()
		require.EqualValues(t, n, p.Stats().Accepted)
		require.EqualValues(t, n/7+1, p.Stats().Succeeded)
	})
}

// Workers of a source that has ended go by themselves, some of them before the pool has
// told them to.
func TestStatsWhileASourceEnds(t *testing.T) {
	for range 200 {
		ch := make(chan int)
		p := startFrom(t, remuda.FromChan(ch), remuda.Config{Initial: 16}, fails)
		stop := watch(t, p.Stats)
		close(ch)
		<-p.Done()
		stop()
	}
}

// watch takes snapshots until stop is called, and returns the last.
func watch(t *testing.T, snapshot func() remuda.Stats) (stop func() remuda.Stats) {
	var over atomic.Bool
	var last remuda.Stats
	done := make(chan struct{})
	go func() {
		defer close(done)
		for !over.Load() {
			s := snapshot()
			grown := s.Accepted >= last.Accepted && s.Succeeded >= last.Succeeded &&
				s.Failed >= last.Failed && s.Panicked >= last.Panicked && s.Dropped >= last.Dropped
			if !assertBalanced(t, s) || !assert.True(t, grown, "from %+v to %+v", last, s) {
				return
			}
			last = s
			runtime.Gosched()
		}
	}()
	return func() remuda.Stats {
		over.Store(true)
		<-done
		return last
	}
}

// loadedPool is a pool whose job does everything that a job can do.
func loadedPool(t *testing.T, queue int) *remuda.Pool[int, int] {
	p := remuda.Must(remuda.NewWithConfig[int, int](remuda.Config{Initial: 3, Queue: queue}))
	require.NoError(t, p.Start(remuda.Func(func(ctx context.Context, n int) (int, error) {
		switch {
		case n > 10:
			return p.Do(ctx, n-10)
		case n == 10:
			outs, err := p.DoAll(ctx, upTo(7))
			return len(outs), err
		case n > 6:
			runtime.Gosched()
			return n, ctx.Err()
		default:
			return fails(ctx, n)
		}
	})))
	return p
}

// load makes use of a pool in every way.
func load(t *testing.T, p *remuda.Pool[int, int]) {
	const n = 150
	var users sync.WaitGroup
	use := func(f func(ctx context.Context, n int)) {
		users.Go(func() {
			for range n {
				ctx, cancel := context.WithCancel(bg)
				if rand.IntN(4) == 0 {
					time.AfterFunc(time.Duration(rand.IntN(50))*time.Microsecond, cancel)
				}
				done := make(chan struct{})
				go func() { // Do may end its goroutine
					defer close(done)
					f(ctx, rand.IntN(30))
				}()
				<-done
				cancel()
			}
		})
	}
	use(func(ctx context.Context, n int) { _, _ = p.Do(ctx, n) })
	use(func(_ context.Context, n int) { _, _ = p.Do(bg, n) })
	use(func(ctx context.Context, n int) { _ = p.Send(ctx, n) })
	use(func(_ context.Context, n int) { _ = p.TrySend(bg, n) })
	use(func(ctx context.Context, n int) {
		if ticket, err := p.Submit(ctx, n); err == nil && n%2 == 0 {
			_, _ = ticket.Wait(ctx)
		}
	})
	use(func(ctx context.Context, n int) {
		for range p.Map(ctx, counted(n)) {
			if rand.IntN(20) == 0 {
				break
			}
		}
	})
	use(func(context.Context, int) { _ = p.Resize(rand.IntN(5)) })
	users.Go(func() {
		for range n { // an input that is dropped for certain, sooner or later
			ctx, cancel := context.WithCancel(bg)
			_, err := p.Submit(ctx, 0)
			cancel()
			assert.NoError(t, err)
		}
	})
	done := make(chan struct{})
	go func() {
		users.Wait()
		close(done)
	}()
	for {
		select {
		case <-done:
			return
		case <-time.After(time.Millisecond):
			_ = p.More() // those that wait for a pool without workers
		}
	}
}

// assertIdleSoon waits until the pool is idle.
func assertIdleSoon(t *testing.T, p *remuda.Pool[int, int]) {
	require.NoError(t, p.Resize(3))
	require.Eventually(t, func() bool {
		s := p.Stats()
		return s.Queued+s.Running+s.Yielded+s.Retired == 0
	}, time.Minute, time.Millisecond, "%+v", p.Stats())
}

// A run counts as finished before its outcome is there: the numbers are exact
// for whoever has waited.
func TestStatsAreExactForWhoeverWaited(t *testing.T) {
	ctx, _ := ending(t)
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			p := startPool(t, way.cfg, double)
			for i := range 100 {
				_, err := way.call(ctx, p, 1)
				require.NoError(t, err)
				stats := p.Stats()
				require.EqualValues(t, i+1, stats.Succeeded)
				assertIdle(t, stats)
			}
		})
	}

	bubble(t, "Done, of a ticket that many wait for", func(t *testing.T) {
		gate := make(chan struct{})
		p := startPool(t, remuda.Config{}, func(context.Context, int) (int, error) {
			<-gate
			return 0, nil
		})
		for i := range 5 {
			ticket, err := p.Submit(bg, i)
			require.NoError(t, err)
			for range 2000 { // it takes a while to tell them all
				go func() { _, _ = ticket.Wait(bg) }()
			}
			synctest.Wait()
			done := ticket.Done()
			gate <- struct{}{}
			for waiting := true; waiting; {
				select {
				case <-done:
					waiting = false
				default:
					if runtime.GOMAXPROCS(0) == 1 {
						runtime.Gosched()
					}
				}
			}
			require.EqualValues(t, i+1, p.Stats().Succeeded)
			synctest.Wait()
		}
	})

	t.Run("a dropped input", func(t *testing.T) {
		p := startPool(t, remuda.Config{Paused: true}, double)
		for i := range 300 {
			ctx, cancel := context.WithCancel(bg)
			ticket, err := p.Submit(ctx, 1)
			require.NoError(t, err)
			cancel()
			require.NoError(t, p.More())
			_, err = ticket.Wait(bg)
			require.ErrorIs(t, err, context.Canceled)
			require.EqualValues(t, i+1, p.Stats().Dropped)
			require.NoError(t, p.Less())
		}
	})

	t.Run("a loop", func(t *testing.T) {
		p := startPool(t, remuda.Config{Initial: 3}, double)
		for i := range 30 {
			n := 0
			for range p.Stream(ctx, counted(100)) {
				n++
			}
			require.Equal(t, 100, n)
			require.EqualValues(t, 100*(i+1), p.Stats().Succeeded)
			assertIdle(t, p.Stats())
		}
	})
}

// A snapshot tells the states apart.
func TestStatsOfEveryState(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		s := &stage{}
		p := startPool(t, remuda.Config{Initial: 3}, s.Do)
		for i := range 10 {
			require.NoError(t, p.TrySend(bg, i))
		}
		require.Len(t, s.order(), 3)
		require.Equal(t, remuda.Stats{Workers: 3, Busy: 3, Running: 3, Queued: 7, Accepted: 10}, p.Stats())
		require.NoError(t, p.Resize(1))
		require.Equal(t, remuda.Stats{Workers: 1, Busy: 1, Running: 3, Queued: 7, Retired: 2, Accepted: 10}, p.Stats())
		s.let(0, 1)
		require.Equal(t, remuda.Stats{Workers: 1, Busy: 1, Running: 1, Queued: 7, Accepted: 10, Succeeded: 2}, p.Stats())
		ended, cancel := ending(t)
		cancel()
		require.Error(t, p.Close(ended))
		s.letAll()
		<-p.Done()
		require.Equal(t, remuda.Stats{Accepted: 10, Succeeded: 2, Failed: 1, Dropped: 7}, p.Stats())
	})
}

// In a pool of batches Running counts inputs, and Busy the workers that have a batch. The
// one that gathers has none yet.
func TestBusyCountsWorkers(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		p, err := remuda.StartBatches(3, 10, time.Second, func(_ context.Context, ns []int) ([]int, error) {
			time.Sleep(time.Minute)
			return ns, nil
		})
		require.NoError(t, err)
		for i := range 12 {
			require.NoError(t, p.Send(bg, i))
		}
		synctest.Wait()
		require.Equal(t, remuda.Stats{Workers: 3, Busy: 1, Running: 10, Queued: 2, Accepted: 12}, p.Stats())
		time.Sleep(2 * time.Second)
		require.Equal(t, remuda.Stats{Workers: 3, Busy: 2, Running: 12, Accepted: 12}, p.Stats())
		require.NoError(t, p.Resize(1))
		require.Equal(t, remuda.Stats{Workers: 1, Busy: 1, Running: 12, Retired: 1, Accepted: 12}, p.Stats())
		require.NoError(t, p.Close(bg))
		require.Zero(t, p.Stats().Busy)
	})
}
