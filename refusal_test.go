package remuda_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

// This file says what becomes of an input that a middleware refuses: it is
// dropped, since its job never ran. It has not failed.

var errRefused = errors.New("refused")

// refusing is a middleware that refuses inputs for which refuse returns true.
func refusing(refuse func(in int) bool) remuda.Middleware {
	return remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
		return func(ctx context.Context) error {
			info, _ := remuda.InfoFrom(ctx)
			if in, ok := info.Input().(int); ok && refuse(in) {
				return errRefused
			}
			return next(ctx)
		}
	})
}

func odd(in int) bool { return in%2 != 0 }

// counts asserts how many inputs have ended in which way.
func counts(t *testing.T, s remuda.Stats, succeeded, failed, dropped int) {
	t.Helper()
	require.Equal(t, [3]int{succeeded, failed, dropped}, [3]int{int(s.Succeeded), int(s.Failed), int(s.Dropped)}, "%+v", s)
	assertIdle(t, s)
}

// Whoever waits gets the middleware's error, whichever way he called; StopOnErrors
// overlooks it.
func TestRefusedInputIsDropped(t *testing.T) {
	for name, call := range map[string]func(ctx context.Context, p *remuda.Pool[int, int], in int) error{
		"Do":     nestedCalls["Do"],
		"Submit": nestedCalls["Submit and Wait"],
		"Map":    nestedCalls["Map"],
		"DoAll":  nestedCalls["DoAll"],
		"Stream": func(ctx context.Context, p *remuda.Pool[int, int], in int) (err error) {
			for r := range p.Stream(ctx, slices.Values([]int{in})) {
				err = r.Err
			}
			return err
		},
	} {
		for _, empty := range []bool{false, true} {
			for _, inline := range []bool{false, true} {
				bubble(t, fmt.Sprintf("%s, inline %v, empty context %v", name, inline, empty), func(t *testing.T) {
					ctx, _ := ending(t)
					if empty {
						ctx = bg
					}
					var ran atomic.Int32
					p := startPool(t, remuda.Config{StopOnErrors: true, Inline: inline}, func(_ context.Context, n int) (int, error) {
						assert.False(t, odd(n))
						ran.Add(1)
						return n, nil
					}, refusing(odd))
					var d drops
					p.OnDrop(d.tell)
					for i := range 10 {
						if err := call(ctx, p, i); odd(i) {
							require.ErrorIs(t, err, errRefused)
						} else {
							require.NoError(t, err)
						}
					}
					require.EqualValues(t, 5, ran.Load())
					require.Empty(t, d.told(), "the caller knows")
					synctest.Wait()
					counts(t, p.Stats(), 5, 0, 5)
					require.NoError(t, p.Err())
					require.Equal(t, 1, p.Current(), "it goes on")
				})
			}
		}
	}
}

// What was sent has nobody who waits: OnDrop is told, once, with the error.
func TestRefusedInputThatWasSent(t *testing.T) {
	type key struct{}
	for name, ctx := range map[string]context.Context{"empty context": bg, "context with a value": context.WithValue(bg, key{}, 1)} {
		for how, send := range map[string]func(p *remuda.Pool[int, int], in int) error{
			"Send":    func(p *remuda.Pool[int, int], in int) error { return p.Send(ctx, in) },
			"TrySend": func(p *remuda.Pool[int, int], in int) error { return p.TrySend(ctx, in) },
		} {
			for _, workers := range []int{1, 4} {
				bubble(t, fmt.Sprintf("%s, %s, %d workers", how, name, workers), func(t *testing.T) {
					p := startPool(t, remuda.Config{Initial: workers, StopOnErrors: true}, double, refusing(odd))
					var d drops
					p.OnDrop(func(in int, err error) {
						s := p.Stats()
						assert.Positive(t, s.Dropped, "counted before")
						assertBalanced(t, s)
						d.tell(in, err)
					})
					for i := range 100 {
						require.NoError(t, send(p, i))
					}
					synctest.Wait()
					told := d.told()
					slices.Sort(told)
					require.Len(t, told, 50)
					for i, in := range told {
						require.Equal(t, 2*i+1, in)
						require.Equal(t, errRefused, d.errs[i])
					}
					counts(t, p.Stats(), 50, 0, 50)
					require.NoError(t, p.Err())
				})
			}
		}
	}
}

// The function that is told of it may do anything: the worker goes on.
func TestOnDropThatMisbehavesForRefusedInputs(t *testing.T) {
	for name, bad := range misbehaving {
		bubble(t, name, func(t *testing.T) {
			p := startPool(t, remuda.Config{}, double, refusing(odd))
			told := 0
			p.OnDrop(func(in int, _ error) { told++; bad.fault(in) })
			for i := range 10 {
				require.NoError(t, p.Send(bg, i))
			}
			_, err := p.Do(bg, 10)
			require.NoError(t, err)
			require.Equal(t, 5, told)
			counts(t, p.Stats(), 6, 0, 5)
			require.NoError(t, p.Close(bg))
			require.Error(t, p.Err(), "and it is not lost")
			if bad.panics {
				require.ErrorContains(t, p.Err(), "drop 1")
			} else {
				require.ErrorIs(t, p.Err(), remuda.ErrGoexit)
			}
		})
	}
}

