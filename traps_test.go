package remuda_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// The traps that the systems before us fell into: one test each.

// hmoragrega/workers: the goroutine that counts workers takes the pool's lock
// when the last one has gone, while More holds that lock and sends to that
// goroutine on an unbuffered channel. Both wait forever.
func TestTrapRemovingTheLastWorkerAndAddingOneAgain(t *testing.T) {
	for _, fed := range []bool{false, true} {
		bubble(t, fmt.Sprintf("fed by a source: %v", fed), func(t *testing.T) {
			var runs atomic.Int32
			job := func(ctx context.Context, n int) (int, error) {
				runs.Add(1)
				return n, nil
			}
			var p *remuda.Pool[int, int]
			ch := make(chan int, 1)
			send := func(n int) error { return p.TrySend(bg, n) }
			if fed {
				p = startFrom(t, remuda.FromChan(ch), remuda.Config{}, job)
				send = func(n int) error { ch <- n; return nil }
			} else {
				p = startPool(t, remuda.Config{}, job)
			}
			for i := range 100 {
				c := asyncErr(func() error { return errors.Join(p.Less(), p.More(), p.Less(), p.More(), send(i)) })
				require.True(t, c.returned(), "round %d", i)
				require.NoError(t, c.err)
				require.EqualValues(t, i+1, runs.Load())
			}
		})
	}
}

// hmoragrega/workers: once the pool's context has ended, the goroutine that
// counts workers selects on it in a loop without a pause, for as long as the
// last jobs take. Here a Close that waits lets everything stand still: else
// synctest.Wait would not return, nor would the clock go on.
func TestTrapCloseSpinsWhileItDrains(t *testing.T) {
	for _, fed := range []bool{false, true} {
		bubble(t, fmt.Sprintf("fed by a source: %v", fed), func(t *testing.T) {
			s := &stage{deaf: true}
			var p *remuda.Pool[int, int]
			if fed {
				ch := make(chan int, 2)
				ch <- 0
				ch <- 1
				p = startFrom(t, remuda.FromChan(ch), remuda.Config{Initial: 2}, s.Do)
			} else {
				p = startPool(t, remuda.Config{Initial: 2}, s.Do)
				require.NoError(t, p.TrySend(bg, 0))
				require.NoError(t, p.TrySend(bg, 1))
			}
			require.Len(t, s.order(), 2)
			closing := asyncErr(func() error { return p.Close(bg) })
			require.False(t, closing.returned())
			time.Sleep(24 * time.Hour)
			for _, stack := range goroutines() {
				require.NotRegexp(t, `^goroutine \d+ \[(running|runnable|sleep)`, stack)
			}
			s.let(0)
			time.Sleep(24 * time.Hour)
			require.False(t, closing.returned())
			s.let(1)
			require.True(t, closing.returned())
		})
	}
}

// hmoragrega/workers: Run closes the pool when it sees that it was closed, gets
// ErrPoolClosed for it, and returns that while the workers still run.
func TestTrapRunReturnsBeforeTheWorkersHaveStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{}
		p := remuda.New[int, int]()
		run := asyncErr(func() error { return p.Run(bg, s) })
		require.NoError(t, p.TrySend(bg, 1))
		closing := asyncErr(func() error { return p.Close(bg) })
		require.False(t, run.returned())
		require.False(t, closing.returned())
		s.letAll()
		_, err := run.wait()
		require.NoError(t, err)
		_, err = closing.wait()
		require.NoError(t, err)
	})
}

