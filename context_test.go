package remuda_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

type key string

// ways is every way by which a context of the caller's reaches a run that
// belongs to the caller.
var ways = map[string]struct {
	cfg  remuda.Config
	call func(ctx context.Context, p *remuda.Pool[int, int], n int) (int, error)
}{
	"Do": {remuda.Config{}, func(ctx context.Context, p *remuda.Pool[int, int], n int) (int, error) {
		return p.Do(ctx, n)
	}},
	"Do inline": {remuda.Config{Inline: true}, func(ctx context.Context, p *remuda.Pool[int, int], n int) (int, error) {
		return p.Do(ctx, n)
	}},
	"Submit": {remuda.Config{}, func(ctx context.Context, p *remuda.Pool[int, int], n int) (int, error) {
		ticket, err := p.Submit(ctx, n)
		if err != nil {
			return 0, err
		}
		return ticket.Wait(bg)
	}},
	"Map": {remuda.Config{}, func(ctx context.Context, p *remuda.Pool[int, int], n int) (out int, err error) {
		for out, err = range p.Map(ctx, func(yield func(int) bool) { yield(n) }) {
		}
		return out, err
	}},
	"Stream": {remuda.Config{}, func(ctx context.Context, p *remuda.Pool[int, int], n int) (out int, err error) {
		for r := range p.Stream(ctx, func(yield func(int) bool) { yield(n) }) {
			out, err = r.Out, r.Err
		}
		return out, err
	}},
	"DoAll": {remuda.Config{}, func(ctx context.Context, p *remuda.Pool[int, int], n int) (int, error) {
		outs, err := p.DoAll(ctx, []int{n})
		return outs[0], err
	}},
}

// Rule 8: the context of a run has the caller's values and deadline.
func TestRunHasTheCallersValuesAndDeadline(t *testing.T) {
	for name, way := range ways {
		bubble(t, name, func(t *testing.T) {
			deadline := time.Now().Add(time.Hour)
			var ran bool
			p := startPool(t, way.cfg, func(ctx context.Context, n int) (int, error) {
				ran = true
				assert.Equal(t, "hers", ctx.Value(key("whose")))
				assert.Nil(t, ctx.Value(key("else")))
				got, ok := ctx.Deadline()
				assert.True(t, ok)
				assert.Equal(t, deadline, got)
				assert.NoError(t, ctx.Err())

				// What is derived from it behaves like what it is derived from.
				ctx, cancel := context.WithCancel(context.WithValue(ctx, key("else"), "mine"))
				defer cancel()
				assert.Equal(t, "hers", ctx.Value(key("whose")))
				assert.Equal(t, "mine", ctx.Value(key("else")))
				assert.NoError(t, ctx.Err())
				cancel()
				assert.ErrorIs(t, ctx.Err(), context.Canceled)
				assert.NotEmpty(t, fmt.Sprint(ctx))
				return n, nil
			})
			ctx, cancel := context.WithDeadline(context.WithValue(bg, key("whose"), "hers"), deadline)
			defer cancel()
			out, err := way.call(ctx, p, 7)
			require.NoError(t, err)
			require.Equal(t, 7, out)
			require.True(t, ran)
			require.NoError(t, ctx.Err())
		})
	}
}

// witnesses are ways by which a job learns that its context has ended. Each
// waits for that and returns the cause.
var witnesses = map[string]func(ctx context.Context) error{
	"Done": func(ctx context.Context) error {
		<-ctx.Done()
		return context.Cause(ctx)
	},
	"Err": func(ctx context.Context) error {
		for ctx.Err() == nil {
			time.Sleep(time.Second)
		}
		return context.Cause(ctx)
	},
	"Cause": func(ctx context.Context) error {
		for context.Cause(ctx) == nil {
			time.Sleep(time.Second)
		}
		return context.Cause(ctx)
	},
	"AfterFunc": func(ctx context.Context) error {
		done := make(chan struct{})
		context.AfterFunc(ctx, func() { close(done) })
		<-done
		return context.Cause(ctx)
	},
	"a derived context": func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(context.WithValue(ctx, key("a"), 1), 10*time.Hour)
		defer cancel()
		<-ctx.Done()
		return context.Cause(ctx)
	},
	"many goroutines": func(ctx context.Context) error {
		causes := make(chan error)
		for range 5 {
			go func() {
				<-ctx.Done()
				causes <- context.Cause(ctx)
			}()
		}
		first := <-causes
		for range 4 {
			if err := <-causes; err != first {
				return fmt.Errorf("%w, but also %w", first, err)
			}
		}
		return first
	},
}

