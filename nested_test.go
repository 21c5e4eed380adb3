package remuda_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// nestings is every way in which a job can wait for its own pool.
var nestings = map[string]func(ctx context.Context, p *remuda.Pool[int, int], n int) (int, error){
	"Do": func(ctx context.Context, p *remuda.Pool[int, int], n int) (int, error) { return p.Do(ctx, n) },
	"Do with a context that never ends": func(ctx context.Context, p *remuda.Pool[int, int], n int) (int, error) {
		return p.Do(context.WithoutCancel(ctx), n)
	},
	"Do with a derived context": func(ctx context.Context, p *remuda.Pool[int, int], n int) (int, error) {
		ctx, cancel := context.WithTimeout(ctx, time.Hour)
		defer cancel()
		return p.Do(ctx, n)
	},
	"DoAll": func(ctx context.Context, p *remuda.Pool[int, int], n int) (int, error) {
		outs, err := p.DoAll(ctx, []int{n, 0, 0, 0})
		return outs[0], err
	},
	"Map": func(ctx context.Context, p *remuda.Pool[int, int], n int) (sum int, err error) {
		for out, e := range p.Map(ctx, func(yield func(int) bool) { _ = yield(n) && yield(0) }) {
			sum, err = sum+out, errors.Join(err, e)
		}
		return sum, err
	},
	"Stream, left early": func(ctx context.Context, p *remuda.Pool[int, int], n int) (int, error) {
		for r := range p.Stream(ctx, func(yield func(int) bool) { _ = yield(n) && yield(-1) && yield(-1) }) {
			if r.In == n || r.Err != nil {
				return r.Out, r.Err
			}
		}
		return 0, errors.New("not reached")
	},
	"Submit and Wait": func(ctx context.Context, p *remuda.Pool[int, int], n int) (int, error) {
		ticket, err := p.Submit(ctx, n)
		if err != nil {
			return 0, err
		}
		return ticket.Wait(ctx)
	},
	"Submit with another context, and Wait": func(ctx context.Context, p *remuda.Pool[int, int], n int) (int, error) {
		ticket, err := p.Submit(context.WithoutCancel(ctx), n)
		if err != nil {
			return 0, err
		}
		time.Sleep(time.Millisecond)
		return ticket.Wait(ctx)
	},
	"many goroutines": func(ctx context.Context, p *remuda.Pool[int, int], n int) (int, error) {
		var wg sync.WaitGroup
		outs := make([]int, 3)
		errs := make([]error, 3)
		for i := range outs {
			wg.Go(func() { outs[i], errs[i] = p.Do(ctx, n*min(i, 1)) })
		}
		wg.Wait()
		return outs[1], errors.Join(errs...)
	},
}

// Rule 5: a job that waits for its own pool lends its place meanwhile, so that a
// pool full of such jobs does not deadlock.
func TestNestedCallsDoNotDeadlock(t *testing.T) {
	for name, nested := range nestings {
		for _, workers := range []int{1, 3} {
			for _, queue := range bounds {
				bubble(t, fmt.Sprintf("%s, %d workers, queue %d", name, workers, queue), func(t *testing.T) {
					var p *remuda.Pool[int, int]
					p = startPool(t, remuda.Config{Initial: workers, Queue: queue}, func(ctx context.Context, n int) (int, error) {
						if n <= 0 {
							return 0, nil
						}
						out, err := nested(ctx, p, n-1)
						return out + 1, err
					})
					var calls []*call[int]
					for range workers + 1 { // a pool full of them, and one that waits
						calls = append(calls, async(func() (int, error) { return p.Do(t.Context(), 4) }))
					}
					for _, c := range calls {
						if !assert.True(t, c.returned() || waits(c, time.Hour), "it hangs") {
							_ = p.CloseWithTimeout(time.Second)
						}
						out, err := c.wait()
						require.NoError(t, err)
						require.Equal(t, 4, out)
					}
					assertIdle(t, p.Stats())
				})
			}
		}
	}
}

