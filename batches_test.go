package remuda_test

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// A press is a function for StartBatches that makes texts of numbers, takes its time,
// and keeps what it was called with.
type press struct {
	takes time.Duration
	fails func(ctx context.Context, ins []int) error // if not nil

	mu  sync.Mutex
	got [][]int
}

func (p *press) print(ctx context.Context, ins []int) (outs []string, err error) {
	p.mu.Lock()
	p.got = append(p.got, slices.Clone(ins))
	p.mu.Unlock()
	for _, in := range ins {
		outs = append(outs, strconv.Itoa(in))
	}
	select {
	case <-time.After(p.takes):
	case <-ctx.Done():
		return outs, ctx.Err()
	}
	if p.fails != nil {
		err = p.fails(ctx, ins)
	}
	return outs, err
}

// batches is what the function has been called with since the last look, once all
// stands still, in the order of their first inputs: workers that begin at once note
// theirs in either order.
func (p *press) batches() [][]int {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	got := p.got
	p.got = nil
	slices.SortFunc(got, func(a, b []int) int { return cmp.Compare(a[0], b[0]) })
	return got
}

// withPress runs f in a bubble with a pool of batches, and then closes that.
func withPress(t *testing.T, cfg remuda.Config, size int, wait time.Duration, f func(t *testing.T, p *press, pool *remuda.Pool[int, string])) {
	synctest.Test(t, func(t *testing.T) {
		p := &press{}
		pool, err := remuda.StartBatchesWithConfig(cfg, size, wait, p.print)
		require.NoError(t, err)
		f(t, p, pool)
		err = pool.Close(bg)
		if err != nil {
			require.ErrorIs(t, err, remuda.ErrPoolClosed)
		}
		<-pool.Done()
		s := pool.Stats()
		require.Equal(t, s.Accepted, s.Succeeded+s.Failed+s.Dropped)
		assertIdle(t, s)
	})
}

func sendInts(t *testing.T, pool *remuda.Pool[int, string], ins ...int) {
	t.Helper()
	for _, in := range ins {
		require.NoError(t, pool.Send(bg, in))
	}
}

func workers(n int) remuda.Config { return remuda.Config{Initial: n} }

// A batch begins when it is full.
func TestBatchesFull(t *testing.T) {
	withPress(t, workers(3), 3, time.Hour, func(t *testing.T, p *press, pool *remuda.Pool[int, string]) {
		began := time.Now()
		sendInts(t, pool, 0, 1, 2, 3, 4, 5, 6)
		require.Equal(t, [][]int{{0, 1, 2}, {3, 4, 5}}, p.batches())
		require.Zero(t, time.Since(began))
		require.Equal(t, 1, pool.Stats().Queued)
	})
}

// Or when its first input has waited for wait since it was accepted; those that come
// later do not put that off.
func TestBatchesWait(t *testing.T) {
	withPress(t, workers(2), 100, time.Second, func(t *testing.T, p *press, pool *remuda.Pool[int, string]) {
		sendInts(t, pool, 0)
		time.Sleep(600 * time.Millisecond)
		sendInts(t, pool, 1)
		time.Sleep(400*time.Millisecond - 1)
		require.Empty(t, p.batches())
		time.Sleep(time.Nanosecond)
		require.Equal(t, [][]int{{0, 1}}, p.batches())

		sendInts(t, pool, 2)
		time.Sleep(time.Second)
		require.Equal(t, [][]int{{2}}, p.batches(), "the next waits as long")
	})
}

// What came first may leave; the wait is then that of the first that is left.
func TestBatchesWaitOfWhatIsLeft(t *testing.T) {
	withPress(t, workers(1), 100, time.Second, func(t *testing.T, p *press, pool *remuda.Pool[int, string]) {
		ctx, cancel := context.WithCancel(bg)
		ticket, err := pool.Submit(ctx, 0)
		require.NoError(t, err)
		time.Sleep(500 * time.Millisecond)
		sendInts(t, pool, 1)
		cancel()
		synctest.Wait()
		_, err = ticket.Wait(bg)
		require.ErrorIs(t, err, context.Canceled, "it has left at once")
		time.Sleep(time.Second - 1)
		require.Empty(t, p.batches())
		time.Sleep(time.Nanosecond)
		require.Equal(t, [][]int{{1}}, p.batches())

		ctx, cancel = context.WithCancel(bg) // and if nothing is left, nothing is begun
		_, err = pool.Submit(ctx, 2)
		require.NoError(t, err)
		time.Sleep(500 * time.Millisecond)
		cancel()
		time.Sleep(time.Hour)
		require.Empty(t, p.batches())
		sendInts(t, pool, 3)
		time.Sleep(time.Second)
		require.Equal(t, [][]int{{3}}, p.batches())
	})
}

