package remuda_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// This file says who is next: first come, first served, whichever way the callers
// came, and before all of them the runs that want their slot back.

// waysOfCalling are the ways to have an input run, and wait for as long as it takes.
func waysOfCalling(t *testing.T) []func(p *remuda.Pool[int, int], n int) error {
	endable, _ := ending(t)
	return []func(p *remuda.Pool[int, int], n int) error{
		func(p *remuda.Pool[int, int], n int) error { _, err := p.Do(bg, n); return err }, // may run inline
		func(p *remuda.Pool[int, int], n int) error { return p.Send(bg, n) },
		func(p *remuda.Pool[int, int], n int) error { _, err := p.Do(endable, n); return err },
		func(p *remuda.Pool[int, int], n int) error { return p.Send(endable, n) },
		func(p *remuda.Pool[int, int], n int) error { _, err := p.Submit(endable, n); return err },
	}
}

// At saturation everybody waits for the same thing; runs begin in the order in
// which their callers came.
func TestCallersAreServedInOrderOfArrival(t *testing.T) {
	for _, inline := range []bool{false, true} {
		for _, c := range fullQueues {
			bubble(t, fmt.Sprintf("%d workers, queue %d, inline %v", c.workers, c.queue, inline), func(t *testing.T) {
				const callers = 60
				var mu sync.Mutex
				var begun []int
				p := startPool(t, remuda.Config{Initial: c.workers, Queue: c.queue, Inline: inline}, func(_ context.Context, n int) (int, error) {
					mu.Lock()
					begun = append(begun, n)
					mu.Unlock()
					time.Sleep(time.Second)
					return 0, nil
				})
				ways := waysOfCalling(t)
				var calls []*call[remuda.Void]
				for i := range callers {
					calls = append(calls, asyncErr(func() error { return ways[i%len(ways)](p, i) }))
					// Newcomers come while others wait, and while workers are about to
					// be free.
					time.Sleep(time.Second / time.Duration(2*c.workers))
				}
				for _, c := range calls {
					_, err := c.wait()
					require.NoError(t, err)
				}
				for p.Stats().Succeeded < callers {
					time.Sleep(time.Second)
				}
				synctest.Wait()
				// Runs that begin in the same instant may do so in any order.
				for i, n := range begun {
					require.InDelta(t, i, n, float64(c.workers-1), "%v", begun)
				}
			})
		}
	}
}

// While all workers are busy, an inline caller waits behind those that came
// before it, and in front of those that come later, even if these find a free
// worker's place at the very instant.
func TestInlineNewcomersDoNotPass(t *testing.T) {
	for _, workers := range []int{1, 2, 8} {
		bubble(t, fmt.Sprint(workers), func(t *testing.T) {
			const rounds = 50
			turn := make([]int, 0, 4*workers*rounds)
			var mu sync.Mutex
			p := startPool(t, remuda.Config{Initial: workers}, func(_ context.Context, n int) (int, error) {
				mu.Lock()
				turn = append(turn, n)
				mu.Unlock()
				time.Sleep(time.Millisecond)
				return 0, nil
			})
			var wg sync.WaitGroup
			for caller := range 2 * workers { // twice as many callers as workers
				wg.Go(func() {
					for range rounds {
						_, _ = p.Do(bg, caller)
					}
				})
			}
			wg.Wait()
			// Who has had a run waits until all others have had one.
			last := make(map[int]int)
			for i, caller := range turn[:2*workers*(rounds-1)] {
				if at, ok := last[caller]; ok {
					require.InDelta(t, 2*workers, i-at, float64(workers), "caller %d came twice in a row: %v", caller, turn[:i+1])
				}
				last[caller] = i
			}
		})
	}
}

// nestedCalls are the ways in which a run waits for another run of its own pool.
var nestedCalls = map[string]func(ctx context.Context, p *remuda.Pool[int, int], n int) error{
	"Do": func(ctx context.Context, p *remuda.Pool[int, int], n int) error { _, err := p.Do(ctx, n); return err },
	"Submit and Wait": func(ctx context.Context, p *remuda.Pool[int, int], n int) error {
		ticket, err := p.Submit(ctx, n)
		if err != nil {
			return err
		}
		_, err = ticket.Wait(ctx)
		return err
	},
	"Map": func(ctx context.Context, p *remuda.Pool[int, int], n int) (err error) {
		for _, err = range p.Map(ctx, slices.Values([]int{n})) {
		}
		return err
	},
	"DoAll": func(ctx context.Context, p *remuda.Pool[int, int], n int) error {
		_, err := p.DoAll(ctx, []int{n})
		return err
	},
}

