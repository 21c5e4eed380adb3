package remuda_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

var errBroken = errors.New("broken")

// fails is a job that fails in the way that its input names.
func fails(ctx context.Context, n int) (int, error) {
	switch n {
	case 1:
		return 0, errBroken
	case 2:
		panicsInsideTheJob("value")
	case 3:
		panicsInsideTheJob(errBroken)
	case 4:
		var missing map[int]int
		//lint:ignore SA5000 a job may do so
		missing[n] = n
	case 5:
		runtime.Goexit()
	case 6:
		panic(nil) // a job may do so
	}
	return 2 * n, nil
}

func panicsInsideTheJob(v any) { panic(v) }

// A job that panics fails with a *PanicError: what it panicked with, and its own
// stack. The worker survives.
func TestPanicOfAJob(t *testing.T) {
	for name, way := range ways {
		for layers := range 3 {
			bubble(t, fmt.Sprintf("%s, %d middlewares", name, layers), func(t *testing.T) {
				var mws []remuda.Middleware
				seen := 0
				for range layers {
					mws = append(mws, remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
						return func(ctx context.Context) error {
							err := next(ctx)
							if panicked, ok := errors.AsType[*remuda.PanicError](err); ok {
								seen++
								assert.Contains(t, string(panicked.Stack), "panicsInsideTheJob")
							}
							return err
						}
					}))
				}
				p := startPool(t, way.cfg, fails, mws...)
				ctx, _ := ending(t)

				_, err := way.call(ctx, p, 2)
				var panicked *remuda.PanicError
				require.ErrorAs(t, err, &panicked)
				require.Equal(t, "value", panicked.Value)
				require.Contains(t, string(panicked.Stack), "panicsInsideTheJob", "the job's own stack")
				require.Regexp(t, `^remuda: job panicked: value \(remuda_test\.panicsInsideTheJob, panic_test\.go:\d+\)$`, panicked.Error())
				require.NoError(t, panicked.Unwrap())
				require.Equal(t, layers, seen, "middleware sees it as an error")

				_, err = way.call(ctx, p, 3)
				require.ErrorIs(t, err, errBroken, "an error shows through")
				var broken runtime.Error
				if layers == 0 {
					_, err = way.call(ctx, p, 4)
					require.ErrorAs(t, err, &broken)
					_, err = way.call(ctx, p, 6)
					require.ErrorAs(t, err, &panicked)
				}

				out, err := way.call(ctx, p, 21)
				require.NoError(t, err)
				require.Equal(t, 42, out)
				stats := p.Stats()
				require.EqualValues(t, 1, stats.Succeeded)
				require.Equal(t, stats.Failed, stats.Panicked)
				require.LessOrEqual(t, len(goroutines()), 1, "it is still the one worker")
			})
		}
	}

	bubble(t, "that was only sent", func(t *testing.T) {
		p := startPool(t, remuda.Config{}, fails)
		for n := range 7 {
			require.NoError(t, p.Send(bg, n))
		}
		synctest.Wait()
		require.EqualValues(t, 1, p.Stats().Succeeded)
		require.EqualValues(t, 6, p.Stats().Failed)
		require.EqualValues(t, 4, p.Stats().Panicked)
	})
}

// A panic in a middleware is caught at the outside, as the outcome of the run.
func TestPanicOfAMiddleware(t *testing.T) {
	for name, way := range ways {
		bubble(t, name, func(t *testing.T) {
			outer := 0
			p := startPool(t, way.cfg, double,
				remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
					return func(ctx context.Context) error {
						defer func() { outer++ }()
						return next(ctx)
					}
				}),
				remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
					return func(ctx context.Context) error {
						if err := next(ctx); err != nil {
							return err
						}
						panicsInsideTheJob("after the job")
						return nil
					}
				}))
			ctx, _ := ending(t)
			for i := range 3 {
				out, err := way.call(ctx, p, 1)
				var panicked *remuda.PanicError
				require.ErrorAs(t, err, &panicked)
				require.Equal(t, "after the job", panicked.Value)
				require.Contains(t, string(panicked.Stack), "panicsInsideTheJob")
				require.Contains(t, []int{0, 2}, out)
				require.Equal(t, i+1, outer, "what is deferred has run")
			}
			require.EqualValues(t, 3, p.Stats().Panicked)
			require.LessOrEqual(t, len(goroutines()), 1)
		})
	}
}

// A panic with a *PanicError, of a job that passes on what it got, keeps the
// first stack.
func TestPanicPassedOn(t *testing.T) {
	p := startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
		defer func() {
			if v := recover(); v != nil {
				panic(&remuda.PanicError{Value: v, Stack: []byte("the first stack")})
			}
		}()
		return fails(ctx, n)
	})
	_, err := p.Do(bg, 2)
	var panicked *remuda.PanicError
	require.ErrorAs(t, err, &panicked)
	require.Equal(t, "value", panicked.Value)
	require.Equal(t, "the first stack", string(panicked.Stack))
}

