package remuda_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

// failOdd fails the odd ones, each with an error of its own.
func failOdd(_ context.Context, ins []int) error {
	var errs []error
	for i, in := range ins {
		if in%2 == 1 {
			errs = append(errs, &remuda.InputError{Index: i, Err: fmt.Errorf("%d: %w", in, errOdd)})
		}
	}
	return errors.Join(errs...)
}

// outcomes submits the inputs, and returns what becomes of them.
func outcomes(t *testing.T, pool *remuda.Pool[int, string], ins ...int) (outs []string, errs []error) {
	t.Helper()
	var tickets []*remuda.Ticket[string]
	for _, in := range ins {
		ticket, err := pool.Submit(bg, in)
		require.NoError(t, err)
		tickets = append(tickets, ticket)
	}
	for _, ticket := range tickets {
		out, err := ticket.Wait(bg)
		outs, errs = append(outs, out), append(errs, err)
	}
	return outs, errs
}

// Each input has its own outcome: with an error that says whose it is, only those fail.
func TestBatchErrorByInput(t *testing.T) {
	for name, wrap := range map[string]func(error) error{
		"joined":        func(err error) error { return err },
		"wrapped":       func(err error) error { return fmt.Errorf("insert: %w", err) },
		"joined twice":  func(err error) error { return errors.Join(err, &remuda.InputError{Index: 1, Err: errOdd}) },
		"by middleware": func(err error) error { return err },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &press{fails: func(ctx context.Context, ins []int) error { return wrap(failOdd(ctx, ins)) }}
				var mws []remuda.Middleware
				if name == "by middleware" {
					mws = append(mws, middleware.Retry(2), remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
						return func(ctx context.Context) error { return fmt.Errorf("layer: %w", next(ctx)) }
					}))
				}
				pool, err := remuda.StartBatches(2, 4, time.Second, p.print, mws...)
				require.NoError(t, err)
				outs, errs := outcomes(t, pool, 0, 1, 2, 3)
				require.Equal(t, []string{"0", "1", "2", "3"}, outs, "an input that fails has an output, too")
				require.NoError(t, errs[0])
				require.ErrorIs(t, errs[1], errOdd)
				require.ErrorContains(t, errs[1], "1: odd")
				require.NoError(t, errs[2])
				require.ErrorContains(t, errs[3], "3: odd")
				s := pool.Stats()
				require.EqualValues(t, 2, s.Succeeded)
				require.EqualValues(t, 2, s.Failed)
				require.NoError(t, pool.Close(bg))
			})
		})
	}
}

// Any other error is that of all.
func TestBatchErrorOfAll(t *testing.T) {
	var none *remuda.InputError
	for name, err := range map[string]error{
		"plain":              errWork,
		"joined with others": errors.Join(&remuda.InputError{Index: 0, Err: errOdd}, errWork),
		"wrapped with one":   fmt.Errorf("%w: %w", errWork, &remuda.InputError{Index: 0, Err: errOdd}),
		"beyond the batch":   errors.Join(&remuda.InputError{Index: 3, Err: errWork}),
		"negative":           &remuda.InputError{Index: -1, Err: errWork},
		"nil inside":         errors.Join(none, errWork),
		"hostile":            errors.Join(hostile{}, errWork),
	} {
		t.Run(name, func(t *testing.T) {
			withPress(t, workers(1), 3, time.Second, func(t *testing.T, p *press, pool *remuda.Pool[int, string]) {
				p.fails = func(context.Context, []int) error { return err }
				_, errs := outcomes(t, pool, 0, 1, 2)
				for i := range errs {
					require.Equal(t, err, errs[i])
				}
				require.EqualValues(t, 3, pool.Stats().Failed)
			})
		})
	}
}

type hostile struct{}

func (hostile) Error() string   { return "hostile" }
func (hostile) Unwrap() []error { panic("hostile") }

// What a middleware joins with the error of some inputs is an error of all.
func TestBatchErrorOfMiddleware(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &press{fails: failOdd}
		pool, err := remuda.StartBatches(1, 2, time.Second, p.print, remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
			return func(ctx context.Context) error { return errors.Join(next(ctx), errWork) }
		}))
		require.NoError(t, err)
		_, errs := outcomes(t, pool, 0, 1)
		require.ErrorIs(t, errs[0], errWork)
		require.ErrorIs(t, errs[1], errWork)
		require.NoError(t, pool.Close(bg))
	})
}

