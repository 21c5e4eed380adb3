package remuda_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// bounds are the queues that have gone wrong elsewhere, and one that has room.
var bounds = []int{remuda.Unbuffered, 1, 2, 3, 16}

// forEachBound runs f in a bubble for each of the bounds.
func forEachBound(t *testing.T, f func(t *testing.T, queue int)) {
	for _, n := range bounds {
		bubble(t, fmt.Sprintf("queue %d", n), func(t *testing.T) { f(t, n) })
	}
}

func TestDoReturnsWhatTheJobReturned(t *testing.T) {
	half := errors.New("half done")
	p := startPool(t, remuda.Config{}, func(_ context.Context, n int) (int, error) { return n, half })
	ctx, _ := ending(t)
	for name, ctx := range map[string]context.Context{"handed off": ctx, "on the caller's goroutine": bg} {
		out, err := p.Do(ctx, 7)
		assert.Equal(t, 7, out, name)
		assert.Equal(t, half, err, name)
	}
}

// Do waits for a place in the queue and for a worker.
func TestDoWaitsForItsTurn(t *testing.T) {
	forEachBound(t, func(t *testing.T, queue int) {
		s := &stage{}
		p := startPool(t, remuda.Config{Queue: queue}, s.Do)
		ctx, _ := ending(t)
		var calls []*call[int]
		for i := range 20 {
			calls = append(calls, async(func() (int, error) { return p.Do(ctx, i) }))
		}
		for i, c := range calls {
			require.Len(t, s.order(), i+1, "one worker runs one input at a time")
			require.False(t, c.returned())
			s.let(i)
			require.True(t, c.returned())
			require.NoError(t, c.err)
			require.Equal(t, 2*i, c.out)
		}
		require.Equal(t, upTo(20), s.order())
	})
}

// A context that has ended already hands over nothing, even if there is room.
func TestEndedContextHandsOverNothing(t *testing.T) {
	p := startPool(t, remuda.Config{}, double)
	ctx, cancel := ending(t)
	cancel()
	_, err := p.Do(ctx, 1)
	require.ErrorIs(t, err, context.Canceled)
	_, err = p.Submit(ctx, 1)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, p.Send(ctx, 1), context.Canceled)
	require.Zero(t, p.Stats().Accepted)
}

// Rule 10: Do returns as soon as its context ends, even when the job ignores it.
func TestDoReturnsAsSoonAsItsContextEnds(t *testing.T) {
	for _, tt := range []struct {
		where    string
		cfg      remuda.Config
		busy     int // workers
		accepted uint64
		dropped  uint64
	}{
		{"while the job runs", remuda.Config{}, 0, 1, 0},
		{"while the job runs, of a built-in number of others", remuda.Config{Initial: 3}, 2, 3, 0},
		{"while it waits for a worker", remuda.Config{}, 1, 2, 1},
		{"while it waits for a place", remuda.Config{Queue: remuda.Unbuffered}, 1, 1, 0},
		{"in a pool without workers", remuda.Config{Paused: true}, 0, 1, 1},
	} {
		bubble(t, tt.where, func(t *testing.T) {
			s := &stage{deaf: true}
			p := startPool(t, tt.cfg, s.Do)
			for i := range tt.busy {
				require.NoError(t, p.Send(bg, i))
				synctest.Wait()
			}
			ctx, cancel := context.WithTimeout(bg, time.Second)
			defer cancel()
			do := async(func() (int, error) { return p.Do(ctx, 99) })
			out, err := do.wait()
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Zero(t, out)
			assert.Equal(t, time.Second, do.took)

			s.letAll() // the outcome of a run that went on is dropped
			require.NoError(t, p.Resize(1))
			synctest.Wait()
			assert.Equal(t, tt.accepted, p.Stats().Accepted)
			assert.Equal(t, tt.dropped, p.Stats().Dropped)
			out, err = p.Do(bg, 1)
			assert.NoError(t, err)
			assert.Equal(t, 2, out)
		})
	}

	bubble(t, "and cancels its run", func(t *testing.T) {
		s := &stage{}
		p := startPool(t, remuda.Config{}, s.Do)
		ctx, cancel := context.WithCancelCause(bg)
		do := async(func() (int, error) { return p.Do(ctx, 1) })
		enough := errors.New("enough")
		cancel(enough)
		_, err := do.wait()
		require.True(t, errors.Is(err, context.Canceled) || errors.Is(err, enough), "the job may be faster than Do: %v", err)
		now, _ := s.on()
		require.Zero(t, now)
		require.Equal(t, enough, context.Cause(s.ctx(1)))
		require.EqualValues(t, 1, p.Stats().Failed)
	})

	// With Inline, jobs promise to honour their context, and Do takes them at
	// their word: it runs the job where it is, and returns when the job does.
	bubble(t, "but not under Inline", func(t *testing.T) {
		s := &stage{deaf: true}
		p := startPool(t, remuda.Config{Inline: true}, s.Do)
		ctx, cancel := ending(t)
		do := async(func() (int, error) { return p.Do(ctx, 1) })
		cancel()
		require.False(t, do.returned(), "the job runs")
		require.Error(t, s.ctx(1).Err())
		s.letAll()
		out, err := do.wait()
		require.NoError(t, err)
		require.Equal(t, 2, out)
	})

	bubble(t, "under Inline too while it waits for a worker", func(t *testing.T) {
		s := &stage{deaf: true}
		p := startPool(t, remuda.Config{Inline: true}, s.Do)
		require.NoError(t, p.TrySend(bg, 0))
		synctest.Wait()
		ctx, cancel := ending(t)
		do := async(func() (int, error) { return p.Do(ctx, 1) })
		require.False(t, do.returned())
		cancel()
		require.True(t, do.returned())
		require.ErrorIs(t, do.err, context.Canceled)
		s.letAll()
		require.Equal(t, []int{0}, s.order())
	})
}

