package remuda_test

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// tens is the key of inputs in these tests: 10, 11, 12 have one, 20, 21, 22 another.
func tens(n int) int { return n / 10 }

// withValue is a context that carries something.
var withValue = context.WithValue(bg, loopKey{}, 1)

// startKeyed starts a pool whose keys are the tens of its inputs.
func startKeyed(t *testing.T, cfg remuda.Config, job func(context.Context, int) (int, error), mws ...remuda.Middleware) *remuda.Pool[int, int] {
	t.Helper()
	p, err := remuda.StartKeyedWithConfig(cfg, tens, job, mws...)
	require.NoError(t, err)
	closeAfter(t, p)
	return p
}

// keyedWays are the ways to hand over inputs, one after the other, without waiting for
// outcomes. Each returns what waits for these.
var keyedWays = map[string]func(p *remuda.Pool[int, int], ins []int) (wait func()){
	"Send": func(p *remuda.Pool[int, int], ins []int) func() {
		for _, in := range ins {
			mustNil(p.Send(bg, in))
		}
		return func() {}
	},
	"TrySend": func(p *remuda.Pool[int, int], ins []int) func() {
		for _, in := range ins {
			mustNil(p.TrySend(withValue, in))
		}
		return func() {}
	},
	"Do": func(p *remuda.Pool[int, int], ins []int) func() {
		var calls []*call[int]
		for _, in := range ins {
			calls = append(calls, async(func() (int, error) { return p.Do(bg, in) }))
		}
		return func() {
			for _, c := range calls {
				_, err := c.wait()
				mustNil(err)
			}
		}
	},
	"Submit": func(p *remuda.Pool[int, int], ins []int) func() {
		var tickets []*remuda.Ticket[int]
		for i, in := range ins {
			submit := p.Submit
			if i%2 == 0 {
				submit = p.TrySubmit
			}
			ticket, err := submit(bg, in)
			mustNil(err)
			tickets = append(tickets, ticket)
		}
		return func() {
			for _, ticket := range tickets {
				_, err := ticket.Wait(bg)
				mustNil(err)
			}
		}
	},
	"Group": func(p *remuda.Pool[int, int], ins []int) func() {
		g := p.Group(bg)
		for _, in := range ins {
			mustNil(g.Send(in))
		}
		return func() { mustNil(g.Wait()) }
	},
	"DoAll": func(p *remuda.Pool[int, int], ins []int) func() {
		c := async(func() ([]int, error) { return p.DoAll(bg, ins) })
		return func() {
			_, err := c.wait()
			mustNil(err)
		}
	},
	"Map": func(p *remuda.Pool[int, int], ins []int) func() {
		c := asyncErr(func() error {
			for _, err := range p.Map(bg, slices.Values(ins)) {
				mustNil(err)
			}
			return nil
		})
		return func() { <-c.done }
	},
	"Stream": func(p *remuda.Pool[int, int], ins []int) func() {
		c := asyncErr(func() error {
			for res := range p.Stream(bg, slices.Values(ins)) {
				mustNil(res.Err)
			}
			return nil
		})
		return func() { <-c.done }
	},
}

func mustNil(err error) {
	if err != nil {
		panic(err)
	}
}