// A run that lent its slot and wants it back comes before everything that waits:
// the queue, blocked senders, inline callers. It wants it as soon as what it waits
// for is there, not only once its goroutine has noticed.
func TestRunThatWantsItsSlotBackComesFirst(t *testing.T) {
	for name, nested := range nestedCalls {
		for _, inline := range []bool{false, true} {
			for _, queue := range bounds {
				bubble(t, fmt.Sprintf("%s, inline %v, queue %d", name, inline, queue), func(t *testing.T) {
					const parent, child, other = 1, 2, 3
					s := &stage{}
					var p *remuda.Pool[int, int]
					var mu sync.Mutex
					var events []string
					note := func(format string, args ...any) {
						mu.Lock()
						events = append(events, fmt.Sprintf(format, args...))
						mu.Unlock()
					}
					p = startPool(t, remuda.Config{Inline: inline, Queue: queue}, func(ctx context.Context, n int) (int, error) {
						if n != parent {
							note("%d", n)
							return s.Do(ctx, n)
						}
						err := nested(ctx, p, child)
						note("back")
						return 0, err
					})
					endable, _ := ending(t)
					do := async(func() (int, error) { return p.Do(endable, parent) })
					want := []string{"2", "back"}
					var calls []*call[remuda.Void]
					ways := waysOfCalling(t)
					for i := range 10 {
						calls = append(calls, asyncErr(func() error { return ways[i%len(ways)](p, other+i) }))
						want = append(want, fmt.Sprint(other+i))
					}
					s.letAll()
					require.True(t, do.returned())
					require.NoError(t, do.err)
					for _, c := range calls {
						_, _ = c.wait()
					}
					synctest.Wait()
					require.Equal(t, want, events)
				})
			}
		}
	}
}

// A run that has given up waiting wants its slot back, too. It waits for whoever
// has it, even if that is the run that it has given up, and then comes first.
func TestRunThatGaveUpWantsItsSlotBackFirst(t *testing.T) {
	for name, nested := range nestedCalls {
		bubble(t, name, func(t *testing.T) {
			if name == "Map" || name == "DoAll" {
				t.Skip("they wait for what is in flight")
			}
			const parent, child, other = 1, 2, 3
			s := &stage{deaf: true}
			var p *remuda.Pool[int, int]
			begun := 0
			p = startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
				if n != parent {
					return s.Do(ctx, n)
				}
				sub, cancel := context.WithTimeout(ctx, time.Second)
				defer cancel()
				err := nested(sub, p, child)
				s.mu.Lock()
				begun = len(s.begun)
				s.mu.Unlock()
				return 0, err
			})
			endable, _ := ending(t)
			do := async(func() (int, error) { return p.Do(endable, parent) })
			require.NoError(t, p.Send(bg, other))
			time.Sleep(2 * time.Second)
			require.False(t, do.returned())
			s.let(child)
			require.True(t, do.returned())
			require.ErrorIs(t, do.err, context.DeadlineExceeded)
			require.Equal(t, 1, begun)
			s.letAll()
			require.Equal(t, []int{child, other}, s.order())
		})
	}
}

// Several of them get theirs back in the order in which they want it.
func TestRunsThatWantTheirSlotsBackAreServedInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const runs = 5
		s := &stage{deaf: true}
		var p *remuda.Pool[int, int]
		var back []int
		p = startPool(t, remuda.Config{Paused: true}, func(ctx context.Context, n int) (int, error) {
			if n >= 100 {
				return s.Do(ctx, n)
			}
			sub, cancel := context.WithTimeout(ctx, time.Duration(1+n)*time.Second)
			defer cancel()
			_, err := p.Do(sub, 100+n) // only one child gets the slot, and is deaf
			back = append(back, n)
			time.Sleep(time.Second)
			return 0, err
		})
		for i := range runs {
			require.NoError(t, p.Send(bg, i))
		}
		require.NoError(t, p.More())
		time.Sleep(time.Minute)
		require.Len(t, s.order(), 1, "one child has the slot")
		require.Empty(t, back, "the slot is taken")
		s.letAll()
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, upTo(runs), back)
	})
}

// The invitations that a stream puts into the queue wait their turn behind
// senders that were blocked before.
func TestStreamWaitsItsTurnBehindBlockedSenders(t *testing.T) {
	for _, queue := range []int{1, 4} {
		bubble(t, fmt.Sprint(queue), func(t *testing.T) {
			s := &stage{}
			p := startPool(t, remuda.Config{Queue: queue}, s.Do)
			n := fillPool(t, p, 1, queue)
			sent := asyncErr(func() error { return p.Send(bg, n) })
			loop := asyncErr(func() error {
				for range p.Map(bg, slices.Values([]int{100, 101})) {
				}
				return nil
			})
			for i := range n + 1 {
				s.let(i)
			}
			require.True(t, sent.returned())
			require.Equal(t, append(upTo(n+1), 100), s.order())
			s.letAll()
			require.True(t, loop.returned())
		})
	}
}