// While no worker is free inputs wait for one, and no longer once there is one.
func TestBatchesGrowWhileWorkersAreBusy(t *testing.T) {
	for _, wait := range []time.Duration{0, time.Second} {
		withPress(t, workers(1), 4, wait, func(t *testing.T, p *press, pool *remuda.Pool[int, string]) {
			p.takes = 10 * time.Second
			sendInts(t, pool, 0)
			time.Sleep(wait)
			require.Equal(t, [][]int{{0}}, p.batches())
			sendInts(t, pool, upTo(6)...)
			time.Sleep(10*time.Second - 1)
			require.Empty(t, p.batches())
			time.Sleep(time.Nanosecond)
			require.Equal(t, [][]int{{0, 1, 2, 3}}, p.batches())
			time.Sleep(10 * time.Second)
			require.Equal(t, [][]int{{4, 5}}, p.batches(), "they have waited for longer than wait")
			time.Sleep(10 * time.Second)
		})
	}
}

// One worker gathers; the others rest until there is more than it takes.
func TestBatchesOneWorkerGathers(t *testing.T) {
	withPress(t, workers(8), 5, time.Second, func(t *testing.T, p *press, pool *remuda.Pool[int, string]) {
		p.takes = time.Minute
		for i := range 4 {
			sendInts(t, pool, i)
			time.Sleep(100 * time.Millisecond)
		}
		require.Empty(t, p.batches())
		time.Sleep(600 * time.Millisecond)
		require.Equal(t, [][]int{{0, 1, 2, 3}}, p.batches())
		for i := range 10 {
			sendInts(t, pool, i)
			synctest.Wait()
		}
		require.Equal(t, [][]int{upTo(5), {5, 6, 7, 8, 9}}, p.batches(), "while the first is busy")
		require.Equal(t, 14, pool.Stats().Running)
	})
}

// Whichever way inputs come, they are in one batch.
func TestBatchesOfAllWays(t *testing.T) {
	withPress(t, workers(2), 10, time.Second, func(t *testing.T, p *press, pool *remuda.Pool[int, string]) {
		var wg sync.WaitGroup
		outs := make([]string, 10)
		sendInts(t, pool, 0)
		require.NoError(t, pool.TrySend(bg, 1))
		wg.Go(func() { outs[2], _ = pool.Do(bg, 2) })
		synctest.Wait()
		ctx, cancel := context.WithCancel(bg)
		defer cancel()
		ticket, err := pool.Submit(ctx, 3)
		require.NoError(t, err)
		other, err := pool.TrySubmit(ctx, 4)
		require.NoError(t, err)
		g := pool.Group(ctx)
		require.NoError(t, g.Send(5))
		wg.Go(func() {
			for out, err := range pool.Map(ctx, sequence(6, 7, time.Minute)) {
				require.NoError(t, err)
				outs[6] += out
			}
		})
		synctest.Wait()
		wg.Go(func() {
			for r := range pool.Stream(ctx, sequence(8, 8, time.Minute)) {
				outs[8] += r.Out
			}
		})
		synctest.Wait()
		require.Empty(t, p.batches())
		wg.Go(func() { all, _ := pool.DoAll(ctx, []int{9}); outs[9] = all[0] })
		require.Equal(t, [][]int{upTo(10)}, p.batches())
		wg.Wait()
		outs[3], _ = ticket.Wait(bg)
		outs[4], _ = other.Wait(bg)
		require.NoError(t, g.Wait())
		require.Equal(t, []string{"", "", "2", "3", "4", "", "67", "", "8", "9"}, outs)
	})
}

// sequence yields the numbers from first to last, and then takes its time to end.
func sequence(first, last int, then time.Duration) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for i := first; i <= last; i++ {
			if !yield(i) {
				return
			}
		}
		time.Sleep(then)
	}
}

// A loop gets the outcomes of a full batch with that, and its last inputs do not wait
// for others once its sequence has ended.
func TestBatchesOfALoop(t *testing.T) {
	withPress(t, workers(2), 4, time.Hour, func(t *testing.T, p *press, pool *remuda.Pool[int, string]) {
		began := time.Now()
		p.takes = time.Second
		var at []time.Duration
		for out, err := range pool.Map(bg, sequence(0, 9, 5*time.Second)) {
			require.NoError(t, err)
			require.Equal(t, strconv.Itoa(len(at)), out)
			at = append(at, time.Since(began))
		}
		require.Equal(t, slices.Concat(slices.Repeat([]time.Duration{time.Second}, 8), slices.Repeat([]time.Duration{6 * time.Second}, 2)), at)
		require.Equal(t, [][]int{{0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9}}, p.batches())
	})
}

// A slice may be larger than the queue, and no batch of it waits.
func TestBatchesOfASlice(t *testing.T) {
	withPress(t, remuda.Config{Initial: 2, Queue: remuda.Unbuffered}, 30, time.Hour, func(t *testing.T, p *press, pool *remuda.Pool[int, string]) {
		began := time.Now()
		outs, err := pool.DoAll(bg, upTo(10_000))
		require.NoError(t, err)
		require.Zero(t, time.Since(began))
		for i, out := range outs {
			require.Equal(t, strconv.Itoa(i), out)
		}
		sizes := make(map[int]int)
		for _, b := range p.batches() {
			sizes[len(b)]++
		}
		require.Equal(t, 333, sizes[30], "all but the last ten, which workers may share: %v", sizes)
	})
}