func TestStartKeyed(t *testing.T) {
	for name, way := range keyedWays {
		bubble(t, "one at a time for each key, in order: "+name, func(t *testing.T) {
			s := &stage{}
			p := startKeyed(t, remuda.Config{Initial: 4, Queue: 100}, s.Do)
			wait := way(p, []int{10, 11, 12, 20, 13, 30, 21})
			require.ElementsMatch(t, []int{10, 20, 30}, s.order())
			s.let(20)
			require.Equal(t, []int{21}, s.order()[3:])
			s.let(10)
			s.let(12) // that is not its turn
			require.Equal(t, []int{21, 11}, s.order()[3:])
			s.let(11)
			require.Equal(t, []int{21, 11, 12, 13}, s.order()[3:])
			s.letAll()
			wait()
			require.NoError(t, p.Close(bg))
			assertIdle(t, p.Stats())
			require.EqualValues(t, 7, p.Stats().Succeeded)
		})
	}
	bubble(t, "whichever way they came", func(t *testing.T) {
		s := &stage{}
		p := startKeyed(t, remuda.Config{Initial: 4, Inline: true}, s.Do)
		var want []int
		in := 10
		var waits []func()
		for _, way := range keyedWays { // in any order
			waits = append(waits, way(p, []int{in}))
			want = append(want, in)
			in++
		}
		synctest.Wait()
		for i := range want {
			require.Equal(t, want[:i+1], s.order())
			s.let(want[i])
		}
		for _, wait := range waits {
			wait()
		}
	})
	bubble(t, "an input that waits for its key holds no worker", func(t *testing.T) {
		s := &stage{}
		p := startKeyed(t, remuda.Config{Initial: 2}, s.Do)
		keyedWays["Send"](p, []int{10, 11, 12, 13, 20, 21, 30})
		require.Equal(t, []int{10, 20}, s.order())
		s.let(20)
		require.Equal(t, []int{10, 20, 21}, s.order(), "10 is busy, and 21 is older than 30")
		s.let(21)
		require.Equal(t, []int{10, 20, 21, 30}, s.order())
		require.Equal(t, 3, p.Stats().Queued)
		s.letAll()
		_, most := s.on()
		require.Equal(t, 2, most)
	})
	bubble(t, "one worker runs them in the order in which they were accepted", func(t *testing.T) {
		s := &stage{}
		p := startKeyed(t, remuda.Config{Paused: true}, s.Do)
		ins := []int{10, 11, 20, 12, 30, 21}
		keyedWays["Send"](p, ins)
		require.NoError(t, p.Resize(1))
		s.letAll()
		require.Equal(t, ins, s.order())
	})
	bubble(t, "never on the caller's goroutine", func(t *testing.T) {
		s := &stage{deaf: true}
		p := startKeyed(t, remuda.Config{Inline: true}, s.Do)
		ctx, cancel := ending(t)
		first := async(func() (int, error) { return p.Do(ctx, 10) })
		second := async(func() (int, error) { return p.Do(bg, 11) })
		cancel()
		require.True(t, first.returned())
		require.ErrorIs(t, first.err, context.Canceled)
		require.Equal(t, []int{10}, s.order(), "its run goes on, and its key is busy")
		s.letAll()
		require.True(t, second.returned())
		require.Equal(t, 22, second.out)
	})
}

func TestStartKeyedRefuses(t *testing.T) {
	job := func(context.Context, int) (int, error) { return 0, nil }
	_, err := remuda.StartKeyed(0, tens, job)
	require.ErrorIs(t, err, remuda.ErrInvalidInitial)
	_, err = remuda.StartKeyed(1, (func(int) int)(nil), job)
	require.ErrorIs(t, err, remuda.ErrNilJob)
	require.EqualError(t, err, "remuda: key is nil")
	_, err = remuda.StartKeyed[int, int](1, tens, nil)
	require.ErrorIs(t, err, remuda.ErrNilJob)
	_, err = remuda.StartKeyed(1, tens, job, nil)
	require.ErrorIs(t, err, remuda.ErrNilJob)
	_, err = remuda.StartKeyedWithConfig(remuda.Config{Name: "hosts", Queue: -2}, tens, job)
	require.ErrorIs(t, err, remuda.ErrInvalidQueue)
	require.ErrorContains(t, err, "hosts: ")
}