// waits gives a call some more time, and reports whether it has returned then.
func waits[T any](c *call[T], d time.Duration) bool {
	select {
	case <-c.done:
		return true
	case <-time.After(d):
		return false
	}
}

// The bound on the jobs that run holds all the same: a job whose call returns
// goes on when there is a place for it.
func TestNestedCallsKeepTheBound(t *testing.T) {
	for name, nested := range nestings {
		for _, workers := range []int{1, 2, 3} {
			bubble(t, fmt.Sprintf("%s, %d workers", name, workers), func(t *testing.T) {
				var mu sync.Mutex
				running, most := 0, 0
				run := func(d int) {
					mu.Lock()
					defer mu.Unlock()
					running += d
					most = max(most, running)
				}
				var p *remuda.Pool[int, int]
				p = startPool(t, remuda.Config{Initial: workers}, func(ctx context.Context, n int) (int, error) {
					run(1)
					defer run(-1)
					time.Sleep(time.Duration(1+n%3) * 10 * time.Millisecond)
					if n <= 0 {
						return 0, nil
					}
					run(-1)
					out, err := nested(ctx, p, n-1)
					run(1)
					time.Sleep(time.Duration(1+n%4) * 10 * time.Millisecond)
					return out + 1, err
				})
				for out, err := range p.Map(bg, counted(8)) {
					require.NoError(t, err)
					require.Less(t, out, 8)
				}
				require.Equal(t, workers, most)
			})
		}
	}
}

// A job that blocks in Send to its own full pool lends its place, too: else
// nobody would ever take anything out of the queue.
func TestNestedSendDoesNotDeadlock(t *testing.T) {
	forEachBound(t, func(t *testing.T, queue int) {
		var p *remuda.Pool[int, int]
		p = startPool(t, remuda.Config{Queue: queue}, func(ctx context.Context, n int) (int, error) {
			if n > 0 {
				for range 3 {
					if err := p.Send(ctx, n-1); err != nil {
						return 0, err
					}
				}
			}
			return n, nil
		})
		require.NoError(t, p.Send(bg, 4))
		synctest.Wait()
		require.EqualValues(t, 1+3+9+27+81, p.Stats().Succeeded)
		assertIdle(t, p.Stats())
	})
}

// Stats tell those that run from those that wait.
func TestNestedCallsAreSeenToWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const leaf = 100
		s := &stage{}
		var p *remuda.Pool[int, int]
		p = startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
			if n >= leaf {
				return s.Do(ctx, n)
			}
			return p.Do(ctx, n+1)
		})
		do := async(func() (int, error) { return p.Do(bg, leaf-3) })
		stats := p.Stats()
		assertBalanced(t, stats)
		require.Equal(t, 3, stats.Yielded)
		require.Equal(t, 1, stats.Running)
		require.Zero(t, stats.Retired)
		s.letAll()
		_, err := do.wait()
		require.NoError(t, err)
	})
}