// Do runs the job on its caller's goroutine if nothing can be lost by that, and
// if a worker is free.
func TestDoOnTheCallersGoroutine(t *testing.T) {
	type key struct{}
	withoutEnd := context.WithValue(bg, key{}, "value")
	for _, tt := range []struct {
		name    string
		inline  bool
		forever bool // the context can never end
		want    bool
	}{
		{"a context that can end", false, false, false},
		{"a context that can never end", false, true, true},
		{"a context that can end, under Inline", true, false, true},
		{"a context that can never end, under Inline", true, true, true},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			ctx, _ := ending(t)
			if tt.forever {
				ctx = withoutEnd
			}
			p := startPool(t, remuda.Config{Inline: tt.inline}, func(context.Context, int) (string, error) {
				return goroutine(), nil
			})
			where, err := p.Do(ctx, 1)
			require.NoError(t, err)
			require.Equal(t, tt.want, where == goroutine())

			// Without a free worker there is nothing to run it on.
			require.NoError(t, p.Less())
			do := async(func() (bool, error) {
				where, err := p.Do(ctx, 1)
				return where == goroutine(), err
			})
			require.False(t, do.returned())
			require.NoError(t, p.More())
			same, err := do.wait()
			require.NoError(t, err)
			require.False(t, same)
		})
	}
}

// goroutine returns the name of the caller's goroutine.
func goroutine() string {
	buf := make([]byte, 64)
	name, _, _ := strings.Cut(string(buf[:runtime.Stack(buf, false)]), " [")
	return name
}

func TestInlineRunHoldsAWorkersPlace(t *testing.T) {
	for _, queue := range []int{remuda.Unbuffered, 2} {
		bubble(t, fmt.Sprintf("queue %d", queue), func(t *testing.T) {
			s := &stage{}
			p := startPool(t, remuda.Config{Queue: queue}, s.Do)
			do := async(func() (int, error) { return p.Do(bg, 0) })
			send := asyncErr(func() error { return p.Send(bg, 1) })
			require.Equal(t, queue != remuda.Unbuffered, send.returned())
			require.Equal(t, []int{0}, s.order(), "the only place is taken")
			require.Equal(t, 1, p.Stats().Running)

			s.let(0)
			require.True(t, do.returned())
			require.Equal(t, []int{0, 1}, s.order(), "what came meanwhile is seen to")
			require.True(t, send.returned())
			s.letAll()
		})
	}
}

