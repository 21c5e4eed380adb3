package remuda_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

var errOdd = errors.New("odd")

// halve is a job that fails for odd numbers.
func halve(_ context.Context, n int) (int, error) {
	if n%2 != 0 {
		return -n, errOdd
	}
	return n / 2, nil
}

func TestMapYieldsInTheOrderOfTheInputs(t *testing.T) {
	for _, workers := range []int{1, 3, 50} {
		for _, queue := range bounds {
			bubble(t, fmt.Sprintf("%d workers, queue %d", workers, queue), func(t *testing.T) {
				p := startPool(t, remuda.Config{Initial: workers, Queue: queue}, func(ctx context.Context, n int) (int, error) {
					time.Sleep(time.Duration((n*7)%13) * time.Millisecond)
					return halve(ctx, n)
				})
				loop := p.Map(bg, counted(200))
				for range 2 { // each use reads the sequence anew
					i := 0
					for out, err := range loop {
						want, wantErr := halve(bg, i)
						require.Equal(t, want, out)
						require.Equal(t, wantErr, err)
						i++
					}
					require.Equal(t, 200, i)
				}
			})
		}
	}
}

func TestStreamYieldsInTheOrderOfCompletion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{}
		p := startPool(t, remuda.Config{Initial: 3}, s.Do)
		var results []remuda.Result[int, int]
		loop := asyncErr(func() error {
			for r := range p.Stream(bg, counted(3)) {
				results = append(results, r)
			}
			return nil
		})
		for _, i := range []int{2, 0, 1} {
			s.let(i)
		}
		_, _ = loop.wait()
		require.Equal(t, []remuda.Result[int, int]{{In: 2, Out: 4, Index: 2}, {In: 0, Out: 0}, {In: 1, Out: 2, Index: 1}}, results)
	})
}

func TestDoAllReturnsEverything(t *testing.T) {
	p := startPool(t, remuda.Config{Initial: 3}, halve)
	outs, err := p.DoAll(bg, upTo(100))
	require.Len(t, outs, 100)
	for i, out := range outs {
		want, _ := halve(bg, i)
		require.Equal(t, want, out, "a failure leaves in its place what the job returned")
	}
	require.ErrorIs(t, err, errOdd)
	lines := strings.Split(err.Error(), "\n")
	require.Len(t, lines, 50)
	require.Equal(t, "remuda: input 1: odd", lines[0])
	require.Equal(t, "remuda: input 99: odd", lines[49])

	outs, err = p.DoAll(bg, []int{2, 4})
	require.NoError(t, err)
	require.Equal(t, []int{1, 2}, outs)

	outs, err = p.DoAll(bg, nil)
	require.NoError(t, err)
	require.Empty(t, outs)
}

// loops is every way to run the inputs of a sequence. Each returns the outcomes
// and what it ends with.
var loops = map[string]func(ctx context.Context, p *remuda.Pool[int, int], seq iter.Seq[int]) (outs []int, errs []error){
	"Map": func(ctx context.Context, p *remuda.Pool[int, int], seq iter.Seq[int]) (outs []int, errs []error) {
		for out, err := range p.Map(ctx, seq) {
			outs, errs = append(outs, out), append(errs, err)
		}
		return outs, errs
	},
	"Stream": func(ctx context.Context, p *remuda.Pool[int, int], seq iter.Seq[int]) (outs []int, errs []error) {
		for r := range p.Stream(ctx, seq) {
			outs, errs = append(outs, r.Out), append(errs, r.Err)
		}
		return outs, errs
	},
}

type loopFunc = func(context.Context, *remuda.Pool[int, int], iter.Seq[int]) ([]int, []error)

// requireCutShort fails the test unless errs is one error, of a loop that was cut
// short because of cause.
func requireCutShort(t *testing.T, cause error, errs []error) {
	t.Helper()
	require.Len(t, errs, 1)
	require.ErrorIs(t, errs[0], remuda.ErrCutShort)
	require.ErrorIs(t, errs[0], cause)
}