func TestShareOfAKey(t *testing.T) {
	bubble(t, "half of the queue, and then its senders wait alone", func(t *testing.T) {
		s := &stage{}
		p := startKeyed(t, remuda.Config{Name: "accounts", Initial: 2, Queue: 4}, s.Do)
		keyedWays["Send"](p, []int{10, 11, 12})
		send := asyncErr(func() error { return p.Send(bg, 13) })
		require.False(t, send.returned())
		err := p.TrySend(bg, 14)
		require.ErrorIs(t, err, remuda.ErrQueueFull)
		require.EqualError(t, err, "remuda: accounts: queue is full: 4 wait, or 2 of the key")
		_, err = p.TrySubmit(bg, 14)
		require.ErrorIs(t, err, remuda.ErrQueueFull)
		keyedWays["TrySend"](p, []int{20, 30}) // nobody else waits
		require.Equal(t, []int{10, 20}, s.order())
		s.let(20)
		require.Equal(t, []int{10, 20, 30}, s.order())
		require.False(t, send.returned(), "places are free, but not for its key")
		s.let(10)
		require.True(t, send.returned())
		require.NoError(t, send.err)
		s.letAll()
		require.Equal(t, []int{11, 12, 13}, s.order()[3:])
	})
	bubble(t, "at least one place", func(t *testing.T) {
		s := &stage{}
		p := startKeyed(t, remuda.Config{Initial: 2, Queue: 1}, s.Do)
		keyedWays["TrySend"](p, []int{10})
		synctest.Wait()
		keyedWays["TrySend"](p, []int{11})
		require.ErrorIs(t, p.TrySend(bg, 12), remuda.ErrQueueFull)
		require.ErrorIs(t, p.TrySend(bg, 20), remuda.ErrQueueFull)
		s.letAll()
	})
	bubble(t, "blocked senders are let in in order of arrival", func(t *testing.T) {
		s := &stage{}
		p := startKeyed(t, remuda.Config{Initial: 1, Queue: 4}, s.Do)
		keyedWays["Send"](p, []int{10, 11, 12, 20, 21})
		var sends []*call[remuda.Void] // for 13 and 22 there is no place of their key
		for _, in := range []int{13, 22, 30, 14} {
			sends = append(sends, asyncErr(func() error { return p.Send(bg, in) }))
		}
		returned := func() (ok []bool) {
			for _, send := range sends {
				ok = append(ok, send.returned())
			}
			return ok
		}
		require.Equal(t, []bool{false, false, false, false}, returned())
		s.let(10)
		require.Equal(t, []bool{true, false, false, false}, returned(), "its key has a place, and it came first")
		s.let(11)
		require.Equal(t, []bool{true, false, true, false}, returned(), "30 came before 14")
		s.letAll()
		require.Equal(t, []bool{true, true, true, true}, returned())
		require.Less(t, slices.Index(s.order(), 13), slices.Index(s.order(), 14))
	})
	bubble(t, "a crowd at one key holds up nobody", func(t *testing.T) {
		s := &stage{}
		p := startKeyed(t, remuda.Config{Initial: 3, Queue: 8}, s.Do)
		for i := range 500 {
			go func() { _ = p.Send(bg, 1000_000+i%10) }() // the same key
		}
		synctest.Wait()
		for in := range 100 {
			s.let(in * 10)
			require.NoError(t, p.TrySend(bg, in*10))
			synctest.Wait()
		}
		require.Len(t, s.order(), 101)
		s.letAll()
	})
	bubble(t, "a sender that gives up makes room", func(t *testing.T) {
		s := &stage{}
		p := startKeyed(t, remuda.Config{Initial: 1, Queue: 2}, s.Do)
		keyedWays["Send"](p, []int{10, 11})
		ctx, cancel := ending(t)
		first := asyncErr(func() error { return p.Send(ctx, 12) })
		second := asyncErr(func() error { return p.Send(bg, 13) })
		cancel()
		require.True(t, first.returned())
		require.ErrorIs(t, first.err, context.Canceled)
		require.False(t, second.returned())
		s.let(10)
		require.True(t, second.returned())
		s.letAll()
		require.Equal(t, []int{10, 11, 13}, s.order())
	})
}

