package remuda_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// faulty is the sequence 0, 1, ... n-1 with an error at each multiple of every.
func faulty(n, every int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			var err error
			if i%every == 0 {
				err = fmt.Errorf("line %d", i)
			}
			if !yield(i, err) {
				return
			}
		}
	}
}

func TestMapErr(t *testing.T) {
	for _, n := range []int{0, 1, 10, 2000} {
		p := startPool(t, remuda.Config{Initial: 4}, func(_ context.Context, n int) (int, error) {
			if n%7 == 0 {
				panic("an input that has an error must not run")
			}
			return 2 * n, nil
		})
		for range 2 { // the iterator may be used again
			at := 0
			for out, err := range p.MapErr(bg, faulty(n, 7)) {
				if at%7 == 0 {
					require.EqualError(t, err, fmt.Sprintf("line %d", at))
				} else {
					require.NoError(t, err)
					require.Equal(t, 2*at, out)
				}
				at++
			}
			require.Equal(t, n, at)
		}
		stats := p.Stats()
		require.Zero(t, stats.Failed)
		require.EqualValues(t, 2*((n+6)/7), stats.Dropped)
	}
}

func TestMapErrThatIsLeftOrCutShort(t *testing.T) {
	bubble(t, "left", func(t *testing.T) {
		p := startPool(t, remuda.Config{StopOnErrors: true}, double)
		for _, err := range p.MapErr(bg, faulty(100, 10)) {
			require.EqualError(t, err, "line 0")
			break
		}
		require.NoError(t, p.Err(), "no run has failed")
	})
	bubble(t, "cut short", func(t *testing.T) {
		ctx, cancel := ending(t)
		s := &stage{}
		p := startPool(t, remuda.Config{}, s.Do)
		var errs []error
		loop := asyncErr(func() error {
			for _, err := range p.MapErr(ctx, faulty(100, 2)) {
				errs = append(errs, err)
			}
			return nil
		})
		require.False(t, loop.returned())
		cancel()
		require.True(t, loop.returned())
		require.EqualError(t, errs[0], "line 0")
		requireCutShort(t, context.Canceled, errs[len(errs)-1:])
	})
}

// A nil sequence is refused, and not taken for an empty one.
func TestNilSequence(t *testing.T) {
	p := startPool(t, remuda.Config{Name: "mill"}, double)
	var errs []error
	for _, err := range p.Map(bg, nil) {
		errs = append(errs, err)
	}
	for _, err := range p.MapErr(bg, nil) {
		errs = append(errs, err)
	}
	for r := range p.Stream(bg, nil) {
		errs = append(errs, r.Err)
	}
	for _, err := range remuda.Map(bg, 1, nil, double) {
		errs = append(errs, err)
	}
	errs = append(errs, remuda.ForEach(bg, 1, nil, func(context.Context, int) error { return nil }))
	require.Len(t, errs, 5)
	for _, err := range errs {
		require.ErrorIs(t, err, remuda.ErrNilJob)
		require.ErrorContains(t, err, "sequence is nil")
		require.ErrorIs(t, err, remuda.ErrCutShort)
	}
	require.EqualError(t, errs[0], "remuda: mill: cut short: sequence is nil")
	outs, err := p.DoAll(bg, nil)
	require.NoError(t, err)
	require.Empty(t, outs)
}

// The end of a loop can be told from an outcome that is the same error.
func TestCutShort(t *testing.T) {
	bubble(t, "is no outcome", func(t *testing.T) {
		p := startPool(t, remuda.Config{Name: "mill"}, func(context.Context, int) (int, error) { return 0, context.Canceled })
		ctx, cancel := ending(t)
		forever := func(yield func(int) bool) {
			for i := 0; yield(i); i++ {
			}
		}
		outcomes := 0
		for _, err := range p.Map(ctx, forever) {
			require.ErrorIs(t, err, context.Canceled)
			if !errors.Is(err, remuda.ErrCutShort) {
				if outcomes++; outcomes == 10 {
					cancel()
				}
				continue
			}
			require.EqualError(t, err, "remuda: mill: cut short: context canceled")
		}
		require.GreaterOrEqual(t, outcomes, 10)
	})
	bubble(t, "names what closed the pool", func(t *testing.T) {
		p := startPool(t, remuda.Config{Name: "mill", StopOnErrors: true}, func(context.Context, int) (int, error) { return 0, errJob })
		var last error
		for _, last = range p.Map(bg, counted(5000)) {
		}
		require.ErrorIs(t, last, remuda.ErrCutShort)
		require.ErrorIs(t, last, remuda.ErrPoolClosed)
		require.EqualError(t, last, "remuda: mill: cut short: pool is closed: job failed")
		_, err := p.DoAll(bg, upTo(3))
		require.ErrorIs(t, err, remuda.ErrCutShort)
	})
}

// Index says which input of the sequence a result is of, whatever batch it was in.
func TestResultIndex(t *testing.T) {
	p := startPool(t, remuda.Config{Initial: 4}, double)
	var got []int
	for r := range p.Stream(bg, counted(3000)) {
		require.Equal(t, r.In, r.Index)
		got = append(got, r.Index)
	}
	slices.Sort(got)
	require.Equal(t, upTo(3000), got)
	for r := range remuda.New[int, int]().Stream(bg, counted(1)) {
		require.Equal(t, -1, r.Index)
		require.ErrorIs(t, r.Err, remuda.ErrNotStarted)
	}
}