// A job that has its answer waits for a place while others run, and has the next
// one that is free.
func TestNestedCallWaitsForAPlaceToGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const parent, child, other, last = 1, 2, 3, 4
		s := &stage{}
		went := false
		var p *remuda.Pool[int, int]
		p = startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
			if n != parent {
				return s.Do(ctx, n)
			}
			sub, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			_, err := p.Do(sub, child)
			went = true
			return 0, err
		})
		do := async(func() (int, error) { return p.Do(bg, parent) })
		require.NoError(t, p.TrySend(bg, other))
		require.NoError(t, p.TrySend(bg, last))
		s.let(child)
		now, _ := s.on()
		require.True(t, now == 1 && (!went || do.returned()), "one at a time")
		s.let(other)
		require.True(t, went, "it comes before the last")
		require.True(t, do.returned())
		require.NoError(t, do.err)
		require.Equal(t, []int{child, other, last}, s.order())
		s.letAll()
	})

	synctest.Test(t, func(t *testing.T) {
		const parent, stubborn = 1, 2
		s := &stage{deaf: true}
		var p *remuda.Pool[int, int]
		p = startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
			if n != parent {
				return s.Do(ctx, n)
			}
			sub, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			return p.Do(sub, stubborn)
		})
		do := async(func() (int, error) { return p.Do(bg, parent) })
		time.Sleep(2 * time.Second)
		require.False(t, do.returned(), "the only place is taken by a run that ignores its context")
		require.Equal(t, 1, p.Stats().Yielded)
		s.letAll()
		_, err := do.wait()
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// The pool knows its job through another pool's, too.
func TestNestedThroughAnotherPool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a, b *remuda.Pool[int, int]
		a = startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
			if n <= 0 {
				return 0, nil
			}
			out, err := b.Do(ctx, n-1)
			return out + 1, err
		})
		b = startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
			if n <= 0 {
				return 0, nil
			}
			out, err := a.Do(ctx, n-1)
			return out + 1, err
		})
		do := async(func() (int, error) { return a.Do(bg, 20) })
		require.True(t, do.returned())
		require.NoError(t, do.err)
		require.Equal(t, 20, do.out)
	})
}

// Lending goes with resizing: places that More adds are for whoever waits, and
// with no workers left a run that has begun may still finish.
func TestNestedCallsAndResizing(t *testing.T) {
	for _, size := range []int{1, 2, 0} {
		bubble(t, fmt.Sprintf("from 2 to %d workers", size), func(t *testing.T) {
			const leaf = 100
			s := &stage{}
			var p *remuda.Pool[int, int]
			p = startPool(t, remuda.Config{Initial: 2}, func(ctx context.Context, n int) (int, error) {
				if n >= leaf {
					return s.Do(ctx, n)
				}
				return p.Do(ctx, n+leaf)
			})
			var calls []*call[int]
			for i := range 4 {
				calls = append(calls, async(func() (int, error) { return p.Do(bg, i) }))
			}
			now, _ := s.on()
			require.Equal(t, 2, now)
			require.NoError(t, p.Resize(size))
			s.letAll()
			if size == 0 {
				require.True(t, calls[0].returned() && calls[1].returned() || p.Stats().Yielded > 0)
				require.NoError(t, p.More())
			}
			for _, c := range calls {
				_, err := c.wait()
				require.NoError(t, err)
			}
			synctest.Wait()
			assertIdle(t, p.Stats())
		})
	}
}

// Close drains what waits in the middle of a job, and cancels it in the end.
func TestCloseWhileNestedCallsWait(t *testing.T) {
	const leaf = 100
	start := func(t *testing.T) (*remuda.Pool[int, int], *stage, *call[int]) {
		s := &stage{}
		var p *remuda.Pool[int, int]
		p = startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
			if n >= leaf {
				return s.Do(ctx, n)
			}
			return p.Do(ctx, n+leaf)
		})
		do := async(func() (int, error) { return p.Do(bg, 1) })
		require.NoError(t, p.TrySend(bg, leaf))
		require.Equal(t, []int{leaf + 1}, s.order())
		return p, s, do
	}

	bubble(t, "in good order", func(t *testing.T) {
		p, s, do := start(t)
		closing := asyncErr(func() error { return p.Close(bg) })
		require.False(t, closing.returned())
		s.letAll()
		require.True(t, closing.returned())
		require.NoError(t, closing.err)
		_, err := do.wait()
		require.NoError(t, err)
		require.Equal(t, []int{leaf + 1, leaf}, s.order())
	})

	bubble(t, "in a hurry", func(t *testing.T) {
		p, _, do := start(t)
		require.ErrorIs(t, p.CloseWithTimeout(time.Second), context.DeadlineExceeded)
		_, err := do.wait()
		require.Error(t, err)
		<-p.Done()
	})

	bubble(t, "and what comes then is refused", func(t *testing.T) {
		var p *remuda.Pool[int, int]
		closed := make(chan struct{})
		p = startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
			<-closed
			for name, nested := range nestings {
				_, err := nested(ctx, p, 1)
				assert.ErrorIs(t, err, remuda.ErrPoolClosed, name)
			}
			return 0, nil
		})
		require.NoError(t, p.TrySend(bg, 1))
		closing := asyncErr(func() error { return p.Close(bg) })
		close(closed)
		_, err := closing.wait()
		require.NoError(t, err)
	})
}

