package remuda_test

import (
	"context"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

func TestTopLevelMap(t *testing.T) {
	bubble(t, "in order, on so many workers", func(t *testing.T) {
		var outs []int
		s := &stage{}
		loop := asyncErr(func() error {
			for out, err := range remuda.Map(bg, 3, counted(10), s.Do) {
				require.NoError(t, err)
				outs = append(outs, out)
			}
			return nil
		})
		now, _ := s.on()
		require.Equal(t, 3, now)
		s.letAll()
		_, _ = loop.wait()
		_, most := s.on()
		require.Equal(t, 3, most)
		require.Equal(t, []int{0, 2, 4, 6, 8, 10, 12, 14, 16, 18}, outs)
	})
	bubble(t, "left early, leaves nothing", func(t *testing.T) {
		var cancelled atomic.Int32
		iterate := remuda.Map(bg, 3, counted(10), func(ctx context.Context, n int) (int, error) {
			if n > 0 {
				<-ctx.Done()
				cancelled.Add(1)
			}
			return n, nil
		})
		for range 2 {
			cancelled.Store(0)
			for range iterate {
				synctest.Wait()
				break
			}
			require.EqualValues(t, 3, cancelled.Load(), "those under way have returned")
		}
	})
}

func TestForEach(t *testing.T) {
	bubble(t, "all of them", func(t *testing.T) {
		var sum atomic.Int64
		require.NoError(t, remuda.ForEach(bg, 4, counted(1000), func(_ context.Context, n int) error {
			sum.Add(int64(n))
			return nil
		}))
		require.EqualValues(t, 999*1000/2, sum.Load())
	})
	bubble(t, "the first error cancels the rest", func(t *testing.T) {
		var begun, read atomic.Int32
		err := remuda.ForEach(bg, 4, func(yield func(int) bool) {
			for i := 0; yield(i); i++ {
				read.Add(1)
			}
		}, func(ctx context.Context, n int) error {
			begun.Add(1)
			if n == 2 {
				time.Sleep(time.Second)
				return errJob
			}
			<-ctx.Done()
			assert.ErrorIs(t, context.Cause(ctx), errJob)
			return ctx.Err()
		})
		require.Equal(t, errJob, err)
		require.EqualValues(t, 4, begun.Load())
		require.Less(t, read.Load(), int32(2000))
	})
	bubble(t, "a panic is an error", func(t *testing.T) {
		err := remuda.ForEach(bg, 2, counted(100), func(_ context.Context, n int) error {
			if n == 1 {
				panic(errJob)
			}
			return nil
		})
		require.ErrorAs(t, err, new(*remuda.PanicError))
		require.ErrorIs(t, err, errJob)
		require.ErrorIs(t, remuda.ForEach(bg, 2, counted(3), func(context.Context, int) error {
			runtime.Goexit()
			return nil
		}), remuda.ErrGoexit)
	})
	bubble(t, "until its context ends", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		err := remuda.ForEach(ctx, 2, counted(100), func(ctx context.Context, _ int) error {
			time.Sleep(time.Minute) // deaf, and without an error
			return nil
		})
		requireCutShort(t, context.DeadlineExceeded, []error{err})
	})
}

// A worker that has nothing to do rests while the sequence goes on, and is used again.
func TestTopLevelWorkersRest(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		slow := func(yield func(int) bool) {
			for i := range 20 {
				time.Sleep(time.Second)
				if !yield(i) {
					return
				}
			}
		}
		var most atomic.Int64
		for _, err := range remuda.Map(bg, 4, slow, func(ctx context.Context, n int) (int, error) {
			info, _ := remuda.InfoFrom(ctx)
			most.Store(max(most.Load(), int64(info.Worker)))
			if n == 7 {
				runtime.Goexit() // costs the worker its goroutine, and nothing else
			}
			return n, nil
		}) {
			if err != nil {
				require.ErrorIs(t, err, remuda.ErrGoexit)
			}
		}
		require.EqualValues(t, 1, most.Load())
	})
}