// runtime.Goexit in a job, which is what testing.T.FailNow calls, costs the pool
// nothing. The ticket and the loop get ErrGoexit; Do, which is a call, ends the
// goroutine of its caller as a direct call would have done.
func TestGoexitOfAJob(t *testing.T) {
	for name, way := range ways {
		for layers := range 2 {
			bubble(t, fmt.Sprintf("%s, %d middlewares", name, layers), func(t *testing.T) {
				deferred, after := 0, 0
				var mws []remuda.Middleware
				if layers > 0 {
					mws = append(mws, remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
						return func(ctx context.Context) error {
							defer func() { deferred++ }()
							err := next(ctx)
							after++
							return err
						}
					}))
				}
				p := startPool(t, way.cfg, fails, mws...)
				ctx, _ := ending(t)
				for i := range 3 {
					survived := false
					do := async(func() (int, error) {
						out, err := way.call(ctx, p, 5)
						survived = true
						return out, err
					})
					require.True(t, do.returned())
					switch name {
					case "Do", "Do inline":
						require.False(t, survived)
					default:
						require.True(t, survived)
						require.ErrorIs(t, do.err, remuda.ErrGoexit)
					}
					require.EqualValues(t, i+1, p.Stats().Failed)
					require.Zero(t, p.Stats().Panicked)
					require.Equal(t, (2*i+1)*layers, deferred, "what is deferred in middleware runs")
					require.Equal(t, i*layers, after, "what comes after does not")

					out, err := way.call(ctx, p, 21)
					require.NoError(t, err)
					require.Equal(t, 42, out)
				}
				require.LessOrEqual(t, len(goroutines()), 1, "one worker, as before")
				require.Equal(t, 1, p.Current())
			})
		}
	}

	bubble(t, "that was only sent", func(t *testing.T) {
		p := startPool(t, remuda.Config{}, fails)
		for range 10 {
			require.NoError(t, p.Send(bg, 5))
		}
		require.NoError(t, p.Close(bg))
		require.EqualValues(t, 10, p.Stats().Failed)
	})

	bubble(t, "reaches the caller through nested calls", func(t *testing.T) {
		var p *remuda.Pool[int, int]
		p = startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
			if n > 5 {
				return p.Do(ctx, n-1)
			}
			return fails(ctx, n)
		})
		ctx, _ := ending(t)
		survived := false
		do := async(func() (int, error) {
			out, err := p.Do(ctx, 8)
			survived = true
			return out, err
		})
		require.True(t, do.returned())
		require.False(t, survived)
		require.EqualValues(t, 4, p.Stats().Failed)
		out, err := p.Do(ctx, 0)
		require.NoError(t, err)
		require.Zero(t, out)
	})
}

// ErrGoexit that a job just returns, from a ticket of its own for instance, is
// an error like any other, whatever happened to its worker before.
func TestErrGoexitThatIsReturned(t *testing.T) {
	forms := map[string]func(ctx context.Context, p *remuda.Pool[int, int]){
		"nothing": func(context.Context, *remuda.Pool[int, int]) {},
		"Send":    func(_ context.Context, p *remuda.Pool[int, int]) { _ = p.Send(bg, 5) },
		"Send with values": func(ctx context.Context, p *remuda.Pool[int, int]) {
			_ = p.Send(ctx, 5)
		},
		"Submit": func(ctx context.Context, p *remuda.Pool[int, int]) { _, _ = p.Submit(ctx, 5) },
		"Map": func(ctx context.Context, p *remuda.Pool[int, int]) {
			for range p.Map(ctx, func(yield func(int) bool) { yield(5) }) {
			}
		},
	}
	for name, before := range forms {
		bubble(t, "after "+name, func(t *testing.T) {
			p := startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
				if n == 0 {
					return 0, remuda.ErrGoexit
				}
				return fails(ctx, n)
			})
			ctx, _ := ending(t)
			before(ctx, p)
			synctest.Wait()
			survived := false
			do := async(func() (int, error) {
				_, err := p.Do(ctx, 0)
				survived = true
				return 0, err
			})
			require.True(t, do.returned())
			require.True(t, survived)
			require.ErrorIs(t, do.err, remuda.ErrGoexit)
		})
	}
}

// A job that ends its goroutine in a pool that is fed by a source is replaced,
// too.
func TestFailuresInASourceFedPool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ch := make(chan int, 100)
		p := startFrom(t, remuda.FromChan(ch), remuda.Config{Initial: 2}, fails)
		for i := range 70 {
			ch <- i % 7
		}
		synctest.Wait()
		require.EqualValues(t, 10, p.Stats().Succeeded)
		require.EqualValues(t, 60, p.Stats().Failed)
		require.EqualValues(t, 40, p.Stats().Panicked)
		require.Len(t, goroutines(), 2)
		close(ch)
	})
}

// A job that panics on its caller's goroutine leaves nothing with the worker.
func TestInlineRunThatPanicsIsForgotten(t *testing.T) {
	type load struct{ _ [1 << 16]byte }
	p := startPool(t, remuda.Config{}, func(context.Context, *load) (int, error) { panic(errWork) })
	ref := func() weak.Pointer[load] {
		in := &load{}
		_, err := p.Do(bg, in)
		require.ErrorIs(t, err, errWork)
		return weak.Make(in)
	}()
	runtime.GC()
	runtime.GC()
	require.Nil(t, ref.Value())
	require.EqualValues(t, 1, p.Stats().Panicked)
}