// forEachLoop runs f in a bubble for Map and for Stream.
func forEachLoop(t *testing.T, f func(t *testing.T, loop loopFunc)) {
	for name, loop := range loops {
		bubble(t, name, func(t *testing.T) { f(t, loop) })
	}
}

func TestLoopOverNothing(t *testing.T) {
	forEachLoop(t, func(t *testing.T, loop loopFunc) {
		p := startPool(t, remuda.Config{}, double)
		outs, _ := loop(bg, p, counted(0))
		require.Empty(t, outs)
		require.Zero(t, p.Stats().Accepted)
	})
}

// An outcome is yielded when it is there: a sequence that takes its time holds
// back nothing.
func TestSlowSequenceHoldsBackNothing(t *testing.T) {
	for _, ordered := range []bool{true, false} {
		bubble(t, fmt.Sprintf("ordered %v", ordered), func(t *testing.T) {
			p := startPool(t, remuda.Config{Initial: 2}, double)
			begin := time.Now()
			seq := func(yield func(int) bool) {
				for i := 0; i < 10 && yield(i); i++ {
					time.Sleep(time.Second)
				}
			}
			i := 0
			check := func() {
				require.Equal(t, time.Duration(i)*time.Second, time.Since(begin))
				i++
			}
			if ordered {
				for range p.Map(bg, seq) {
					check()
				}
			} else {
				for range p.Stream(bg, seq) {
					check()
				}
			}
			require.Equal(t, 10, i)
		})
	}
}

// A loop reads ahead at most the bound of the queue and one for each worker.
func TestLoopReadsAheadWithinBounds(t *testing.T) {
	for _, workers := range []int{1, 4} {
		forEachBound(t, func(t *testing.T, queue int) {
			p := startPool(t, remuda.Config{Initial: workers, Queue: queue}, double)
			var read atomic.Int64
			seq := func(yield func(int) bool) {
				for i := range 1000 {
					read.Add(1)
					if !yield(i) {
						return
					}
				}
			}
			consumed := 0
			window := max(queue, 0) + workers
			for range p.Map(bg, seq) {
				consumed++
				synctest.Wait()
				// The last one is in the hands of the reader.
				require.LessOrEqual(t, int(read.Load()), consumed+window+1)
				if consumed == 1 {
					require.GreaterOrEqual(t, int(read.Load()), window)
				}
			}
			require.Equal(t, 1000, consumed)
		})
	}
}

// A loop shares its workers with whatever else the pool has to do.
func TestLoopsAndQueueTakeTurns(t *testing.T) {
	forEachBound(t, func(t *testing.T, queue int) {
		s := &stage{}
		p := startPool(t, remuda.Config{Queue: queue}, s.Do)
		loop := async(func() (n int, _ error) {
			for range p.Map(bg, counted(20)) {
				n++
			}
			return n, nil
		})
		var sent []*call[remuda.Void]
		for i := range 5 {
			sent = append(sent, asyncErr(func() error { return p.Send(bg, 100+i) }))
		}
		for i := range 25 {
			order := s.order()
			require.Len(t, order, i+1)
			time.Sleep(time.Millisecond) // jobs that take their time are not batched
			s.let(order[i])
		}
		order := s.order()
		for i := range 5 {
			at := slices.Index(order, 100+i)
			require.True(t, sent[i].returned())
			require.LessOrEqual(t, at, 4+3*i, "input %d of the queue in %v", i, order)
		}
		n, _ := loop.wait()
		require.Equal(t, 20, n)
	})
}