// Do runs nothing inline that would overtake what was accepted before, even if a
// worker is free that nobody has sent for it yet.
func TestInlineRunDoesNotOvertake(t *testing.T) {
	for _, procs := range []int{1, 4} {
		t.Run(fmt.Sprintf("GOMAXPROCS %d", procs), func(t *testing.T) {
			// With one processor, a woken worker does not run before its waker stops.
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			for _, workers := range []int{1, 2} {
				for range 30 {
					synctest.Test(t, func(t *testing.T) {
						s := &stage{}
						p := startPool(t, remuda.Config{Initial: workers}, s.Do)
						do := async(func() (int, error) {
							for i := range 3 {
								if err := p.TrySend(bg, i); err != nil {
									return 0, err
								}
							}
							return p.Do(bg, 3)
						})
						require.ElementsMatch(t, upTo(workers), s.order())
						s.letAll()
						require.Len(t, s.order(), 4)
						require.True(t, do.returned())
						require.NoError(t, do.err)
					})
				}
			}
			// A worker that has come wakes the next one before it runs its input,
			// which hands over another at that moment.
			for range 30 {
				synctest.Test(t, func(t *testing.T) {
					s := &stage{}
					var p *remuda.Pool[int, int]
					p = startPool(t, remuda.Config{Paused: true}, func(ctx context.Context, n int) (int, error) {
						if n == 0 {
							return p.Do(bg, 3)
						}
						return s.Do(ctx, n)
					})
					for i := range 3 {
						require.NoError(t, p.TrySend(bg, i))
					}
					require.NoError(t, p.Resize(3)) // after all three, or 3 may rightly come before 2
					require.ElementsMatch(t, []int{1, 2}, s.order())
					s.letAll()
					require.ElementsMatch(t, []int{1, 2, 3}, s.order())
				})
			}
		})
	}
}

// A queue of n takes n inputs, not one more and not one less: whether nobody
// takes any, or somebody has taken some, and however often that was so.
func TestQueueHoldsExactlyItsBound(t *testing.T) {
	fill := func(t *testing.T, p *remuda.Pool[int, int], next *int) (n int) {
		for {
			err := p.TrySend(bg, *next)
			if err != nil {
				require.ErrorIs(t, err, remuda.ErrQueueFull)
				return n
			}
			*next++
			n++
		}
	}
	for _, n := range []int{1, 2, 3, 4, 5, 16, 17, 100, remuda.DefaultQueue} {
		bubble(t, fmt.Sprintf("queue %d, paused", n), func(t *testing.T) {
			queue := n
			if n == remuda.DefaultQueue {
				queue = 0
			}
			next := 0
			p := startPool(t, remuda.Config{Queue: queue, Paused: true}, double)
			require.Equal(t, n, fill(t, p, &next))
			require.Equal(t, n, p.Stats().Queued)
		})

		bubble(t, fmt.Sprintf("queue %d, busy", n), func(t *testing.T) {
			s := &stage{}
			p := startPool(t, remuda.Config{Queue: n}, s.Do)
			next := 1
			require.NoError(t, p.TrySend(bg, 0))
			synctest.Wait()
			require.Equal(t, n, fill(t, p, &next))
			for ran := range min(3*n, 40) {
				s.let(ran)
				require.Equal(t, n-1, p.Stats().Queued)
				require.Equal(t, 1, fill(t, p, &next), "after %d runs", ran+1)
				require.Equal(t, n, p.Stats().Queued)
			}
			taken := min(n, 3)
			for i := range taken {
				s.let(min(3*n, 40) + i)
			}
			require.Equal(t, taken, fill(t, p, &next), "after %d runs at a time", taken)
			s.letAll()
			require.Equal(t, upTo(next), s.order(), "in order")
		})
	}

	bubble(t, "unbuffered, paused", func(t *testing.T) {
		p := startPool(t, remuda.Config{Queue: remuda.Unbuffered, Paused: true}, double)
		require.ErrorIs(t, p.TrySend(bg, 1), remuda.ErrQueueFull)
	})

	bubble(t, "unbuffered, with free workers", func(t *testing.T) {
		s := &stage{}
		p := startPool(t, remuda.Config{Queue: remuda.Unbuffered, Initial: 3}, s.Do)
		next := 0
		require.Equal(t, 3, fill(t, p, &next), "one for each")
		require.ElementsMatch(t, upTo(3), s.order())
		s.let(1)
		require.Equal(t, 1, fill(t, p, &next))
		synctest.Wait()
		require.Equal(t, 3, p.Stats().Running)
		s.letAll()
	})
}

// Inputs of Map do not take up places in the queue.
func TestMapLeavesTheQueueItsPlaces(t *testing.T) {
	for _, n := range []int{1, 2, 16} {
		bubble(t, fmt.Sprintf("queue %d", n), func(t *testing.T) {
			s := &stage{}
			p := startPool(t, remuda.Config{Queue: n}, s.Do)
			require.NoError(t, p.TrySend(bg, 100))
			synctest.Wait()
			loop := async(func() (n int, _ error) {
				for range p.Map(bg, counted(5)) {
					n++
				}
				return n, nil
			})
			for i := range n {
				require.NoError(t, p.TrySend(bg, 101+i))
			}
			require.ErrorIs(t, p.TrySend(bg, 999), remuda.ErrQueueFull)
			s.letAll()
			out, _ := loop.wait()
			require.Equal(t, 5, out)
		})
	}
}