// gammazero/workerpool (issue 76), sourcegraph/conc (issue 103), gofherd: Submit
// sends on a channel that Stop, Wait or CloseInputChan closes, and panics with
// 'send on closed channel' when it comes second. goflow returns the id of a job
// that it has lost. Here whoever comes second gets ErrPoolClosed, and what was
// accepted runs.
func TestTrapSubmitRacesClose(t *testing.T) {
	for range 50 {
		var ran atomic.Int32
		p := remuda.Must(remuda.NewWithConfig[int, int](remuda.Config{Initial: 2, Queue: 4}))
		require.NoError(t, p.Start(remuda.Func(func(_ context.Context, n int) (int, error) {
			ran.Add(1)
			return n, nil
		})))
		var accepted atomic.Int32
		var users sync.WaitGroup
		started := make(chan struct{}, 4)
		for range 4 {
			users.Go(func() {
				for i := 0; ; i++ {
					ticket, err := p.Submit(bg, i)
					if err != nil {
						assert.ErrorIs(t, err, remuda.ErrPoolClosed)
						return
					}
					if accepted.Add(1); i == 0 {
						started <- struct{}{}
					}
					out, err := ticket.Wait(bg)
					assert.NoError(t, err, "what was accepted runs")
					assert.Equal(t, i, out)
				}
			})
		}
		<-started
		require.NoError(t, p.Close(bg))
		users.Wait()
		require.Equal(t, accepted.Load(), ran.Load())
	}
}

// alitto/pond (pull request 115): with a bounded queue, a submitter could miss
// the wake-up that told of a free place, and wait until another task came by.
// The smallest queues show it soonest.
func TestTrapLostWakeUps(t *testing.T) {
	const senders, each = 8, 300
	for _, queue := range []int{remuda.Unbuffered, 1} {
		for _, workers := range []int{1, 2, 8} {
			t.Run(fmt.Sprintf("queue %d, %d workers", queue, workers), func(t *testing.T) {
				var ran atomic.Int32
				p := remuda.Must(remuda.NewWithConfig[int, int](remuda.Config{Initial: workers, Queue: queue}))
				require.NoError(t, p.Start(remuda.Func(func(_ context.Context, n int) (int, error) {
					ran.Add(1)
					if n%16 == 0 {
						runtime.Gosched()
					}
					return n, nil
				})))
				ctx, cancel := context.WithTimeout(bg, time.Minute) // that it never comes to
				defer cancel()
				var users sync.WaitGroup
				for s := range senders {
					users.Go(func() {
						for i := range each {
							assert.NoError(t, handOvers[(s+i)%len(handOvers)](ctx, p, i))
						}
					})
				}
				users.Wait()
				require.NoError(t, p.Close(ctx))
				require.EqualValues(t, senders*each, ran.Load())
			})
		}
	}
}

// alitto/pond (issues 61 and 138): tasks that are queued when their context is
// cancelled are left behind by the worker, and whoever waits for them, or stops
// the pool, waits forever.
func TestTrapCancelledContextWithAFullQueue(t *testing.T) {
	forEachBound(t, func(t *testing.T, queue int) {
		s := &stage{deaf: true}
		p := startPool(t, remuda.Config{Queue: queue}, s.Do)
		ctx, cancel := ending(t)
		var waits []*call[int]
		for i := range max(queue, 0) + 1 {
			ticket, err := p.Submit(ctx, i)
			require.NoError(t, err)
			synctest.Wait()
			waits = append(waits, async(func() (int, error) { return ticket.Wait(bg) }))
		}
		blocked := asyncErr(func() error { return p.Send(ctx, 99) })
		cancel()
		require.True(t, blocked.returned())
		closing := asyncErr(func() error { return p.Close(bg) })
		s.letAll()
		for i, w := range waits {
			require.True(t, w.returned())
			if i > 0 {
				require.ErrorIs(t, w.err, context.Canceled)
			}
		}
		require.True(t, closing.returned())
		require.NoError(t, closing.err)
		require.Equal(t, []int{0}, s.order())
	})
}