// Inputs that run in no time are taken by the batch. When one proves to be slow,
// the worker gives the rest of its batch back, and others take it.
func TestSlowInputsAmongFastOnesAreShared(t *testing.T) {
	forEachLoop(t, func(t *testing.T, loop loopFunc) {
		var now, most atomic.Int64
		p := startPool(t, remuda.Config{Initial: 4}, func(_ context.Context, n int) (int, error) {
			if n > 2000 {
				m := now.Add(1)
				defer now.Add(-1)
				for old := most.Load(); m > old && !most.CompareAndSwap(old, m); old = most.Load() {
				}
				time.Sleep(10 * time.Millisecond)
			}
			return n, nil
		})
		begin := time.Now()
		outs, errs := loop(bg, p, counted(2401))
		slices.Sort(outs)
		require.Equal(t, upTo(2401), outs)
		require.NoError(t, errors.Join(errs...))
		require.EqualValues(t, 4, most.Load(), "workers")
		// 400 inputs of 10 ms on 4 workers take a second; a batch of 16 may be
		// unlucky for each of them.
		require.LessOrEqual(t, time.Since(begin), 2*time.Second)
	})

	// Those who have left because there was nothing for them are called back.
	forEachLoop(t, func(t *testing.T, loop loopFunc) {
		const fast, slow = 2000, 50
		p := startPool(t, remuda.Config{Initial: 2}, func(_ context.Context, n int) (int, error) {
			if n >= fast && n < fast+slow {
				time.Sleep(10 * time.Millisecond)
			}
			return n, nil
		})
		begin := time.Now()
		outs, _ := loop(bg, p, func(yield func(int) bool) {
			for i := 0; i < fast+2*slow && yield(i); i++ {
				if i == fast-1 {
					time.Sleep(time.Millisecond) // everybody leaves
				}
			}
		})
		require.Len(t, outs, fast+2*slow)
		require.Less(t, time.Since(begin), slow*10*time.Millisecond*9/10, "on two workers")
	})

	// A batch ends at once when its loop has ended.
	bubble(t, "left", func(t *testing.T) {
		const fast = 2000
		var begun atomic.Int32
		p := startPool(t, remuda.Config{}, func(_ context.Context, n int) (int, error) {
			if n >= fast {
				begun.Add(1)
				time.Sleep(10 * time.Millisecond)
			}
			return n, nil
		})
		n := 0
		for range p.Map(bg, counted(fast+100)) {
			if n++; n == fast {
				break
			}
		}
		require.Less(t, begun.Load(), int32(50))
	})
}

// A worker that leaves its batch for what waits in the queue leaves the rest to
// others, and to nobody once the loop has ended.
func TestLoopThatEndsWithInputsGivenBack(t *testing.T) {
	for name, end := range map[string]func(leave func(), cancel func()){
		"by its context": func(_, cancel func()) { cancel() },
		"by break":       func(leave, _ func()) { leave() },
	} {
		bubble(t, name, func(t *testing.T) {
			const fast, slow, other = 600, 60, -1
			s := &stage{}
			var begun atomic.Int32
			p := startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
				switch {
				case n == other:
					return s.Do(ctx, n)
				case n >= fast:
					begun.Add(1)
					time.Sleep(10 * time.Millisecond)
				}
				return n, nil
			})
			ctx, cancel := ending(t)
			var left atomic.Bool
			var errs []error
			loop := asyncErr(func() error {
				for _, err := range p.Map(ctx, func(yield func(int) bool) {
					for i := 0; i < fast+slow && yield(i); i++ {
						if i == fast-1 {
							time.Sleep(time.Millisecond)
						}
					}
				}) {
					errs = append(errs, err)
					for len(errs) == fast+1 && !left.Load() && ctx.Err() == nil {
						time.Sleep(time.Second)
					}
					if left.Load() {
						break
					}
				}
				return nil
			})
			time.Sleep(50 * time.Millisecond)
			require.NoError(t, p.TrySend(bg, other))
			time.Sleep(time.Second)
			require.Equal(t, []int{other}, s.order(), "it has its turn")
			ran := int(begun.Load())
			require.Less(t, ran, slow)

			end(func() { left.Store(true) }, cancel)
			time.Sleep(2 * time.Second)
			require.True(t, loop.returned(), "nothing of it runs")
			require.EqualValues(t, ran, begun.Load())
			stats := p.Stats()
			require.EqualValues(t, fast+ran, stats.Succeeded)
			require.Equal(t, 1, stats.Running)
			require.Zero(t, stats.Queued)
			// How many were given back depends on the size that batches have grown to.
			require.EqualValues(t, fast+ran+1+int(stats.Dropped), stats.Accepted)
			if name == "by its context" {
				require.GreaterOrEqual(t, len(errs), fast+ran+int(stats.Dropped))
				require.ErrorIs(t, errs[len(errs)-1], context.Canceled)
			}
			s.letAll()
		})
	}
}