// Never more calls at a time than workers, whatever the calls do.
func TestTopLevelKeepsToItsWorkers(t *testing.T) {
	const workers, inputs = 3, 3000
	var now, begun atomic.Int64
	f := func(ctx context.Context, n int) (int, error) {
		if now.Add(1) > workers {
			t.Error("more calls than workers")
		}
		defer now.Add(-1)
		begun.Add(1)
		switch {
		case n%500 == 99:
			time.Sleep(200 * time.Microsecond)
		case n%100 == 7:
			panic(errJob)
		case n%100 == 8:
			runtime.Goexit()
		case n%100 == 9: // on workers of its own
			outs, err := remuda.DoAll(ctx, 2, []int{n, n}, double)
			return outs[1], err
		}
		return 2 * n, nil
	}
	next := 0
	for out, err := range remuda.Map(bg, workers, counted(inputs), f) {
		switch next % 100 {
		case 7:
			require.ErrorIs(t, err, errJob)
		case 8:
			require.ErrorIs(t, err, remuda.ErrGoexit)
		default:
			require.NoError(t, err)
			require.Equal(t, 2*next, out)
		}
		next++
	}
	require.Equal(t, inputs, next)
	require.EqualValues(t, inputs, begun.Load())
	require.Zero(t, now.Load())
}

func TestTopLevelDoAll(t *testing.T) {
	outs, err := remuda.DoAll(bg, 3, upTo(100), func(_ context.Context, n int) (int, error) {
		if n == 50 {
			return -1, errJob
		}
		return 2 * n, nil
	})
	require.ErrorIs(t, err, errJob)
	require.EqualError(t, err, "remuda: input 50: job failed")
	require.Len(t, outs, 100)
	require.Equal(t, -1, outs[50])
	require.Equal(t, 198, outs[99])

	ctx, cancel := context.WithCancel(bg)
	cancel()
	outs, err = remuda.DoAll(ctx, 3, upTo(5), double)
	requireCutShort(t, context.Canceled, []error{err})
	require.Equal(t, make([]int, 5), outs)
}

func TestTopLevelRefuses(t *testing.T) {
	nilMap := (func(context.Context, int) (int, error))(nil)
	for _, err := range remuda.Map(bg, 0, counted(3), double) {
		requireCutShort(t, remuda.ErrInvalidInitial, []error{err})
	}
	for _, err := range remuda.Map(bg, 1, counted(3), nilMap) {
		requireCutShort(t, remuda.ErrNilJob, []error{err})
	}
	require.ErrorIs(t, remuda.ForEach(bg, 0, counted(3), func(context.Context, int) error { return nil }), remuda.ErrInvalidInitial)
	require.ErrorIs(t, remuda.ForEach(bg, 1, counted(3), nil), remuda.ErrNilJob)
	outs, err := remuda.DoAll(bg, 0, upTo(3), double)
	require.ErrorIs(t, err, remuda.ErrInvalidInitial)
	require.Equal(t, make([]int, 3), outs)
	_, err = remuda.DoAll(bg, 1, upTo(3), nilMap)
	require.ErrorIs(t, err, remuda.ErrNilJob)
}

// When they return, no goroutine is left.
func TestTopLevelLeavesNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before := runtime.NumGoroutine()
		for round := range 200 {
			for range remuda.Map(bg, 8, counted(20), double) {
				if round%2 == 0 {
					break
				}
			}
			_, _ = remuda.DoAll(bg, 8, upTo(20), double)
			_ = remuda.ForEach(bg, 8, slices.Values(upTo(20)), func(_ context.Context, n int) error {
				if n == 10 {
					return errJob
				}
				return nil
			})
		}
		synctest.Wait()
		for tries := 0; runtime.NumGoroutine() > before && tries < 5_000_000; tries++ {
			runtime.Gosched() // one that has ended is counted until its thread has come to an end of it
		}
		require.LessOrEqual(t, runtime.NumGoroutine(), before)
	})
}
