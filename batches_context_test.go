package remuda_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// The context of a batch ends when all callers have gone, and not before, whether the
// function asks for Done or for Err.
func TestBatchContextEndsWithItsCallers(t *testing.T) {
	for _, ask := range []string{"Done", "Err", "Done of a child"} {
		t.Run(ask, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cause := errors.New("the last to go")
				ended := make(chan time.Time, 1)
				pool, err := remuda.StartBatches(1, 4, time.Second, func(ctx context.Context, ins []int) ([]int, error) {
					require.Len(t, ins, 4)
					switch ask {
					case "Err":
						for ctx.Err() == nil {
							time.Sleep(time.Second)
						}
					case "Done":
						<-ctx.Done()
					case "Done of a child":
						child, cancel := context.WithTimeout(ctx, time.Hour)
						defer cancel()
						<-child.Done()
						require.ErrorIs(t, context.Cause(child), cause)
					}
					ended <- time.Now()
					require.Equal(t, context.Canceled, ctx.Err())
					if ask != "Err" {
						require.ErrorIs(t, context.Cause(ctx), cause)
					}
					return nil, ctx.Err()
				})
				require.NoError(t, err)
				first, leave := context.WithCancel(bg)
				second, leaveToo := context.WithTimeout(bg, 20*time.Second)
				defer leaveToo()
				last, leaveLast := context.WithCancelCause(bg)
				var wg sync.WaitGroup
				wg.Go(func() {
					_, err := pool.Do(last, 0)
					require.ErrorIs(t, err, context.Canceled)
				})
				synctest.Wait()
				_, err = pool.Submit(first, 1)
				require.NoError(t, err)
				_, err = pool.Submit(first, 2)
				require.NoError(t, err)
				ticket, err := pool.Submit(second, 3)
				require.NoError(t, err)
				time.Sleep(10 * time.Second)
				leave()
				time.Sleep(20 * time.Second)
				require.Empty(t, ended)
				left := time.Now()
				leaveLast(cause)
				require.WithinDuration(t, left, <-ended, time.Second)
				wg.Wait()
				_, err = ticket.Wait(bg)
				require.ErrorIs(t, err, context.Canceled)
				require.NoError(t, pool.Close(bg))
			})
		})
	}
}

type pressKey struct{}

// As long as there is an input that nobody can take back, it does not end.
func TestBatchContextOfAnInputThatStays(t *testing.T) {
	for name, hand := range map[string]func(pool *remuda.Pool[int, string]){
		"Send":             func(pool *remuda.Pool[int, string]) { _ = pool.Send(bg, 1) },
		"Send with values": func(pool *remuda.Pool[int, string]) { _ = pool.Send(context.WithValue(bg, pressKey{}, 1), 1) },
		"Submit forever":   func(pool *remuda.Pool[int, string]) { _, _ = pool.Submit(bg, 1) },
		"Do with values":   func(pool *remuda.Pool[int, string]) { _, _ = pool.Do(context.WithValue(bg, pressKey{}, 1), 1) },
	} {
		t.Run(name, func(t *testing.T) {
			withPress(t, workers(1), 2, time.Second, func(t *testing.T, p *press, pool *remuda.Pool[int, string]) {
				p.takes = time.Minute
				p.fails = func(ctx context.Context, _ []int) error {
					require.Nil(t, ctx.Value(pressKey{}), "the values are nobody's")
					_, ends := ctx.Deadline()
					require.False(t, ends)
					return ctx.Err()
				}
				ctx, cancel := context.WithCancel(bg)
				ticket, err := pool.Submit(ctx, 0)
				require.NoError(t, err)
				go hand(pool)
				synctest.Wait()
				cancel()
				out, err := ticket.Wait(bg)
				require.NoError(t, err, "it was done for the other")
				require.Equal(t, "0", out)
			})
		})
	}
}

// The context ends with the run, and with a pool that gives up.
func TestBatchContextEndsWithTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept []context.Context
		pool, err := remuda.StartBatches(1, 2, time.Second, func(ctx context.Context, ins []int) ([]int, error) {
			if ins[0]%2 == 0 {
				_ = ctx.Done()
			}
			kept = append(kept, ctx)
			return ins, ctx.Err()
		})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(bg)
		for i := range 4 {
			if i == 2 {
				ctx = bg
			}
			_, err := pool.Do(ctx, i)
			require.NoError(t, err)
		}
		for _, ctx := range kept {
			require.Equal(t, context.Canceled, ctx.Err())
			<-ctx.Done()
		}
		cancel()
		require.NoError(t, pool.Close(bg))
	})
}