// Rule 2: a run belongs to its caller. The caller's context cancels it, with the
// caller's cause, and so does a Close whose own context ran out, with
// ErrPoolClosed; nothing else does.
func TestRunIsCancelledByItsOwner(t *testing.T) {
	enough := errors.New("enough")
	for name, way := range ways {
		for by, witness := range witnesses {
			start := func(t *testing.T) (p *remuda.Pool[int, int], cancel context.CancelCauseFunc, cause *error) {
				cause = new(error)
				p = startPool(t, way.cfg, func(ctx context.Context, n int) (int, error) {
					*cause = witness(ctx)
					assert.ErrorIs(t, ctx.Err(), context.Canceled)
					return n, nil
				})
				ctx, cancel := context.WithCancelCause(bg)
				t.Cleanup(func() { cancel(nil) })
				asyncErr(func() error { _, err := way.call(ctx, p, 1); return err })
				require.Equal(t, 1, p.Stats().Running)
				return p, cancel, cause
			}
			bubble(t, fmt.Sprintf("%s, the caller, seen by %s", name, by), func(t *testing.T) {
				p, cancel, cause := start(t)
				time.Sleep(time.Hour)
				require.Equal(t, 1, p.Stats().Running)
				cancel(enough)
				time.Sleep(time.Second)
				synctest.Wait()
				require.Zero(t, p.Stats().Running)
				require.Equal(t, enough, *cause)
				require.NoError(t, p.Close(bg))
			})
			bubble(t, fmt.Sprintf("%s, Close, seen by %s", name, by), func(t *testing.T) {
				p, _, cause := start(t)
				require.NoError(t, p.Less())
				time.Sleep(time.Hour)
				require.Equal(t, 1, p.Stats().Running, "Less lets it go on")
				require.ErrorIs(t, p.CloseWithTimeout(time.Hour), context.DeadlineExceeded)
				<-p.Done()
				require.ErrorIs(t, *cause, remuda.ErrPoolClosed)
			})
		}
	}
}

// A run that nobody waits for belongs to nobody: what Send hands over keeps the
// caller's values and nothing else of its context, since the caller moves on.
func TestSentRunKeepsTheCallersValuesAlone(t *testing.T) {
	for by, witness := range witnesses {
		bubble(t, by, func(t *testing.T) {
			var cause error
			p := startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
				assert.Equal(t, "hers", ctx.Value(key("whose")))
				_, ok := ctx.Deadline()
				assert.False(t, ok)
				assert.NoError(t, ctx.Err())
				cause = witness(ctx)
				return n, nil
			})
			ctx, cancel := context.WithTimeout(context.WithValue(bg, key("whose"), "hers"), time.Second)
			require.NoError(t, p.Send(ctx, 1))
			time.Sleep(time.Hour)
			cancel()
			synctest.Wait()
			require.Error(t, ctx.Err())
			require.Equal(t, 1, p.Stats().Running, "it goes on")
			require.ErrorIs(t, p.CloseWithTimeout(time.Hour), context.DeadlineExceeded)
			<-p.Done()
			require.ErrorIs(t, cause, remuda.ErrPoolClosed)
		})
	}
}

// So does what comes with an empty context, however it comes.
func TestRunWithAnEmptyContextEndsWithThePool(t *testing.T) {
	for by, witness := range witnesses {
		for name, handOver := range map[string]func(p *remuda.Pool[int, int]){
			"TrySend":   func(p *remuda.Pool[int, int]) { _ = p.TrySend(bg, 1) },
			"Send":      func(p *remuda.Pool[int, int]) { _ = p.Send(context.TODO(), 1) },
			"Submit":    func(p *remuda.Pool[int, int]) { _, _ = p.Submit(bg, 1) },
			"Do inline": func(p *remuda.Pool[int, int]) { _, _ = p.Do(bg, 1) },
			"Map": func(p *remuda.Pool[int, int]) {
				for range p.Map(bg, counted(1)) {
				}
			},
		} {
			bubble(t, name+", seen by "+by, func(t *testing.T) {
				var cause error
				p := startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
					_, ok := ctx.Deadline()
					assert.False(t, ok)
					cause = witness(ctx)
					return n, nil
				})
				asyncErr(func() error { handOver(p); return nil })
				require.ErrorIs(t, p.CloseWithTimeout(time.Hour), context.DeadlineExceeded)
				<-p.Done()
				require.ErrorIs(t, cause, remuda.ErrPoolClosed)
			})
		}
	}
}