func TestKeyedUnbuffered(t *testing.T) {
	bubble(t, "an input needs a free worker and a free key", func(t *testing.T) {
		s := &stage{}
		p := startKeyed(t, remuda.Config{Initial: 2, Queue: remuda.Unbuffered}, s.Do)
		require.NoError(t, p.TrySend(bg, 10))
		synctest.Wait()
		err := p.TrySend(bg, 11)
		require.ErrorIs(t, err, remuda.ErrQueueFull)
		require.ErrorContains(t, err, "or the key is not")
		send := asyncErr(func() error { return p.Send(bg, 11) })
		require.False(t, send.returned())
		require.NoError(t, p.TrySend(bg, 20), "its key is free")
		require.Equal(t, []int{10, 20}, s.order())
		other := asyncErr(func() error { return p.Send(bg, 30) })
		require.False(t, other.returned(), "no worker is free")
		s.let(10)
		require.True(t, send.returned())
		require.False(t, other.returned(), "11 came first")
		s.let(20)
		require.True(t, other.returned())
		s.letAll()
	})
	bubble(t, "in a loop", func(t *testing.T) {
		p := startKeyed(t, remuda.Config{Initial: 3, Queue: remuda.Unbuffered}, double)
		outs, err := p.DoAll(bg, upTo(100))
		require.NoError(t, err)
		require.Len(t, outs, 100)
		require.Equal(t, 198, outs[99])
	})
}

func TestCallsFromInsideAKeyedPool(t *testing.T) {
	waits := map[string]func(ctx context.Context, p *remuda.Pool[int, int], ticket *remuda.Ticket[int]) error{
		"Do": func(ctx context.Context, p *remuda.Pool[int, int], _ *remuda.Ticket[int]) error {
			_, err := p.Do(ctx, 20)
			return err
		},
		"DoAll": func(ctx context.Context, p *remuda.Pool[int, int], _ *remuda.Ticket[int]) error {
			_, err := p.DoAll(ctx, []int{20})
			return err
		},
		"Map": func(ctx context.Context, p *remuda.Pool[int, int], _ *remuda.Ticket[int]) (last error) {
			for _, last = range p.Map(ctx, counted(3)) {
			}
			return last
		},
		"Stream": func(ctx context.Context, p *remuda.Pool[int, int], _ *remuda.Ticket[int]) (last error) {
			for res := range p.Stream(ctx, counted(3)) {
				last = res.Err
			}
			return last
		},
		"Ticket.Wait": func(ctx context.Context, _ *remuda.Pool[int, int], ticket *remuda.Ticket[int]) error {
			_, err := ticket.Wait(ctx)
			return err
		},
		"Group.Wait": func(ctx context.Context, p *remuda.Pool[int, int], _ *remuda.Ticket[int]) error {
			g := p.Group(ctx)
			if err := g.Send(20); err != nil {
				return err
			}
			return g.Wait()
		},
	}
	for name, wait := range waits {
		for how, ctx := range map[string]context.Context{"empty": bg, "with values": withValue} {
			bubble(t, name+" is refused, context "+how, func(t *testing.T) {
				var p *remuda.Pool[int, int]
				var ticket *remuda.Ticket[int]
				gate := make(chan struct{})
				p = startKeyed(t, remuda.Config{Name: "hosts", Initial: 3}, func(ctx context.Context, n int) (int, error) {
					if n != 10 {
						return n, nil
					}
					<-gate
					return 0, wait(ctx, p, ticket)
				})
				first, err := p.Submit(ctx, 10)
				require.NoError(t, err)
				ticket, err = p.Submit(bg, 11) // of the same key
				require.NoError(t, err)
				close(gate)
				_, err = first.Wait(bg)
				require.ErrorIs(t, err, remuda.ErrNestedKey)
				require.ErrorContains(t, err, "job of a keyed pool would wait for its own pool")
				_, err = ticket.Wait(bg)
				require.NoError(t, err)
			})
		}
	}
	bubble(t, "Send and Submit never wait", func(t *testing.T) {
		s := &stage{}
		var p *remuda.Pool[int, int]
		p = startKeyed(t, remuda.Config{Initial: 2, Queue: 2}, func(ctx context.Context, n int) (int, error) {
			if n == 10 {
				for in := 11; in < 20; in++ { // its own key, far beyond the bounds
					mustNil(p.Send(ctx, in))
				}
				for in := 20; in < 25; in++ {
					_, err := p.Submit(context.WithoutCancel(ctx), in)
					mustNil(err)
				}
				mustNil(p.Group(ctx).Send(30))
				if err := p.TrySend(ctx, 40); !errors.Is(err, remuda.ErrQueueFull) {
					return 0, errors.New("TrySend exceeds nothing")
				}
			}
			return s.Do(ctx, n)
		})
		require.NoError(t, p.Send(bg, 10))
		require.ElementsMatch(t, []int{10, 20}, s.order())
		other := asyncErr(func() error { return p.Send(bg, 50) })
		require.False(t, other.returned(), "the queue is full")
		s.letAll()
		require.True(t, other.returned())
		require.NoError(t, p.Wait(bg))
		var of1 []int
		for _, in := range s.order() {
			if tens(in) == 1 {
				of1 = append(of1, in)
			}
		}
		require.Equal(t, []int{10, 11, 12, 13, 14, 15, 16, 17, 18, 19}, of1)
	})
	bubble(t, "an outcome that is there needs no wait", func(t *testing.T) {
		var p *remuda.Pool[int, int]
		var ticket *remuda.Ticket[int]
		p = startKeyed(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
			if n == 10 {
				return ticket.Wait(ctx)
			}
			return 2 * n, nil
		})
		ticket, _ = p.Submit(bg, 20)
		<-ticket.Done()
		out, err := p.Do(bg, 10)
		require.NoError(t, err)
		require.Equal(t, 40, out)
	})
	bubble(t, "another pool may be waited for", func(t *testing.T) {
		inner := startKeyed(t, remuda.Config{}, double)
		outer := startKeyed(t, remuda.Config{}, inner.Do)
		out, err := outer.Do(bg, 10)
		require.NoError(t, err)
		require.Equal(t, 20, out)
	})
}