// alitto/pond (issue 135): a task that ends its goroutine, as a mock does that
// calls testing.T.FailNow, is never counted as done, and StopAndWait hangs.
func TestTrapGoexitHangsTheStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPool(t, remuda.Config{Initial: 2}, func(context.Context, int) (int, error) {
			runtime.Goexit()
			return 0, nil
		})
		for i := range 10 {
			require.NoError(t, p.TrySend(bg, i))
		}
		closing := asyncErr(func() error { return p.Close(bg) })
		require.True(t, closing.returned())
		require.NoError(t, closing.err)
		require.EqualValues(t, 10, p.Stats().Failed)
	})
}

// panjf2000/ants (issue 146): a worker that panics is gone without a word to
// the submitters that wait for one, until the next cleaning finds them.
func TestTrapPanickingWorkerLeavesSubmittersWaiting(t *testing.T) {
	forEachBound(t, func(t *testing.T, queue int) {
		gate := make(chan struct{})
		p := startPool(t, remuda.Config{Queue: queue}, func(context.Context, int) (int, error) {
			<-gate
			panic("always")
		})
		var calls []*call[remuda.Void]
		for i := range 30 {
			calls = append(calls, asyncErr(func() error { return handOvers[i%len(handOvers)](bg, p, i) }))
		}
		begin := time.Now()
		close(gate)
		for _, c := range calls {
			require.True(t, c.returned())
		}
		require.EqualValues(t, 30, p.Stats().Panicked)
		require.Zero(t, time.Since(begin), "and at once")
	})
}

// alitto/pond, panjf2000/ants (issue 197): a task that submits to its own full
// pool and waits takes up the worker that it waits for.
func TestTrapJobCallsItsOwnFullPool(t *testing.T) {
	forEachBound(t, func(t *testing.T, queue int) {
		var p *remuda.Pool[int, int]
		p = startPool(t, remuda.Config{Queue: queue}, func(ctx context.Context, n int) (int, error) {
			if n < 2 {
				return n, nil
			}
			a, err := p.Do(ctx, n-1)
			if err != nil {
				return 0, err
			}
			b, err := p.Do(ctx, n-2)
			return a + b, err
		})
		fib := async(func() (int, error) { return p.Do(bg, 12) })
		require.True(t, fib.returned())
		require.NoError(t, fib.err)
		require.Equal(t, 144, fib.out)
	})
}

// gofherd: workers send their results on an unbuffered channel; when nobody
// reads it any more, they stand there forever. Here an outcome waits for
// nobody, and a loop that is left takes its runs with it.
func TestTrapConsumerOfResultsWalksAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPool(t, remuda.Config{Initial: 3, Queue: 2}, double)
		for range p.Stream(bg, counted(1000)) {
			break
		}
		for i := range 10 {
			_, err := p.Submit(bg, i) // and never ask for it
			require.NoError(t, err)
		}
		out, err := p.Do(bg, 21)
		require.NoError(t, err)
		require.Equal(t, 42, out)
		closing := asyncErr(func() error { return p.Close(bg) })
		require.True(t, closing.returned())
		require.NoError(t, closing.err)
		require.Empty(t, goroutines())
	})

	// Even a loop whose body takes forever holds up nobody else.
	synctest.Test(t, func(t *testing.T) {
		p := startPool(t, remuda.Config{Initial: 2, Queue: 2}, double)
		stuck := make(chan struct{})
		loop := asyncErr(func() error {
			for range p.Map(bg, counted(1000)) {
				<-stuck
			}
			return nil
		})
		for range 20 {
			out, err := p.Do(t.Context(), 21)
			require.NoError(t, err)
			require.Equal(t, 42, out)
		}
		require.NoError(t, p.Close(bg))
		require.False(t, loop.returned())
		close(stuck)
		_, _ = loop.wait()
	})
}