// Rule 6: breaking out of a loop cancels what it had in flight, waits for it,
// and leaves nothing behind.
func TestBreakLeavesNothingBehind(t *testing.T) {
	breaks := map[string]func(ctx context.Context, p *remuda.Pool[int, int], seq iter.Seq[int]){
		"Map": func(ctx context.Context, p *remuda.Pool[int, int], seq iter.Seq[int]) {
			for range p.Map(ctx, seq) {
				break
			}
		},
		"Stream": func(ctx context.Context, p *remuda.Pool[int, int], seq iter.Seq[int]) {
			for range p.Stream(ctx, seq) {
				break
			}
		},
		"a panic in the loop": func(ctx context.Context, p *remuda.Pool[int, int], seq iter.Seq[int]) {
			defer func() { _ = recover() }()
			for range p.Map(ctx, seq) {
				panic("in the loop")
			}
		},
		"Goexit in the loop": func(ctx context.Context, p *remuda.Pool[int, int], seq iter.Seq[int]) {
			done := make(chan struct{})
			go func() {
				defer close(done)
				for range p.Map(ctx, seq) {
					runtime.Goexit()
				}
			}()
			<-done
		},
	}
	for name, leave := range breaks {
		bubble(t, name+", while jobs run", func(t *testing.T) {
			s := &stage{}
			p := startPool(t, remuda.Config{Initial: 3}, s.Do)
			loop := asyncErr(func() error { leave(bg, p, counted(100)); return nil })
			require.Len(t, s.order(), 3)
			time.Sleep(time.Second)
			s.let(0)
			require.True(t, loop.returned())
			now, _ := s.on()
			require.Zero(t, now, "runs under way were cancelled")
			require.LessOrEqual(t, len(s.order()), 4, "nothing else has begun")
			require.LessOrEqual(t, len(goroutines()), p.Current(), "but for parked workers")
			assertIdle(t, p.Stats())
			out, err := p.Do(bg, 0)
			require.NoError(t, err, "the pool is as good as new")
			require.Zero(t, out)
		})

		bubble(t, name+", while a job ignores that it was cancelled", func(t *testing.T) {
			s := &stage{deaf: true}
			p := startPool(t, remuda.Config{Initial: 2}, s.Do)
			loop := asyncErr(func() error { leave(bg, p, counted(100)); return nil })
			time.Sleep(time.Second)
			s.let(0)
			require.False(t, loop.returned(), "it waits for the run")
			require.Error(t, s.ctx(1).Err())
			s.letAll()
			require.True(t, loop.returned())
		})

		bubble(t, name+", while the sequence waits", func(t *testing.T) {
			p := startPool(t, remuda.Config{Initial: 2}, double)
			ended := false
			more := make(chan struct{})
			seq := func(yield func(int) bool) {
				defer func() { ended = true }()
				for i := 0; yield(i); i++ {
					<-more
				}
			}
			loop := asyncErr(func() error { leave(bg, p, seq); return nil })
			require.False(t, loop.returned(), "the pool cannot interrupt a sequence")
			close(more)
			require.True(t, loop.returned())
			require.True(t, ended)
			require.LessOrEqual(t, len(goroutines()), p.Current())
		})

		bubble(t, name+", while the sequence waits for room", func(t *testing.T) {
			p := startPool(t, remuda.Config{Queue: 2}, double)
			ended := false
			seq := func(yield func(int) bool) {
				defer func() { ended = true }()
				for i := 0; yield(i); i++ {
				}
			}
			leave(bg, p, seq)
			require.True(t, ended)
			require.LessOrEqual(t, len(goroutines()), p.Current())
		})
	}
}