func TestKeysThatAreNone(t *testing.T) {
	type pair struct {
		a float64
		b any
	}
	bad := map[int]any{
		1: math.NaN(), 2: []int{1}, 3: pair{math.NaN(), 1}, 4: pair{1, map[int]int{}}, 5: func() {}, 6: [1]any{math.NaN()},
	}
	start := func(t *testing.T) *remuda.Pool[int, int] {
		p, err := remuda.StartKeyedWithConfig(remuda.Config{Name: "any", Initial: 2}, func(in int) any {
			if key, isBad := bad[in]; isBad {
				return key
			}
			return in
		}, double)
		require.NoError(t, err)
		closeAfter(t, p)
		return p
	}
	t.Run("are refused", func(t *testing.T) {
		p := start(t)
		for in := range bad {
			_, err := p.Do(bg, in)
			require.ErrorIs(t, err, remuda.ErrInvalidInput)
			require.ErrorContains(t, err, "any: invalid input: ")
			require.ErrorIs(t, p.Send(bg, in), remuda.ErrInvalidInput)
			require.ErrorIs(t, p.TrySend(bg, in), remuda.ErrInvalidInput)
			_, err = p.Submit(bg, in)
			require.ErrorIs(t, err, remuda.ErrInvalidInput)
			g := p.Group(bg)
			require.ErrorIs(t, g.Send(in), remuda.ErrInvalidInput)
			require.ErrorIs(t, g.Wait(), remuda.ErrInvalidInput)
		}
		require.Zero(t, p.Stats().Accepted)
	})
	t.Run("are the outcome of an input of a loop", func(t *testing.T) {
		p := start(t)
		i := 0
		for out, err := range p.Map(bg, counted(9)) {
			if bad[i] != nil {
				require.ErrorIs(t, err, remuda.ErrInvalidInput)
				require.NotErrorIs(t, err, remuda.ErrCutShort)
			} else {
				require.NoError(t, err)
				require.Equal(t, 2*i, out)
			}
			i++
		}
		require.Equal(t, 9, i)
		outs, err := p.DoAll(bg, upTo(9))
		require.ErrorIs(t, err, remuda.ErrInvalidInput)
		require.Equal(t, []int{0, 0, 0, 0, 0, 0, 0, 14, 16}, outs)
	})
	t.Run("keys of different types are different", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := &stage{}
			p, err := remuda.StartKeyed(2, func(in int) any {
				if in == 1 {
					return int64(7)
				}
				return uint64(7)
			}, s.Do)
			require.NoError(t, err)
			closeAfter(t, p)
			keyedWays["Send"](p, []int{1, 2})
			require.ElementsMatch(t, []int{1, 2}, s.order())
			s.letAll()
		})
	})
}