// A wrong number of outputs is an error of all inputs.
func TestBatchOutputs(t *testing.T) {
	for name, ret := range map[string]func(ins []int) ([]string, error){
		"none":               func([]int) ([]string, error) { return nil, nil },
		"fewer":              func(ins []int) ([]string, error) { return make([]string, len(ins)-1), nil },
		"more":               func(ins []int) ([]string, error) { return make([]string, len(ins)+1), nil },
		"fewer, some failed": func([]int) ([]string, error) { return nil, &remuda.InputError{Index: 1, Err: errOdd} },
		"inputs cut":         func(ins []int) ([]string, error) { ins = ins[:1]; return make([]string, len(ins)), nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pool, err := remuda.StartBatchesWithConfig(remuda.Config{Name: "mill"}, 3, time.Second,
					func(_ context.Context, ins []int) ([]string, error) { return ret(ins) })
				require.NoError(t, err)
				_, errs := outcomes(t, pool, 0, 1, 2)
				for _, err := range errs {
					require.ErrorIs(t, err, remuda.ErrBatchOutputs)
					require.ErrorContains(t, err, "remuda: mill: wrong number of outputs for a batch: ")
					require.ErrorContains(t, err, " for 3 inputs")
				}
				require.NoError(t, pool.Close(bg))
			})
		})
	}
	t.Run("with an error of all they do not matter", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			pool, err := remuda.StartBatches(1, 2, time.Second, func(context.Context, []int) ([]string, error) { return []string{"a"}, errWork })
			require.NoError(t, err)
			outs, errs := outcomes(t, pool, 0, 1)
			require.Equal(t, []string{"a", ""}, outs)
			require.Equal(t, []error{errWork, errWork}, errs)
			require.NoError(t, pool.Close(bg))
		})
	})
	t.Run("void", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			pool, err := remuda.StartBatches(1, 2, time.Second, func(ctx context.Context, ins []int) ([]remuda.Void, error) { return nil, failOdd(ctx, ins) })
			require.NoError(t, err)
			_, err = pool.DoAll(bg, []int{2, 3})
			require.ErrorContains(t, err, "remuda: input 1: 3: odd")
			require.EqualValues(t, 1, pool.Stats().Succeeded)
			require.NoError(t, pool.Close(bg))
		})
	})
}

// DoAll joins errors as a function of batches may: one pool's batch is another's DoAll.
func TestBatchHandedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner, err := remuda.Start(4, func(_ context.Context, in int) (string, error) {
			switch in % 4 {
			case 1:
				return "", errOdd
			case 3:
				panic(in)
			}
			return strconv.Itoa(in), nil
		})
		require.NoError(t, err)
		pool, err := remuda.StartBatches(2, 8, time.Second, inner.DoAll)
		require.NoError(t, err)
		outs, errs := outcomes(t, pool, upTo(4)...)
		require.Equal(t, []string{"0", "", "2", ""}, outs)
		require.Equal(t, errOdd, errs[1])
		var broke *remuda.PanicError
		require.ErrorAs(t, errs[3], &broke)
		require.Equal(t, 3, broke.Value)
		s := pool.Stats()
		require.EqualValues(t, 2, s.Succeeded)
		require.EqualValues(t, 2, s.Failed)
		require.EqualValues(t, 1, s.Panicked)
		require.NoError(t, pool.Close(bg))
		require.NoError(t, inner.Close(bg))
	})
}

// DoAll says with InputError whose error is whose, in any pool.
func TestInputErrorOfDoAll(t *testing.T) {
	withPress(t, remuda.Config{Name: "mill"}, 3, time.Second, func(t *testing.T, p *press, pool *remuda.Pool[int, string]) {
		p.fails = failOdd
		_, err := pool.DoAll(bg, []int{0, 2, 4, 5, 6, 7})
		var joined interface{ Unwrap() []error }
		require.ErrorAs(t, err, &joined)
		require.Len(t, joined.Unwrap(), 2)
		for i, err := range joined.Unwrap() {
			var of *remuda.InputError
			require.ErrorAs(t, err, &of)
			require.Equal(t, []int{3, 5}[i], of.Index)
			require.ErrorIs(t, of.Err, errOdd)
		}
		require.ErrorContains(t, err, "remuda: mill: input 3: 5: odd")
	})
}

// A panic, in the function or around it, is the outcome of all inputs, and costs no
// worker; so does the end of the goroutine.
func TestBatchBreaks(t *testing.T) {
	for name, tt := range map[string]struct {
		f      func()
		before bool // in a middleware
	}{
		"panic":                {func() { panic(errWork) }, false},
		"goexit":               {runtime.Goexit, false},
		"panic in middleware":  {func() { panic(errWork) }, true},
		"goexit in middleware": {runtime.Goexit, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				breaks := true
				p := &press{fails: func(context.Context, []int) error {
					if breaks && !tt.before {
						tt.f()
					}
					return nil
				}}
				pool, err := remuda.StartBatches(1, 3, time.Second, p.print, remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
					return func(ctx context.Context) error {
						if breaks && tt.before {
							tt.f()
						}
						return next(ctx)
					}
				}))
				require.NoError(t, err)
				returned := false
				var wg sync.WaitGroup
				wg.Go(func() {
					_, err := pool.Do(bg, 0)
					returned = true
					require.ErrorIs(t, err, errWork)
				})
				synctest.Wait()
				_, errs := outcomes(t, pool, 1, 2)
				for _, err := range errs {
					if name == "panic" || name == "panic in middleware" {
						var broke *remuda.PanicError
						require.ErrorAs(t, err, &broke)
						require.Equal(t, errWork, broke.Value)
					} else {
						require.ErrorIs(t, err, remuda.ErrGoexit)
					}
				}
				wg.Wait()
				require.Equal(t, tt.f != nil && (name == "panic" || name == "panic in middleware"), returned, "Do ends its goroutine as a direct call would")
				require.EqualValues(t, 3, pool.Stats().Failed)
				breaks = false
				out, err := pool.Do(bg, 4)
				require.NoError(t, err)
				require.Equal(t, "4", out)
				require.NoError(t, pool.Close(bg))
			})
		})
	}
}