// A job that looks at its context for the first time after the pool has cancelled
// it sees that at once, wherever it looks.
func TestContextFirstAskedWhenItHasEnded(t *testing.T) {
	for name, ask := range map[string]func(t *testing.T, ctx context.Context){
		"Err":   func(t *testing.T, ctx context.Context) { assert.Equal(t, context.Canceled, ctx.Err()) },
		"Cause": func(t *testing.T, ctx context.Context) { assert.Equal(t, remuda.ErrPoolClosed, context.Cause(ctx)) },
		"Value": func(t *testing.T, ctx context.Context) { assert.Equal(t, "hers", ctx.Value(key("whose"))) },
		"Done": func(t *testing.T, ctx context.Context) {
			select {
			case <-ctx.Done():
			default:
				t.Error("Done is open")
			}
		},
		"a derived context": func(t *testing.T, ctx context.Context) {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			assert.ErrorIs(t, context.Cause(ctx), remuda.ErrPoolClosed)
		},
	} {
		bubble(t, name, func(t *testing.T) {
			s := &stage{deaf: true}
			p := startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
				_, _ = s.Do(ctx, n)
				ask(t, ctx)
				assert.ErrorIs(t, context.Cause(ctx), remuda.ErrPoolClosed)
				return 0, nil
			})
			ctx, cancel := context.WithCancel(context.WithValue(bg, key("whose"), "hers"))
			defer cancel()
			do := async(func() (int, error) { return p.Do(ctx, 1) })
			require.Error(t, p.CloseWithTimeout(time.Second))
			s.letAll() // only now it looks
			_, err := do.wait()
			require.NoError(t, err)
		})
	}
}

// A lazyContext counts how often it is asked for its end.
type lazyContext struct {
	context.Context
	asked atomic.Int32
}

func (c *lazyContext) Done() <-chan struct{} {
	c.asked.Add(1)
	return c.Context.Done()
}

// Rule 8: what a job does not ask for costs nothing. Its context is tied to the
// pool's and to the caller's when it first asks for the end, and is untied from
// both when the run has ended.
func TestContextsAreMergedOnDemand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ask := false
		p := startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
			assert.NoError(t, ctx.Err())
			assert.Nil(t, ctx.Value(key("none")))
			if ask {
				end := ctx.Done()
				assert.NotNil(t, end)
				assert.Equal(t, end, ctx.Done())
			}
			return n, nil
		})
		parent, cancel := ending(t)
		ctx := &lazyContext{Context: parent} // package context watches such a one with a goroutine
		for range 3 {
			ticket, err := p.Submit(ctx, 1)
			require.NoError(t, err)
			_, err = ticket.Wait(bg)
			require.NoError(t, err)
		}
		require.Zero(t, ctx.asked.Load(), "nobody has asked")

		ask = true
		ticket, err := p.Submit(ctx, 1)
		require.NoError(t, err)
		_, err = ticket.Wait(bg)
		require.NoError(t, err)
		require.Positive(t, ctx.asked.Load())
		require.Len(t, goroutines(), 1, "nobody watches the context of a run that has ended")
		cancel()
	})
}

// A job may keep what it got, for something that outlives it. Then its context
// has ended, and it never shows the values of another run.
func TestContextKeptAfterTheRun(t *testing.T) {
	for name, way := range ways {
		bubble(t, name, func(t *testing.T) {
			var kept []context.Context
			p := startPool(t, way.cfg, func(ctx context.Context, n int) (int, error) {
				kept = append(kept, ctx, context.WithoutCancel(ctx))
				if n%2 == 0 {
					ctx.Done()
				}
				return n, nil
			})
			for i := range 6 {
				ctx, cancel := context.WithCancel(context.WithValue(bg, key("whose"), i))
				_, err := way.call(ctx, p, i)
				require.NoError(t, err)
				_, err = p.Do(bg, 100+i)
				require.NoError(t, err)
				defer cancel()
			}
			for i := range 6 {
				ended, alive := kept[4*i], kept[4*i+1]
				assert.Equal(t, i, ended.Value(key("whose")))
				assert.Equal(t, i, alive.Value(key("whose")))
				assert.ErrorIs(t, ended.Err(), context.Canceled)
				<-ended.Done()
				assert.NoError(t, alive.Err())
				sub, cancel := context.WithCancel(ended)
				assert.Error(t, sub.Err(), "what is derived from it has ended, too")
				cancel()
				sub, cancel = context.WithCancel(alive)
				assert.NoError(t, sub.Err())
				cancel()

				empty := kept[4*i+3]
				assert.Nil(t, empty.Value(key("whose")), "of an empty context there is nothing to see")
			}
		})
	}

	bubble(t, "Send", func(t *testing.T) {
		var kept []context.Context
		p := startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
			kept = append(kept, context.WithoutCancel(ctx))
			return n, nil
		})
		for i := range 6 {
			require.NoError(t, p.Send(context.WithValue(bg, key("whose"), i), i))
			require.NoError(t, p.TrySend(bg, i))
		}
		synctest.Wait()
		for i := range 6 {
			assert.Equal(t, i, kept[2*i].Value(key("whose")))
			assert.Nil(t, kept[2*i+1].Value(key("whose")))
		}
	})
}