// When the context ends, no more inputs are read; the outcomes of those that
// have begun are yielded, and then the error.
func TestLoopWhoseContextEnds(t *testing.T) {
	forEachLoop(t, func(t *testing.T, loop loopFunc) {
		s := &stage{}
		p := startPool(t, remuda.Config{Initial: 2}, s.Do)
		ctx, cancel := ending(t)
		enough := errors.New("enough")
		ctx, because := context.WithCancelCause(ctx)
		var errs []error
		c := asyncErr(func() error {
			_, errs = loop(ctx, p, counted(100))
			return nil
		})
		require.Len(t, s.order(), 2)
		because(enough)
		cancel()
		require.True(t, c.returned())
		require.Equal(t, []error{enough, enough}, errs[:2])
		requireCutShort(t, context.Canceled, errs[2:])
		require.Len(t, s.order(), 2)
		require.EqualValues(t, 2, p.Stats().Accepted)
	})

	forEachLoop(t, func(t *testing.T, loop loopFunc) {
		p := startPool(t, remuda.Config{}, double)
		ctx, cancel := ending(t)
		cancel()
		outs, errs := loop(ctx, p, func(func(int) bool) { t.Error("the sequence runs") })
		require.Equal(t, []int{0}, outs)
		requireCutShort(t, context.Canceled, errs)
	})

	bubble(t, "DoAll", func(t *testing.T) {
		s := &stage{}
		p := startPool(t, remuda.Config{Initial: 2}, s.Do)
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		time.AfterFunc(time.Second/2, func() { s.let(0) })
		outs, err := p.DoAll(ctx, []int{5, 0, 7, 8})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, []int{0, 0, 0, 0}, outs, "those that are missing are zero")
	})

	bubble(t, "after the last input has begun, which is no early end", func(t *testing.T) {
		s := &stage{deaf: true}
		p := startPool(t, remuda.Config{Initial: 2}, s.Do)
		ctx, cancel := ending(t)
		loop := async(func() ([]int, error) { return p.DoAll(ctx, []int{1, 2}) })
		require.Len(t, s.order(), 2)
		cancel()
		s.letAll()
		outs, err := loop.wait()
		require.NoError(t, err)
		require.Equal(t, []int{2, 4}, outs)
	})
}

// When the pool is closed, a loop ends in the same way, with ErrPoolClosed.
func TestLoopOverAPoolThatIsClosed(t *testing.T) {
	for _, workers := range []int{0, 1, 3} {
		forEachLoop(t, func(t *testing.T, loop loopFunc) {
			s := &stage{}
			p := startPool(t, remuda.Config{Paused: true}, s.Do)
			require.NoError(t, p.Resize(workers))
			var outs []int
			var errs []error
			c := asyncErr(func() error {
				outs, errs = loop(bg, p, counted(100))
				return nil
			})
			require.Len(t, s.order(), workers)
			closing := asyncErr(func() error { return p.Close(bg) })
			s.letAll()
			require.True(t, c.returned())
			require.True(t, closing.returned())
			require.NoError(t, closing.err)
			require.Len(t, s.order(), workers, "what has not begun is not begun")
			require.Len(t, outs, workers+1)
			require.ErrorIs(t, errs[workers], remuda.ErrPoolClosed)
			require.NoError(t, errors.Join(errs[:workers]...))
		})
	}

	// An input that is read while the pool closes comes too late, even if a run
	// keeps the pool alive.
	forEachLoop(t, func(t *testing.T, loop loopFunc) {
		const other = 99
		s := &stage{}
		p := startPool(t, remuda.Config{Initial: 2}, s.Do)
		require.NoError(t, p.TrySend(bg, other))
		more := make(chan struct{})
		var errs []error
		c := asyncErr(func() error {
			_, errs = loop(bg, p, func(yield func(int) bool) {
				for i := 0; yield(i); i++ {
					<-more
				}
			})
			return nil
		})
		s.let(0)
		closing := asyncErr(func() error { return p.Close(bg) })
		close(more)
		require.True(t, c.returned())
		require.False(t, closing.returned())
		require.NoError(t, errs[0])
		requireCutShort(t, remuda.ErrPoolClosed, errs[1:])
		s.letAll()
		_, err := closing.wait()
		require.NoError(t, err)
	})

	// A sequence that waits is told of the end of the pool by its own means
	// only: the loop ends when it notices.
	forEachLoop(t, func(t *testing.T, loop loopFunc) {
		p := startPool(t, remuda.Config{}, double)
		more := make(chan struct{})
		seq := func(yield func(int) bool) {
			for i := 0; yield(i); i++ {
				<-more
			}
		}
		var errs []error
		c := asyncErr(func() error {
			_, errs = loop(bg, p, seq)
			return nil
		})
		require.NoError(t, p.Close(bg))
		require.False(t, c.returned())
		close(more)
		require.True(t, c.returned())
		require.NoError(t, errs[0])
		requireCutShort(t, remuda.ErrPoolClosed, errs[1:])
	})
}