// A job of a pool that is fed by a source has nothing to lend: its calls are
// refused, and the books balance meanwhile.
func TestNestedCallsOfASourceFedPoolAreRefused(t *testing.T) {
	ch := make(chan int)
	p := remuda.Must(remuda.NewFrom[int, int](remuda.FromChan(ch), remuda.Config{Initial: 2}))
	require.NoError(t, p.Start(remuda.Func(func(ctx context.Context, n int) (int, error) {
		for name, nested := range nestings {
			_, err := nested(ctx, p, n)
			ok := errors.Is(err, remuda.ErrSourceFed) || errors.Is(err, remuda.ErrPoolClosed) // at the end
			assert.True(t, ok, "%s: %v", name, err)
		}
		return n, nil
	})))
	go func() {
		for range 200 {
			ch <- 1
		}
		close(ch)
	}()
	for {
		assertBalanced(t, p.Stats())
		select {
		case <-p.Done():
			require.EqualValues(t, 200, p.Stats().Succeeded)
			return
		default:
		}
	}
}

// A place that a run on its caller's goroutine gives back goes to a run that
// waits to go on.
func TestInlineRunGivesItsPlaceToARunThatGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const parent, other = 1, 2
		var p *remuda.Pool[int, int]
		p = startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
			if n == other {
				time.Sleep(2 * time.Second)
				return n, nil
			}
			for range p.Map(ctx, func(func(int) bool) { time.Sleep(2 * time.Second) }) {
			}
			return n, nil
		})
		ticket, err := p.Submit(bg, parent)
		require.NoError(t, err)
		time.Sleep(time.Second)
		_, err = p.Do(bg, other) // in the place that is lent
		require.NoError(t, err)
		synctest.Wait()
		select {
		case <-ticket.Done():
		default:
			t.Fatal("a run waits for a place, and there is one")
		}
	})
}

// A job that leaves a loop over its own pool lends its place until the sequence
// has noticed, since that may wait for another run.
func TestJobThatLeavesALoopLendsItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const parent, child, other = 1, 2, 3
		ran := make(chan struct{})
		var p *remuda.Pool[int, int]
		p = startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
			switch n {
			case other:
				close(ran)
			case parent:
				for range p.Map(ctx, func(yield func(int) bool) {
					yield(child)
					<-ran
				}) {
					require.NoError(t, p.TrySend(bg, other))
					break
				}
			}
			return n, nil
		})
		do := async(func() (int, error) { return p.Do(bg, parent) })
		require.True(t, do.returned())
		require.NoError(t, do.err)
	})
}

// Runs that have begun and lent their place go on one at a time when there are no
// workers any more.
func TestNestedCallsGoOnWithoutWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{}
		var p *remuda.Pool[int, int]
		p = startPool(t, remuda.Config{Initial: 2}, func(ctx context.Context, n int) (int, error) {
			for range p.Map(ctx, func(func(int) bool) { time.Sleep(time.Minute) }) {
			}
			return s.Do(ctx, n)
		})
		for in := range 2 {
			require.NoError(t, p.TrySend(bg, in))
		}
		synctest.Wait()
		require.NoError(t, p.Resize(0))
		time.Sleep(time.Hour)
		for range 2 {
			now, most := s.on()
			require.Equal(t, [2]int{1, 1}, [2]int{now, most})
			order := s.order()
			s.let(order[len(order)-1])
		}
		require.Zero(t, p.Stats().Running+p.Stats().Yielded)
	})
}