// handOvers are the ways to hand over an input and wait for a place.
var handOvers = []func(ctx context.Context, p *remuda.Pool[int, int], n int) error{
	func(ctx context.Context, p *remuda.Pool[int, int], n int) error { return p.Send(ctx, n) },
	func(ctx context.Context, p *remuda.Pool[int, int], n int) error {
		_, err := p.Submit(ctx, n)
		return err
	},
	func(ctx context.Context, p *remuda.Pool[int, int], n int) error { _, err := p.Do(ctx, n); return err },
}

// Inputs are begun in the order in which they came, whichever way they were
// handed over and whether there was room for them at once or not. Whoever gives
// up waiting makes no difference to the others.
func TestFirstComeFirstServed(t *testing.T) {
	forEachBound(t, func(t *testing.T, queue int) {
		const n = 60
		s := &stage{}
		p := startPool(t, remuda.Config{Queue: queue}, s.Do)
		var want []int
		var quit []context.CancelFunc
		var calls []*call[remuda.Void]
		for i := range n {
			ctx, cancel := ending(t)
			if i > queue+1 && i%7 == 3 { // blocked for certain
				quit = append(quit, cancel)
			} else {
				want = append(want, i)
			}
			calls = append(calls, asyncErr(func() error { return handOvers[i%len(handOvers)](ctx, p, i) }))
		}
		require.ErrorIs(t, p.TrySend(bg, n), remuda.ErrQueueFull, "nobody passes those that wait")
		for _, i := range rand.Perm(len(quit)) {
			quit[i]()
		}
		for i := range n {
			s.let(i)
		}
		require.Equal(t, want, s.order())
		for i, c := range calls {
			require.True(t, c.returned(), i)
			if slices.Contains(want, i) {
				require.NoError(t, c.err, i)
			}
		}
	})
}

// A sender that blocks is let in as soon as there is room: when one run has ended.
func TestSendBlocksWhileTheQueueIsFull(t *testing.T) {
	forEachBound(t, func(t *testing.T, queue int) {
		s := &stage{}
		p := startPool(t, remuda.Config{Queue: queue}, s.Do)
		n := max(queue, 0) + 1
		for i := range n {
			require.NoError(t, p.Send(bg, i))
			synctest.Wait()
		}
		send := asyncErr(func() error { return p.Send(bg, n) })
		require.False(t, send.returned())
		require.Equal(t, n, int(p.Stats().Accepted), "a blocked sender has handed over nothing")
		s.let(0)
		require.True(t, send.returned())
		require.NoError(t, send.err)
		s.letAll()
		require.Equal(t, upTo(n+1), s.order())
	})
}