// The pool's end ends what hangs on it: nothing is left to wait for it.
func TestContextOfAPoolThatHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept context.Context
		p := startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
			kept = ctx
			return n, nil
		})
		_, err := p.Do(bg, 1)
		require.NoError(t, err)
		require.NoError(t, kept.Err(), "it is the worker's own")
		require.NoError(t, p.Close(bg))
		<-kept.Done()
		require.ErrorIs(t, context.Cause(kept), remuda.ErrPoolClosed)
	})
}

// A run that is over leaves nothing of its caller's with the pool, whatever it
// has asked of its context.
func TestRunThatIsOverIsForgotten(t *testing.T) {
	type load struct{ _ [1 << 10]byte }
	for name, way := range ways {
		bubble(t, name, func(t *testing.T) {
			p := startPool(t, way.cfg, func(ctx context.Context, n int) (int, error) {
				ctx.Done()
				return n, ctx.Err()
			})
			ref := func() weak.Pointer[load] {
				hers := &load{}
				ctx, cancel := context.WithCancel(context.WithValue(bg, key("whose"), hers))
				defer cancel()
				_, err := way.call(ctx, p, 1)
				require.NoError(t, err)
				return weak.Make(hers)
			}()
			synctest.Wait()
			runtime.GC()
			runtime.GC()
			require.Nil(t, ref.Value())
			runtime.KeepAlive(p)
		})
	}
}

// Two goroutines of a job that ask for its context's end for the first time, at
// the same time, get the same answer, and nothing is left of the other one.
func TestContextThatIsFirstAskedTwiceAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parent, cancel := ending(t)
		ctx := &watchedContext{Context: parent}
		p := startPool(t, remuda.Config{}, func(run context.Context, n int) (int, error) {
			var second <-chan struct{}
			ctx.watched = func() { second = run.Done() } // while the first one is on its way
			require.Equal(t, run.Done(), second)
			require.EqualValues(t, 1, ctx.watchers.Load())
			return n, run.Err()
		})
		ticket, err := p.Submit(ctx, 1)
		require.NoError(t, err)
		_, err = ticket.Wait(bg)
		require.NoError(t, err)
		require.Zero(t, ctx.watchers.Load())
		cancel()
	})
}

// A watchedContext knows how many wait for its end.
type watchedContext struct {
	context.Context
	watched  func() // called when the next one begins to
	watchers atomic.Int32
}

// Value hides the parent from package context, which then calls AfterFunc.
func (c *watchedContext) Value(any) any { return nil }

func (c *watchedContext) AfterFunc(f func()) (stop func() bool) {
	if watched := c.watched; watched != nil {
		c.watched = nil
		watched()
	}
	c.watchers.Add(1)
	end := context.AfterFunc(c.Context, f)
	return func() bool {
		c.watchers.Add(-1)
		return end()
	}
}

// A context that never ends may carry values all the same.
func TestInlineRunHasTheValuesOfAnEndlessContext(t *testing.T) {
	p := startPool(t, remuda.Config{}, func(ctx context.Context, _ int) (string, error) {
		whose, _ := ctx.Value(key("whose")).(string)
		return whose, nil
	})
	for _, want := range []string{"hers", "his"} {
		whose, err := p.Do(context.WithValue(bg, key("whose"), want), 1)
		require.NoError(t, err)
		require.Equal(t, want, whose)
		whose, err = p.Do(bg, 1)
		require.NoError(t, err)
		require.Empty(t, whose, "another caller's")
	}
}