// A loop over a pool without workers waits for one.
func TestLoopWaitsForWorkers(t *testing.T) {
	forEachLoop(t, func(t *testing.T, loop loopFunc) {
		s := &stage{}
		p := startPool(t, remuda.Config{Paused: true}, s.Do)
		c := async(func() (int, error) {
			outs, errs := loop(bg, p, counted(10))
			return len(outs), errors.Join(errs...)
		})
		require.False(t, c.returned())
		require.NoError(t, p.Resize(2))
		now, _ := s.on()
		require.Equal(t, 2, now)
		require.NoError(t, p.Resize(0))
		s.let(0, 1)
		now, _ = s.on()
		require.Zero(t, now)
		require.NoError(t, p.More())
		s.letAll()
		n, err := c.wait()
		require.NoError(t, err)
		require.Equal(t, 10, n)
	})
}

// What the sequence panics with goes on in the loop, after the outcomes of the
// inputs before it, and costs the pool nothing.
func TestSequenceThatPanics(t *testing.T) {
	broken := errors.New("broken sequence")
	forEachLoop(t, func(t *testing.T, loop loopFunc) {
		p := startPool(t, remuda.Config{Initial: 2}, double)
		n := 0
		func() {
			defer func() {
				err, _ := recover().(error)
				var panicked *remuda.PanicError
				assert.ErrorAs(t, err, &panicked)
				assert.ErrorIs(t, err, broken)
				assert.Contains(t, string(panicked.Stack), "brokenSequence")
			}()
			for range p.Map(bg, brokenSequence(broken)) {
				n++
			}
		}()
		require.Equal(t, 3, n)
		require.Panics(t, func() { loop(bg, p, brokenSequence(broken)) })
		_, err := p.Do(bg, 1)
		require.NoError(t, err)
		require.Zero(t, p.Stats().Failed, "no job has failed")
	})

	bubble(t, "that ends its goroutine ends the loop's", func(t *testing.T) {
		p := startPool(t, remuda.Config{Initial: 2}, double)
		n, survived := 0, false
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range p.Map(bg, func(yield func(int) bool) {
				if yield(1) && yield(2) {
					runtime.Goexit()
				}
			}) {
				n++
			}
			survived = true
		}()
		<-done
		require.Equal(t, 2, n)
		require.False(t, survived)
	})
}

func brokenSequence(err error) iter.Seq[int] {
	return func(yield func(int) bool) {
		if yield(1) && yield(2) && yield(3) {
			panic(err)
		}
	}
}

// Many loops, and everything else, at a time.
func TestLoopsSideBySide(t *testing.T) {
	forEachBound(t, func(t *testing.T, queue int) {
		p := startPool(t, remuda.Config{Initial: 3, Queue: queue}, func(_ context.Context, n int) (int, error) {
			time.Sleep(time.Duration(n%5) * time.Millisecond)
			return n, nil
		})
		var calls []*call[int]
		for _, loop := range loops {
			for range 3 {
				calls = append(calls, async(func() (int, error) {
					outs, errs := loop(bg, p, counted(300))
					return len(outs), errors.Join(errs...)
				}))
			}
		}
		for i := range 100 {
			require.NoError(t, p.Send(bg, i))
		}
		for _, c := range calls {
			n, err := c.wait()
			require.NoError(t, err)
			require.Equal(t, 300, n)
		}
		require.NoError(t, p.Close(bg))
		require.EqualValues(t, 300*len(calls)+100, p.Stats().Succeeded)
	})
}