// A key function that goes wrong costs its own call, and nothing else.
func TestKeyFunctionThatGoesWrong(t *testing.T) {
	start := func(t *testing.T, calls *int) *remuda.Pool[int, int] {
		p, err := remuda.StartKeyedWithConfig(remuda.Config{Initial: 2, Queue: 2}, func(in int) int {
			if calls != nil {
				*calls++
			}
			switch in {
			case 98:
				runtime.Goexit()
			case 99:
				panic("no key")
			}
			return in / 10
		}, double)
		require.NoError(t, err)
		closeAfter(t, p)
		return p
	}
	for name, way := range keyedWays {
		for in, what := range map[int]string{98: "Goexit", 99: "panic"} {
			bubble(t, what+": "+name, func(t *testing.T) {
				p := start(t, nil)
				var thrown any
				returned := false
				done := make(chan struct{})
				if name == "Do" || name == "Map" || name == "Stream" || name == "DoAll" {
					name = "direct " + name
				}
				go func() {
					defer close(done)
					defer func() { thrown = recover() }()
					switch name {
					case "direct Do":
						_, _ = p.Do(bg, in)
					case "direct Map":
						for range p.Map(bg, slices.Values([]int{1, in, 2})) {
						}
					case "direct Stream":
						for range p.Stream(bg, slices.Values([]int{1, in, 2})) {
						}
					case "direct DoAll":
						_, _ = p.DoAll(bg, []int{1, in, 2})
					default:
						way(p, []int{in})
					}
					returned = true
				}()
				<-done
				require.False(t, returned)
				if in == 99 {
					if err, ok := thrown.(*remuda.PanicError); ok {
						thrown = err.Value
					}
					require.Equal(t, "no key", thrown)
				}
				outs, err := p.DoAll(bg, []int{1, 2})
				require.NoError(t, err)
				require.Equal(t, []int{2, 4}, outs)
			})
		}
	}
	bubble(t, "a group goes on", func(t *testing.T) {
		p := start(t, nil)
		g := p.Group(bg)
		require.NoError(t, g.Send(10))
		require.PanicsWithValue(t, "no key", func() { _ = g.Send(99) })
		require.NoError(t, g.Send(11))
		require.NoError(t, g.Wait())
	})
	bubble(t, "it is called once for each input", func(t *testing.T) {
		calls := 0
		s := &stage{}
		p, err := remuda.StartKeyedWithConfig(remuda.Config{Queue: 2}, func(in int) int { calls++; return in / 10 }, s.Do)
		require.NoError(t, err)
		closeAfter(t, p)
		keyedWays["Send"](p, []int{10, 11})
		blocked := asyncErr(func() error { return p.Send(bg, 12) })
		s.letAll()
		require.True(t, blocked.returned())
		require.Equal(t, 3, calls)
	})
}