// A run of a batch does not leave anything in the contexts of its callers.
func TestBatchContextLeavesNothing(t *testing.T) {
	withPress(t, workers(2), 5, time.Second, func(t *testing.T, p *press, pool *remuda.Pool[int, string]) {
		p.takes = time.Minute
		pl := &play{}
		var tickets []*remuda.Ticket[string]
		for i := range 4 {
			pl.renew(i)
			ticket, err := pool.Submit(pl.ctxs[i], i)
			require.NoError(t, err)
			tickets = append(tickets, ticket)
		}
		time.Sleep(10 * time.Second)
		pl.cancels[0]()
		pl.cancels[1]()
		synctest.Wait()
		require.Positive(t, pl.hooks.Load())
		for _, ticket := range tickets {
			_, err := ticket.Wait(bg)
			require.NoError(t, err)
		}
		synctest.Wait() // a ticket lets go of its context just after its outcome is there
		require.Zero(t, pl.hooks.Load())
		for _, cancel := range pl.cancels {
			cancel()
		}
	})
}

// An input whose caller goes before its batch begins is not in it, and the caller knows
// at once.
func TestBatchWithoutThoseWhoHaveGone(t *testing.T) {
	withPress(t, workers(1), 6, time.Minute, func(t *testing.T, p *press, pool *remuda.Pool[int, string]) {
		began := time.Now()
		ctx, cancel := context.WithCancel(bg)
		var wg sync.WaitGroup
		gone := func(err error) {
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, time.Second, time.Since(began))
		}
		sendInts(t, pool, 0)
		wg.Go(func() {
			_, err := pool.Do(ctx, 1)
			gone(err)
		})
		wg.Go(func() {
			ticket, err := pool.Submit(ctx, 2)
			require.NoError(t, err)
			_, err = ticket.Wait(bg)
			gone(err)
		})
		wg.Go(func() {
			g := pool.Group(ctx)
			require.NoError(t, g.Send(3))
			gone(g.Wait())
		})
		wg.Go(func() {
			for _, err := range pool.Map(ctx, func(yield func(int) bool) { yield(4); <-ctx.Done() }) {
				gone(err)
			}
		})
		synctest.Wait()
		require.Equal(t, 4, pool.Stats().Queued, "that of Map is not accepted yet")
		time.Sleep(time.Second)
		cancel()
		wg.Wait()
		require.Equal(t, 1, pool.Stats().Queued)
		sendInts(t, pool, 5)
		time.Sleep(59 * time.Second)
		require.Equal(t, [][]int{{0, 5}}, p.batches())
	})
}

// A loop that is left early takes its inputs out of the queue at once, and waits for
// the batch that has begun; that goes on if others have inputs in it.
func TestBatchOfALoopThatIsLeft(t *testing.T) {
	for _, shared := range []bool{false, true} {
		withPress(t, workers(1), 3, time.Hour, func(t *testing.T, p *press, pool *remuda.Pool[int, string]) {
			p.takes = time.Minute
			var ticket *remuda.Ticket[string]
			var err error
			if shared {
				ticket, err = pool.Submit(bg, 7)
				require.NoError(t, err)
			}
			began := time.Now()
			p.fails = func(_ context.Context, ins []int) error { return nil }
			ctx, cancel := context.WithCancel(bg)
			time.AfterFunc(90*time.Second, cancel)
			n := 0
			for _, err := range pool.Map(ctx, slices.Values(upTo(6))) {
				if n++; err != nil {
					require.ErrorIs(t, err, context.Canceled)
				}
			}
			if shared { // 7 0 1, 2 3 4, 5
				require.Equal(t, 90*time.Second, time.Since(began))
				_, err := ticket.Wait(bg)
				require.NoError(t, err)
			} else {
				require.Equal(t, 90*time.Second, time.Since(began))
			}
			require.Len(t, p.batches(), 2)

			// A loop with inputs beside another's.
			began = time.Now()
			ticket, err = pool.Submit(bg, 8)
			require.NoError(t, err)
			for range pool.Stream(bg, sequence(0, 1, 0)) {
				break
			}
			require.Equal(t, time.Minute, time.Since(began))
			out, err := ticket.Wait(bg)
			require.NoError(t, err)
			require.Equal(t, "8", out)
			require.Equal(t, [][]int{{8, 0, 1}}, p.batches())
		})
	}
}

// What is left of a loop after its batch began to gather does not hold it up.
func TestBatchOfALoopThatIsLeftWhileItGathers(t *testing.T) {
	withPress(t, workers(1), 3, time.Hour, func(t *testing.T, p *press, pool *remuda.Pool[int, string]) {
		began := time.Now()
		ctx, cancel := context.WithTimeout(bg, time.Minute)
		defer cancel()
		var errs []error
		for _, err := range pool.Map(ctx, sequence(0, 1, 0)) { // hurried; then two more
			errs = append(errs, err)
		}
		require.Equal(t, []error{nil, nil}, errs)
		errs = nil
		for _, err := range pool.Map(ctx, func(yield func(int) bool) {
			_ = yield(1) && yield(2)
			<-ctx.Done()
		}) {
			errs = append(errs, err)
		}
		require.Len(t, errs, 1)
		require.ErrorIs(t, errs[0], remuda.ErrCutShort)
		require.ErrorIs(t, errs[0], context.DeadlineExceeded)
		require.Equal(t, time.Minute, time.Since(began))
		require.Equal(t, [][]int{{0, 1}}, p.batches())
	})
}