// Nobody in particular: without workers there is nobody to drain the queue.
// Close sees to it with one.
func TestTrapResizeToNothingWithWorkQueuedThenClose(t *testing.T) {
	forEachBound(t, func(t *testing.T, queue int) {
		s := &stage{}
		p := startPool(t, remuda.Config{Queue: queue}, s.Do)
		n := max(queue, 0) + 1
		for i := range n {
			require.NoError(t, p.TrySend(bg, i))
			synctest.Wait()
		}
		loop := asyncErr(func() error {
			for range p.Map(bg, counted(3)) {
			}
			return nil
		})
		require.NoError(t, p.Resize(0))
		s.letAll()
		closing := asyncErr(func() error { return p.Close(bg) })
		require.True(t, closing.returned())
		require.NoError(t, closing.err)
		require.True(t, loop.returned())
		require.ElementsMatch(t, upTo(n), s.order())
	})
}

// Nobody in particular: a job that resizes or closes its pool might wait for
// itself. It does neither wait nor harm.
func TestTrapResizeAndCloseFromInsideAJob(t *testing.T) {
	for name, do := range map[string]func(ctx context.Context, p *remuda.Pool[int, int]) error{
		"Less":   func(_ context.Context, p *remuda.Pool[int, int]) error { return p.Less() },
		"Resize": func(_ context.Context, p *remuda.Pool[int, int]) error { return p.Resize(0) },
		"More":   func(_ context.Context, p *remuda.Pool[int, int]) error { return p.More() },
		"Close":  func(ctx context.Context, p *remuda.Pool[int, int]) error { return p.Close(ctx) },
	} {
		bubble(t, name, func(t *testing.T) {
			var p *remuda.Pool[int, int]
			p = startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
				return n, do(ctx, p)
			})
			c := async(func() (int, error) { return p.Do(bg, 1) })
			require.True(t, c.returned())
			require.NoError(t, c.err)
			c = async(func() (int, error) { return 0, p.Close(bg) })
			require.True(t, c.returned())
		})
	}
}

// A curious middleware asks its pool while it is asked itself.
type curious struct{ ask func() }

func (curious) Wrap(next remuda.Handler) remuda.Handler { return next }
func (c curious) WantsQueueTime() bool                  { c.ask(); return true }

// curiousContext asks a pool each time it is asked.
type curiousContext struct {
	context.Context
	ask func()
}

func (c curiousContext) Err() error                  { c.ask(); return c.Context.Err() }
func (c curiousContext) Done() <-chan struct{}       { c.ask(); return c.Context.Done() }
func (c curiousContext) Value(key any) any           { c.ask(); return c.Context.Value(key) }
func (c curiousContext) Deadline() (time.Time, bool) { c.ask(); return c.Context.Deadline() }

// What is the user's may call the pool wherever it is called: no lock is held then.
func TestTrapUserCodeCallsThePool(t *testing.T) {
	bubble(t, "middleware, when the pool starts", func(t *testing.T) {
		var p *remuda.Pool[int, int]
		p = remuda.New[int, int](curious{func() { p.Current(); p.Stats() }})
		require.NoError(t, p.Start(remuda.Func(double)))
		require.NoError(t, p.Close(bg))
	})
	bubble(t, "the context of a call", func(t *testing.T) {
		p := startPool(t, remuda.Config{Initial: 2, Queue: 1}, double)
		ctx := curiousContext{bg, func() {
			_ = p.More()
			_ = p.Less()
			p.Stats()
		}}
		for range 3 {
			_, err := p.Do(ctx, 1)
			require.NoError(t, err)
			require.NoError(t, p.Send(ctx, 1))
			_ = p.TrySend(ctx, 1)
			ticket, err := p.Submit(ctx, 1)
			require.NoError(t, err)
			_, err = ticket.Wait(ctx)
			require.NoError(t, err)
			_, err = p.DoAll(ctx, []int{1, 2, 3})
			require.NoError(t, err)
			for _, err := range p.Map(ctx, slices.Values(upTo(50))) {
				require.NoError(t, err)
			}
			g := p.Group(ctx)
			require.NoError(t, g.Send(1))
			require.NoError(t, g.Wait())
			require.NoError(t, p.Wait(ctx))
		}
		require.NoError(t, p.Close(ctx))
	})
}