// A blocked sender whose context ends goes away, and its input never runs.
func TestSendReturnsWhenItsContextEnds(t *testing.T) {
	forEachBound(t, func(t *testing.T, queue int) {
		s := &stage{}
		p := startPool(t, remuda.Config{Queue: queue}, s.Do)
		for i := range max(queue, 0) + 1 {
			require.NoError(t, p.TrySend(bg, i))
			synctest.Wait()
		}
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		for i, handOver := range handOvers {
			c := asyncErr(func() error { return handOver(ctx, p, 90+i) })
			_, err := c.wait()
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
		s.letAll()
		require.Equal(t, upTo(max(queue, 0)+1), s.order())
	})
}

// TrySend never blocks, whatever goes on around it.
func TestTrySendDoesNotBlock(t *testing.T) {
	forEachBound(t, func(t *testing.T, queue int) {
		s := &stage{}
		p := startPool(t, remuda.Config{Queue: queue}, s.Do)
		try := asyncErr(func() error {
			for i := range 50 {
				if err := p.TrySend(bg, i); err != nil && !errors.Is(err, remuda.ErrQueueFull) {
					return err
				}
			}
			return nil
		})
		require.True(t, try.returned())
		require.NoError(t, try.err)
		s.letAll()
	})
}

func TestTicket(t *testing.T) {
	bubble(t, "tells the outcome to whoever asks, and as often", func(t *testing.T) {
		s := &stage{}
		p := startPool(t, remuda.Config{}, s.Do)
		ctx, _ := ending(t)
		ticket, err := p.Submit(ctx, 21)
		require.NoError(t, err)
		early := ticket.Done()
		var waits []*call[int]
		for range 5 {
			waits = append(waits, async(func() (int, error) { return ticket.Wait(ctx) }))
		}
		for _, w := range waits {
			require.False(t, w.returned())
		}
		s.let(21)
		for _, w := range waits {
			require.True(t, w.returned())
			require.NoError(t, w.err)
			require.Equal(t, 42, w.out)
		}
		<-early
		<-ticket.Done()
		out, err := ticket.Wait(bg)
		require.NoError(t, err)
		require.Equal(t, 42, out)
	})

	bubble(t, "has a Done that can be asked for late", func(t *testing.T) {
		p := startPool(t, remuda.Config{}, double)
		ticket, err := p.Submit(bg, 21)
		require.NoError(t, err)
		synctest.Wait()
		<-ticket.Done()
		<-ticket.Done()
	})

	bubble(t, "lets a Wait give up without harm to the run", func(t *testing.T) {
		s := &stage{}
		p := startPool(t, remuda.Config{}, s.Do)
		ticket, err := p.Submit(bg, 21)
		require.NoError(t, err)
		patient := async(func() (int, error) { return ticket.Wait(bg) })
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		hasty := async(func() (int, error) { return ticket.Wait(ctx) })
		last := async(func() (int, error) { return ticket.Wait(bg) })
		out, err := hasty.wait()
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Zero(t, out)
		require.NoError(t, s.ctx(21).Err())
		require.False(t, patient.returned())
		s.let(21)
		for _, w := range []*call[int]{patient, last} {
			out, err = w.wait()
			require.NoError(t, err)
			require.Equal(t, 42, out)
		}
	})

	bubble(t, "prefers an outcome to a context that has ended", func(t *testing.T) {
		p := startPool(t, remuda.Config{}, double)
		ended, cancel := ending(t)
		cancel()
		ticket, err := p.Submit(bg, 21)
		require.NoError(t, err)
		synctest.Wait()
		for range 100 {
			out, err := ticket.Wait(ended)
			require.NoError(t, err)
			require.Equal(t, 42, out)
		}
	})

	bubble(t, "belongs to the context of Submit, which cancels the run", func(t *testing.T) {
		s := &stage{}
		p := startPool(t, remuda.Config{}, s.Do)
		ctx, cancel := ending(t)
		runs, err := p.Submit(ctx, 1)
		require.NoError(t, err)
		queued, err := p.Submit(ctx, 2)
		require.NoError(t, err)
		require.Equal(t, []int{1}, s.order())
		cancel()
		for _, ticket := range []*remuda.Ticket[int]{runs, queued} {
			_, err = ticket.Wait(bg)
			require.ErrorIs(t, err, context.Canceled)
		}
		require.Equal(t, []int{1}, s.order(), "the other was dropped")
		require.EqualValues(t, 1, p.Stats().Failed)
		require.EqualValues(t, 1, p.Stats().Dropped)
	})
}

// A sender whose context ends at the very moment at which it is let in is told
// what has become of its input: it was accepted, or it never runs.
func TestSenderThatIsLetInAsItsContextEndsIsToldSo(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // both before the sender is awake, as good as always
	for name, handOver := range map[string]func(ctx context.Context, p *remuda.Pool[int, int]) error{
		"Send":   func(ctx context.Context, p *remuda.Pool[int, int]) error { return p.Send(ctx, 3) },
		"Submit": func(ctx context.Context, p *remuda.Pool[int, int]) error { _, err := p.Submit(ctx, 3); return err },
	} {
		bubble(t, name, func(t *testing.T) {
			ctx, cancel := ending(t)
			s := &stage{}
			p := startPool(t, remuda.Config{Queue: 1}, func(ctx context.Context, n int) (int, error) {
				out, err := s.Do(ctx, n)
				if n == 1 {
					cancel()
				}
				return out, err
			})
			require.NoError(t, p.Send(bg, 1))
			synctest.Wait()
			require.NoError(t, p.Send(bg, 2))
			send := asyncErr(func() error { return handOver(ctx, p) })
			require.False(t, send.returned())
			s.let(1)
			require.True(t, send.returned())
			if send.err == nil {
				require.EqualValues(t, 3, p.Stats().Accepted)
			} else {
				require.EqualValues(t, 2, p.Stats().Accepted, "refused with %v", send.err)
			}
			s.letAll()
		})
	}
}

// Nor does the caller's goroutine run anything for a context that has ended.
func TestInlineDoWithEndedContext(t *testing.T) {
	p := startPool(t, remuda.Config{Inline: true}, func(context.Context, int) (int, error) {
		t.Error("it runs")
		return 0, nil
	})
	ctx, cancel := context.WithCancel(bg)
	cancel()
	_, err := p.Do(ctx, 1)
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, p.Stats().Accepted)
}