// Calls from inside a batch give up its slot, so they do not wait for themselves; what
// they hand over goes into a later batch.
func TestBatchThatCallsItsPool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pool *remuda.Pool[int, int]
		var err error
		pool, err = remuda.StartBatchesWithConfig(remuda.Config{Queue: 4}, 3, time.Second, func(ctx context.Context, ins []int) ([]int, error) {
			outs := slices.Clone(ins)
			switch ins[0] % 10 {
			case 1:
				out, err := pool.Do(ctx, ins[0]-1)
				outs[0] += out
				return outs, err
			case 2:
				below, err := pool.DoAll(ctx, []int{ins[0] - 1, ins[0] - 1})
				outs[0] += below[0]
				return outs, err
			case 3:
				for i := range 6 {
					if err := pool.Send(ctx, 100*i); err != nil {
						return nil, err
					}
				}
			case 4:
				return outs, pool.Close(ctx)
			}
			time.Sleep(time.Second)
			return outs, nil
		})
		require.NoError(t, err)
		began := time.Now()
		out, err := pool.Do(bg, 2)
		require.NoError(t, err)
		require.Equal(t, 3, out)
		// 1 s for 2 to begin, at once for its two 1s, which then wait for a 0 that waits
		// and runs for 1 s each.
		require.Equal(t, 3*time.Second, time.Since(began))

		tickets := make([]*remuda.Ticket[int], 3)
		for i, in := range []int{11, 20, 30} {
			tickets[i], err = pool.Submit(bg, in)
			require.NoError(t, err)
		}
		synctest.Wait()
		s := pool.Stats()
		require.Equal(t, 3, s.Yielded, "inputs: %+v", s)
		require.Equal(t, 0, s.Running)
		require.Equal(t, 1, s.Queued)
		for _, ticket := range tickets {
			_, err := ticket.Wait(bg)
			require.NoError(t, err)
		}
		_, err = pool.Do(bg, 3)
		require.NoError(t, err)
		require.NoError(t, pool.Wait(bg))
		assertIdle(t, pool.Stats())
		_, err = pool.Do(bg, 4)
		require.NoError(t, err)
		<-pool.Done()
	})
}

// A run that wants its slot back comes before a batch that is gathered.
func TestBatchSlotComesBeforeGathering(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pool *remuda.Pool[int, int]
		var err error
		pool, err = remuda.StartBatches(1, 3, time.Hour, func(ctx context.Context, ins []int) ([]int, error) {
			if ins[0] == 1 {
				ctx, cancel := context.WithTimeout(ctx, time.Second)
				defer cancel()
				_, err := pool.Do(ctx, 10) // gathers for an hour, but for this
				return ins, err
			}
			return ins, nil
		})
		require.NoError(t, err)
		began := time.Now()
		ticket, err := pool.Submit(bg, 1)
		require.NoError(t, err)
		require.NoError(t, pool.Send(bg, 2))
		require.NoError(t, pool.Send(bg, 3))
		synctest.Wait()
		require.NoError(t, pool.Send(bg, 20)) // the other worker, which gathers, has the slot
		_, err = ticket.Wait(bg)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(began))
		require.Equal(t, 1, pool.Stats().Queued)
		require.NoError(t, pool.Close(bg))
	})
}

// Info is that of the batch.
func TestBatchInfo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &press{}
		var infos []remuda.Info
		var inputs []any
		pool, err := remuda.StartBatchesWithConfig(remuda.Config{Name: "mill"}, 3, time.Second, p.print, remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
			return func(ctx context.Context) error {
				info, ok := remuda.InfoFrom(ctx)
				require.True(t, ok)
				require.False(t, info.Entered())
				infos, inputs = append(infos, info), append(inputs, info.Input())
				require.Equal(t, time.Second, info.Queued(), "that of the first")
				return next(ctx)
			}
		}))
		require.NoError(t, err)
		for range 2 {
			sendInts(t, pool, 1)
			time.Sleep(time.Second / 2)
			sendInts(t, pool, 2)
			time.Sleep(time.Second / 2)
			synctest.Wait()
		}
		require.Equal(t, []any{[]int{1, 2}, []int{1, 2}}, inputs)
		require.Equal(t, "mill", infos[1].Pool)
		require.EqualValues(t, 2, infos[1].Run)
		require.Equal(t, 1, infos[1].Worker)
		require.NoError(t, pool.Close(bg))
	})
}