func TestKeyedLifecycle(t *testing.T) {
	bubble(t, "Close runs what waits for its key", func(t *testing.T) {
		s := &stage{}
		p := startKeyed(t, remuda.Config{Initial: 3}, s.Do)
		keyedWays["Send"](p, []int{10, 11, 12, 20})
		closing := asyncErr(func() error { return p.Close(bg) })
		s.let(20)
		require.False(t, closing.returned())
		require.Equal(t, []int{10, 20}, s.order())
		s.let(10)
		require.Equal(t, []int{10, 20, 11}, s.order())
		require.ErrorIs(t, p.Send(bg, 13), remuda.ErrPoolClosed)
		s.letAll()
		require.True(t, closing.returned())
		require.Equal(t, []int{10, 20, 11, 12}, s.order())
	})
	bubble(t, "Close whose context ends, and Stop, drop what is queued", func(t *testing.T) {
		for _, end := range []func(p *remuda.Pool[int, int], ctx context.Context) error{(*remuda.Pool[int, int]).Close, (*remuda.Pool[int, int]).Stop} {
			s := &stage{}
			p := startKeyed(t, remuda.Config{Initial: 2, Queue: 4}, s.Do)
			var dropped []int
			p.OnDrop(func(in int, err error) {
				require.ErrorIs(t, err, remuda.ErrPoolClosed)
				dropped = append(dropped, in)
			})
			keyedWays["Send"](p, []int{10, 11, 20, 12})
			ticket, err := p.Submit(bg, 21)
			require.NoError(t, err)
			blocked := asyncErr(func() error { return p.Send(bg, 13) })
			ended, cancel := context.WithCancel(bg)
			cancel()
			err = end(p, ended)
			var gaveUp *remuda.CloseError
			require.ErrorAs(t, err, &gaveUp)
			require.Equal(t, 3, gaveUp.Dropped)
			require.Equal(t, []int{11, 12}, dropped, "in order")
			require.True(t, blocked.returned())
			require.ErrorIs(t, blocked.err, remuda.ErrPoolClosed)
			_, err = ticket.Wait(bg)
			require.ErrorIs(t, err, remuda.ErrPoolClosed)
			<-p.Done()
			require.ElementsMatch(t, []int{10, 20}, s.order())
			assertIdle(t, p.Stats())
		}
	})
	bubble(t, "Wait waits for what waits for its key", func(t *testing.T) {
		s := &stage{}
		p := startKeyed(t, remuda.Config{Initial: 2}, s.Do)
		keyedWays["Send"](p, []int{10, 11})
		wait := asyncErr(func() error { return p.Wait(bg) })
		s.let(10)
		require.False(t, wait.returned())
		s.let(11)
		require.True(t, wait.returned())
		require.NoError(t, wait.err)
	})
	bubble(t, "fewer and more workers", func(t *testing.T) {
		s := &stage{}
		p := startKeyed(t, remuda.Config{Initial: 2}, s.Do)
		keyedWays["Send"](p, []int{10, 11, 20, 21, 30})
		synctest.Wait()
		require.NoError(t, p.Resize(0))
		s.let(10, 20)
		require.Equal(t, []int{10, 20}, s.order(), "nobody is there to go on")
		require.Equal(t, 3, p.Stats().Queued)
		require.NoError(t, p.More())
		require.Equal(t, []int{10, 20, 11}, s.order())
		require.NoError(t, p.Resize(8))
		require.ElementsMatch(t, []int{10, 20, 11, 21, 30}, s.order())
		s.letAll()
	})
	bubble(t, "a worker that is retired passes its key on", func(t *testing.T) {
		s := &stage{}
		p := startKeyed(t, remuda.Config{Initial: 2}, s.Do)
		keyedWays["Send"](p, []int{10, 11, 20, 21})
		synctest.Wait()
		require.NoError(t, p.Less())
		s.let(10)
		require.Equal(t, []int{10, 20}, s.order())
		s.let(20)
		require.Equal(t, []int{10, 20, 11}, s.order())
		s.letAll()
	})
	bubble(t, "a pool that closes while it is paused", func(t *testing.T) {
		s := &stage{}
		p := startKeyed(t, remuda.Config{Paused: true}, s.Do)
		keyedWays["Send"](p, []int{10, 11, 20})
		s.letAll()
		require.NoError(t, p.Close(bg))
		require.Equal(t, []int{10, 11, 20}, s.order())
	})
	bubble(t, "StopOnErrors", func(t *testing.T) {
		p := startKeyed(t, remuda.Config{Paused: true, StopOnErrors: true}, func(_ context.Context, n int) (int, error) {
			if n == 10 {
				return 0, errJob
			}
			return n, nil
		})
		keyedWays["Send"](p, []int{10, 11, 12, 20})
		require.NoError(t, p.Resize(2))
		<-p.Done()
		require.ErrorIs(t, p.Err(), errJob)
		require.EqualValues(t, 3, p.Stats().Succeeded)
		require.ErrorIs(t, p.Send(bg, 13), errJob)
	})
	bubble(t, "IdleTimeout", func(t *testing.T) {
		s := &stage{}
		p := startKeyed(t, remuda.Config{Initial: 3, IdleTimeout: time.Second}, s.Do)
		keyedWays["Send"](p, []int{10, 20, 30, 11})
		s.let(20, 30)
		time.Sleep(time.Minute)
		s.let(10)
		require.Equal(t, []int{11}, s.order()[3:])
		keyedWays["Send"](p, []int{21, 31})
		require.Len(t, s.order(), 6, "workers are made anew")
		s.letAll()
		time.Sleep(time.Minute)
		require.NoError(t, p.Send(bg, 12))
	})
}