// A batch that a middleware refuses is dropped: its callers get the reason, and OnDrop.
func TestBatchRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &press{}
		pool, err := remuda.StartBatchesWithConfig(remuda.Config{StopOnErrors: true}, 4, time.Second, p.print,
			remuda.MiddlewareFunc(func(remuda.Handler) remuda.Handler { return func(context.Context) error { return errWork } }))
		require.NoError(t, err)
		var dropped []int
		pool.OnDrop(func(in int, err error) {
			require.Equal(t, errWork, err)
			dropped = append(dropped, in)
			if in == 1 {
				panic("OnDrop")
			}
		})
		sendInts(t, pool, 1, 2)
		_, errs := outcomes(t, pool, 3)
		require.Equal(t, []error{errWork}, errs)
		_, err = pool.DoAll(bg, []int{4})
		require.ErrorIs(t, err, errWork)
		require.NoError(t, pool.Wait(bg))
		require.Equal(t, []int{1, 2}, dropped)
		require.EqualValues(t, 4, pool.Stats().Dropped)
		require.NoError(t, pool.Close(bg))
		require.Empty(t, p.batches())
		require.ErrorContains(t, pool.Err(), "OnDrop")
	})
}

// The error of some inputs stops the pool, under StopOnErrors, as any does.
func TestBatchStopOnErrors(t *testing.T) {
	withPress(t, remuda.Config{StopOnErrors: true}, 2, time.Second, func(t *testing.T, p *press, pool *remuda.Pool[int, string]) {
		p.fails = failOdd
		_, errs := outcomes(t, pool, 0, 1)
		require.NoError(t, errs[0])
		require.ErrorIs(t, errs[1], errOdd)
		<-pool.Done()
		require.ErrorIs(t, pool.Err(), errOdd)
		require.ErrorIs(t, pool.Send(bg, 2), remuda.ErrPoolClosed)
	})
}

// The first error of a group cancels the others of it, and not those beside it.
func TestBatchOfAGroup(t *testing.T) {
	withPress(t, workers(1), 4, time.Second, func(t *testing.T, p *press, pool *remuda.Pool[int, string]) {
		p.fails = failOdd
		p.takes = time.Second
		g := pool.Group(bg)
		for i := range 6 {
			require.NoError(t, g.Send(i))
		}
		ticket, err := pool.Submit(bg, 8)
		require.NoError(t, err)
		require.ErrorIs(t, g.Wait(), errOdd)
		out, err := ticket.Wait(bg)
		require.NoError(t, err)
		require.Equal(t, "8", out)
		require.Equal(t, [][]int{{0, 1, 2, 3}, {8}}, p.batches(), "4 and 5 have left")
	})
}

// An error in the place of an input is an outcome in its turn, and not in a batch.
func TestBatchMapErr(t *testing.T) {
	withPress(t, workers(2), 3, time.Second, func(t *testing.T, p *press, pool *remuda.Pool[int, string]) {
		var got []string
		for out, err := range pool.MapErr(bg, func(yield func(int, error) bool) {
			for i := range 8 {
				var err error
				if i%3 == 1 {
					err = errWork
				}
				if !yield(i, err) {
					return
				}
			}
		}) {
			if err != nil {
				out = err.Error()
			}
			got = append(got, out)
		}
		require.Equal(t, []string{"0", errWork.Error(), "2", "3", errWork.Error(), "5", "6", errWork.Error()}, got)
		require.Equal(t, []int{0, 2, 3, 5, 6}, slices.Concat(p.batches()...), "how they are shared is up to the workers")
		s := pool.Stats()
		require.EqualValues(t, 5, s.Succeeded)
		require.EqualValues(t, 3, s.Dropped)
	})
}

// The slice of inputs is the function's own.
func TestBatchInputsAreTheFunctions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept [][]int
		pool, err := remuda.StartBatches(1, 3, time.Second, func(_ context.Context, ins []int) ([]int, error) {
			kept = append(kept, ins)
			slices.Reverse(ins)
			return ins, nil
		})
		require.NoError(t, err)
		outs, err := pool.DoAll(bg, upTo(5))
		require.NoError(t, err)
		require.Equal(t, []int{2, 1, 0, 4, 3}, outs)
		require.Equal(t, [][]int{{2, 1, 0}, {4, 3}}, kept)
		require.NoError(t, pool.Close(bg))
	})
}