// In a pool without a queue an input is accepted when a worker takes it, and not
// before that has been with a loop which came first.
func TestUnbufferedSendBesideALoopIsAcceptedByAWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{}
		p := startPool(t, remuda.Config{Queue: remuda.Unbuffered}, s.Do)
		require.NoError(t, p.Send(bg, 1))
		loop := async(func() ([]int, error) { return p.DoAll(bg, []int{2, 3}) })
		send := asyncErr(func() error { return p.Send(bg, 4) })
		require.False(t, send.returned())
		for in := 1; !send.returned(); in++ {
			s.let(in)
		}
		require.Contains(t, s.order(), 4)
		require.Zero(t, p.Stats().Queued)
		s.letAll()
		_, err := loop.wait()
		require.NoError(t, err)
	})
}

// An input of the queue that a worker has come across on its way to a loop does
// not wait for the end of that loop.
func TestLoopDoesNotStarveWhatIsBehindIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const first, streamed, other = 1, 2, 3
		var ran atomic.Bool
		p := startPool(t, remuda.Config{}, func(_ context.Context, n int) (int, error) {
			time.Sleep(time.Second)
			if n == other {
				ran.Store(true)
			}
			return n, nil
		})
		require.NoError(t, p.Send(bg, first))
		synctest.Wait()
		ctx, cancel := ending(t)
		loop := asyncErr(func() error {
			for range p.Map(ctx, func(yield func(int) bool) {
				for yield(streamed) {
				}
			}) {
			}
			return nil
		})
		require.NoError(t, p.Send(bg, other)) // behind the loop's claim, and nothing is behind it
		time.Sleep(10 * time.Second)
		require.True(t, ran.Load())
		cancel()
		_, _ = loop.wait()
	})
}

// A run that has ended its own loop's context is the last, even if the loop is
// busy with what was before.
func TestNothingBeginsOnceTheContextOfALoopHasEnded(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // before the context has told anybody, as good as always
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := ending(t)
		var begun []int
		p := startPool(t, remuda.Config{}, func(_ context.Context, n int) (int, error) {
			begun = append(begun, n)
			time.Sleep(time.Second)
			if n == 1 {
				cancel()
			}
			return n, nil
		})
		for range p.Map(ctx, counted(10)) {
			time.Sleep(time.Minute)
		}
		require.Equal(t, []int{0, 1}, begun)
	})
}

// A loop that waits for more keeps nothing of what it has been through.
func TestLoopLetsGoOfWhatWasConsumed(t *testing.T) {
	for _, ordered := range []bool{true, false} {
		bubble(t, fmt.Sprintf("ordered %v", ordered), func(t *testing.T) {
			var ins, outs, errs []weak.Pointer[heavy]
			p := startPool(t, remuda.Config{Queue: 16}, func(context.Context, *heavy) (*heavy, error) {
				out := &heavy{}
				outs = append(outs, weak.Make(out)) // there is one worker
				err := &heavy{}
				errs = append(errs, weak.Make(err))
				return out, err
			})
			more := make(chan struct{})
			seq := func(yield func(*heavy) bool) {
				for range 100 {
					in := &heavy{}
					ins = append(ins, weak.Make(in))
					yield(in)
				}
				<-more
			}
			loop := asyncErr(func() error {
				if ordered {
					for range p.Map(bg, seq) {
					}
				} else {
					for range p.Stream(bg, seq) {
					}
				}
				return nil
			})
			defer func() {
				close(more)
				_, _ = loop.wait()
			}()
			require.False(t, loop.returned())
			runtime.GC()
			runtime.GC()
			require.Len(t, outs, 100)
			for i := range outs {
				require.Nil(t, ins[i].Value(), "input %d", i)
				require.Nil(t, outs[i].Value(), "output %d", i)
				require.Nil(t, errs[i].Value(), "error %d", i)
			}
		})
	}
}

// heavy is a value, or an error, whose end can be seen.
type heavy struct{ _ [1 << 10]byte }

func (*heavy) Error() string { return "heavy" }