// An input that a source handed out and a middleware refused goes to OnDrop, too.
func TestRefusedInputOfASource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ch := make(chan int, 10)
		for i := range 10 {
			ch <- i
		}
		close(ch)
		var d drops
		p := remuda.Must(remuda.NewFrom[int, int](remuda.FromChan(ch), remuda.Config{Initial: 2, StopOnErrors: true}, refusing(odd)))
		p.OnDrop(d.tell)
		require.NoError(t, p.Run(bg, remuda.Func(double)))
		require.ElementsMatch(t, []int{1, 3, 5, 7, 9}, d.told())
		counts(t, p.Stats(), 5, 0, 5)
		require.EqualValues(t, 10, p.Stats().Accepted)
	})
}

// The middleware of this module refuses in the same way. One caller with little
// patience closes the pool for nobody.
func TestRateRefusesACallerWithoutPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := rate.NewLimiter(rate.Every(time.Hour), 1)
		p := startPool(t, remuda.Config{StopOnErrors: true}, double, middleware.Rate(limiter))
		_, err := p.Do(bg, 1)
		require.NoError(t, err)
		for range 3 {
			ctx, cancel := context.WithTimeout(bg, time.Minute)
			_, err = p.Do(ctx, 2)
			cancel()
			require.Error(t, err)
		}
		synctest.Wait()
		counts(t, p.Stats(), 1, 0, 3)
		require.NoError(t, p.Err())
		time.Sleep(time.Hour)
		_, err = p.Do(bg, 3)
		require.NoError(t, err)
	})
}

// A retry that is refused at each attempt has never entered the job; one that has
// entered it, and is refused later, has failed.
func TestRefusedRetry(t *testing.T) {
	for entered, want := range map[bool]remuda.Stats{
		false: {Workers: 1, Accepted: 1, Dropped: 1},
		true:  {Workers: 0, Accepted: 1, Failed: 1},
	} {
		bubble(t, fmt.Sprintf("entered %v", entered), func(t *testing.T) {
			attempts := 0
			p := startPool(t, remuda.Config{StopOnErrors: true}, func(context.Context, int) (int, error) { return 0, errWork },
				middleware.Retry(2),
				remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
					return func(ctx context.Context) error {
						if attempts++; entered && attempts == 1 {
							return next(ctx)
						}
						return errRefused
					}
				}))
			_, err := p.Do(bg, 1)
			require.ErrorIs(t, err, errRefused)
			require.Equal(t, 3, attempts)
			synctest.Wait()
			require.Equal(t, want, p.Stats())
			if entered {
				require.ErrorIs(t, p.Err(), errRefused)
			} else {
				require.NoError(t, p.Err())
			}
		})
	}
}

// A middleware that breaks has not refused: that is a failure. So is an error
// that a middleware returns once the job has run.
func TestBrokenMiddlewareIsAFailure(t *testing.T) {
	for name, wrap := range map[string]func(next remuda.Handler) remuda.Handler{
		"panics": func(remuda.Handler) remuda.Handler { return func(context.Context) error { panic("broken") } },
		"ends its goroutine": func(remuda.Handler) remuda.Handler {
			return func(context.Context) error { runtime.Goexit(); return nil }
		},
		"returns a panic": func(remuda.Handler) remuda.Handler {
			return func(context.Context) error { return &remuda.PanicError{} }
		},
		"is not there":         func(remuda.Handler) remuda.Handler { return nil },
		"panics when it wraps": func(remuda.Handler) remuda.Handler { panic("broken") },
		"fails after the job": func(next remuda.Handler) remuda.Handler {
			return func(ctx context.Context) error { return errors.Join(next(ctx), errRefused) }
		},
	} {
		for how, call := range map[string]func(p *remuda.Pool[int, int]) error{
			"Submit": func(p *remuda.Pool[int, int]) error { return nestedCalls["Submit and Wait"](bg, p, 1) },
			"Map":    func(p *remuda.Pool[int, int]) error { return nestedCalls["Map"](bg, p, 1) },
			"Do": func(p *remuda.Pool[int, int]) (err error) {
				done := make(chan struct{})
				go func() { // which may be ended
					defer close(done)
					err = remuda.ErrGoexit
					_, err = p.Do(bg, 1)
				}()
				<-done
				return err
			},
			"Send": func(p *remuda.Pool[int, int]) error { return errors.Join(p.Send(bg, 1), errRefused) },
		} {
			bubble(t, name+", "+how, func(t *testing.T) {
				p := startPool(t, remuda.Config{StopOnErrors: true}, double, remuda.MiddlewareFunc(wrap))
				p.OnDrop(func(int, error) { t.Error("dropped") })
				require.Error(t, call(p))
				synctest.Wait()
				counts(t, p.Stats(), 0, 1, 0)
				require.Error(t, p.Err())
			})
		}
	}
}

// A middleware that does not call the job and returns no error has done its part
// of the work: the run has succeeded.
func TestMiddlewareThatAnswersItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPool(t, remuda.Config{}, double, remuda.MiddlewareFunc(func(remuda.Handler) remuda.Handler {
			return func(context.Context) error { return nil }
		}))
		out, err := p.Do(bg, 1)
		require.NoError(t, err)
		require.Zero(t, out)
		counts(t, p.Stats(), 1, 0, 0)
	})
}

// A refusal is told by whether the job was entered in this run, not in the one
// before it on the same worker.
func TestRefusalAfterARunThatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPool(t, remuda.Config{}, func(context.Context, int) (int, error) { return 0, io.ErrUnexpectedEOF }, refusing(odd))
		for i := range 6 {
			_, err := p.Do(bg, i)
			require.Error(t, err)
		}
		counts(t, p.Stats(), 0, 3, 3)
	})
}