func TestKeyedRunsThatGoWrong(t *testing.T) {
	bubble(t, "a panic, Goexit and a refusal free the key", func(t *testing.T) {
		p := startKeyed(t, remuda.Config{Initial: 2}, func(_ context.Context, n int) (int, error) {
			switch n {
			case 10:
				panic("job")
			case 11:
				runtime.Goexit()
			}
			return 2 * n, nil
		}, remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
			return func(ctx context.Context) error {
				info, _ := remuda.InfoFrom(ctx)
				switch info.Input() {
				case 12:
					return errJob
				case 13:
					panic("middleware")
				case 14:
					runtime.Goexit()
				}
				return next(ctx)
			}
		}))
		tickets := make([]*remuda.Ticket[int], 6)
		for i := range tickets {
			tickets[i], _ = p.Submit(bg, 10+i)
		}
		for i, ticket := range tickets[:5] {
			_, err := ticket.Wait(bg)
			require.Error(t, err, "%d", i)
		}
		out, err := tickets[5].Wait(bg)
		require.NoError(t, err)
		require.Equal(t, 30, out)
	})
	bubble(t, "an input whose owner gives up leaves the queue at once", func(t *testing.T) {
		s := &stage{deaf: true}
		p := startKeyed(t, remuda.Config{Initial: 2, Queue: 4}, s.Do)
		keyedWays["Send"](p, []int{10})
		ctx, cancel := ending(t)
		ticket, err := p.Submit(ctx, 11)
		require.NoError(t, err)
		do := async(func() (int, error) { return p.Do(ctx, 12) })
		blocked := asyncErr(func() error { return p.Send(bg, 13) })
		require.False(t, blocked.returned())
		cancel()
		require.True(t, do.returned())
		require.ErrorIs(t, do.err, context.Canceled)
		_, err = ticket.Wait(bg)
		require.ErrorIs(t, err, context.Canceled)
		require.True(t, blocked.returned(), "their places are free")
		require.Equal(t, 1, p.Stats().Queued)
		require.EqualValues(t, 2, p.Stats().Dropped)
		s.letAll()
		require.Equal(t, []int{10, 13}, s.order())
	})
	bubble(t, "the first of a key that leaves makes way for the next", func(t *testing.T) {
		s := &stage{}
		p := startKeyed(t, remuda.Config{Paused: true}, s.Do)
		ctx, cancel := ending(t)
		ticket, err := p.Submit(ctx, 10)
		require.NoError(t, err)
		keyedWays["Send"](p, []int{11, 20})
		cancel()
		<-ticket.Done()
		require.NoError(t, p.Resize(2))
		require.ElementsMatch(t, []int{11, 20}, s.order())
		s.letAll()
	})
	bubble(t, "the first error of a group drops the others", func(t *testing.T) {
		s := &stage{}
		p := startKeyed(t, remuda.Config{Initial: 2}, func(ctx context.Context, n int) (int, error) {
			if _, err := s.Do(ctx, n); err != nil {
				return 0, err
			}
			return 0, errJob
		})
		g := p.Group(bg)
		for _, in := range []int{10, 11, 12, 20} {
			require.NoError(t, g.Send(in))
		}
		require.NoError(t, p.Send(bg, 13))
		require.ElementsMatch(t, []int{10, 20}, s.order(), "both have begun")
		s.let(20)
		require.ErrorIs(t, g.Wait(), errJob)
		s.letAll()
		require.Equal(t, []int{13}, s.order()[2:])
	})
}