// More inputs of a loop than one batch inside may have.
func TestBatchesOfManyInputs(t *testing.T) {
	withPress(t, workers(2), 20_000, time.Hour, func(t *testing.T, p *press, pool *remuda.Pool[int, string]) {
		n := 0
		for out, err := range pool.Map(bg, slices.Values(upTo(50_000))) {
			require.NoError(t, err)
			require.Equal(t, strconv.Itoa(n), out)
			n++
		}
		require.Equal(t, 50_000, n)
		for i, b := range p.batches() {
			require.LessOrEqual(t, len(b), 20_000, "batch %d", i)
		}
	})
}

// Wait begins what is queued, and nobody need wait for others then.
func TestBatchesPoolWait(t *testing.T) {
	withPress(t, workers(2), 10, time.Hour, func(t *testing.T, p *press, pool *remuda.Pool[int, string]) {
		began := time.Now()
		p.takes = time.Second
		sendInts(t, pool, 1, 2, 3)
		require.NoError(t, pool.Wait(bg))
		require.Equal(t, time.Second, time.Since(began))
		require.Equal(t, [][]int{{1, 2, 3}}, p.batches())

		require.NoError(t, pool.Resize(0))
		sendInts(t, pool, 4)
		done := make(chan error)
		go func() { done <- pool.Wait(bg) }()
		synctest.Wait()
		time.Sleep(time.Minute)
		require.NoError(t, pool.More(), "what was hurried while no worker was there")
		require.NoError(t, <-done)
		require.Equal(t, time.Minute+2*time.Second, time.Since(began))
	})
}

func TestStartBatchesWithWhatItRefuses(t *testing.T) {
	job := new(press).print
	for name, tt := range map[string]struct {
		start func() (*remuda.Pool[int, string], error)
		is    error
		text  string
	}{
		"no workers": {func() (*remuda.Pool[int, string], error) { return remuda.StartBatches(0, 1, 0, job) }, remuda.ErrInvalidInitial, "StartBatches with 0"},
		"size":       {func() (*remuda.Pool[int, string], error) { return remuda.StartBatches(1, 0, 0, job) }, remuda.ErrInvalidBatch, "a batch of 0"},
		"wait":       {func() (*remuda.Pool[int, string], error) { return remuda.StartBatches(1, 1, -1, job) }, remuda.ErrInvalidBatch, "a wait of -1ns"},
		"nil function": {func() (*remuda.Pool[int, string], error) {
			return remuda.StartBatches(1, 1, 0, (func(context.Context, []int) ([]string, error))(nil))
		}, remuda.ErrNilJob, "job is nil"},
		"nil middleware": {func() (*remuda.Pool[int, string], error) {
			return remuda.StartBatches(1, 1, 0, job, nil)
		}, remuda.ErrNilJob, "middleware 1 is nil"},
		"bad config": {func() (*remuda.Pool[int, string], error) {
			return remuda.StartBatchesWithConfig(remuda.Config{Name: "mill", Queue: -2}, 5, 0, job)
		}, remuda.ErrInvalidQueue, "remuda: mill: "},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := tt.start()
			require.Nil(t, p)
			require.ErrorIs(t, err, tt.is)
			require.ErrorContains(t, err, tt.text)
		})
	}
}

// The queue has room for a batch, and blocked senders are let in when one begins.
func TestBatchesQueue(t *testing.T) {
	withPress(t, remuda.Config{Name: "mill", Initial: 1, Queue: 2}, 3, time.Hour, func(t *testing.T, p *press, pool *remuda.Pool[int, string]) {
		p.takes = time.Minute
		sendInts(t, pool, upTo(3)...)
		synctest.Wait()
		sendInts(t, pool, 3, 4, 5)
		err := pool.TrySend(bg, 6)
		require.ErrorIs(t, err, remuda.ErrQueueFull)
		require.ErrorContains(t, err, "3 wait")
		for i := range 4 {
			go func() { _ = pool.Send(bg, 6+i) }()
			synctest.Wait()
		}
		require.Equal(t, [][]int{{0, 1, 2}}, p.batches())
		time.Sleep(time.Minute)
		require.Equal(t, [][]int{{3, 4, 5}}, p.batches())
		require.Equal(t, 3, pool.Stats().Queued)
		time.Sleep(time.Minute)
		require.Equal(t, [][]int{{6, 7, 8}}, p.batches())
		require.Equal(t, 1, pool.Stats().Queued)
	})
}

// A worker that was idle for long ends; one that gathers does not.
func TestBatchesIdleTimeout(t *testing.T) {
	withPress(t, remuda.Config{Initial: 3, IdleTimeout: time.Second}, 10, time.Minute, func(t *testing.T, p *press, pool *remuda.Pool[int, string]) {
		sendInts(t, pool, upTo(25)...)
		require.Len(t, p.batches(), 2)
		time.Sleep(time.Minute)
		require.Equal(t, [][]int{{20, 21, 22, 23, 24}}, p.batches())
		time.Sleep(time.Minute)
		sendInts(t, pool, 1)
		time.Sleep(time.Minute)
		require.Equal(t, [][]int{{1}}, p.batches())
	})
}
