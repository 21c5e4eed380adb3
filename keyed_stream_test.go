package remuda_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

func TestKeyedStreams(t *testing.T) {
	bubble(t, "Map yields in order, each outcome as soon as it can", func(t *testing.T) {
		s := &stage{}
		p := startKeyed(t, remuda.Config{Initial: 3}, s.Do)
		var got []int
		m := asyncErr(func() error {
			for out, err := range p.Map(bg, slices.Values([]int{10, 11, 20, 12})) {
				mustNil(err)
				got = append(got, out)
			}
			return nil
		})
		require.ElementsMatch(t, []int{10, 20}, s.order())
		s.let(20)
		require.Empty(t, got)
		s.let(10)
		require.Equal(t, []int{20}, got)
		s.let(11)
		require.Equal(t, []int{20, 22, 40}, got)
		s.let(12)
		require.True(t, m.returned())
		require.Equal(t, []int{20, 22, 40, 24}, got)
	})
	bubble(t, "Stream yields in order of completion, with the inputs and their index", func(t *testing.T) {
		s := &stage{}
		p := startKeyed(t, remuda.Config{Initial: 3}, s.Do)
		var got []remuda.Result[int, int]
		m := asyncErr(func() error {
			for res := range p.Stream(bg, slices.Values([]int{10, 11, 20})) {
				got = append(got, res)
			}
			return nil
		})
		s.let(20)
		s.let(10)
		s.let(11)
		require.True(t, m.returned())
		require.Equal(t, []remuda.Result[int, int]{{In: 20, Out: 40, Index: 2}, {In: 10, Out: 20}, {In: 11, Out: 22, Index: 1}}, got)
	})
	bubble(t, "DoAll waits for all, and says whose error is whose", func(t *testing.T) {
		p := startKeyed(t, remuda.Config{Initial: 3}, func(_ context.Context, n int) (int, error) {
			if n%7 == 3 {
				return -1, errJob
			}
			return n, nil
		})
		outs, err := p.DoAll(bg, upTo(11))
		require.Equal(t, []int{0, 1, 2, -1, 4, 5, 6, 7, 8, 9, -1}, outs)
		require.ErrorIs(t, err, errJob)
		require.ErrorContains(t, err, "input 3: ")
		require.ErrorContains(t, err, "input 10: ")
		outs, err = p.DoAll(bg, nil)
		require.NoError(t, err)
		require.Empty(t, outs)
	})
	bubble(t, "errors of MapErr take their place", func(t *testing.T) {
		p := startKeyed(t, remuda.Config{Initial: 3}, double)
		var got []any
		for out, err := range p.MapErr(bg, func(yield func(int, error) bool) {
			_ = yield(10, nil) && yield(11, errJob) && yield(12, nil) && yield(20, errJob)
		}) {
			if err != nil {
				got = append(got, err)
			} else {
				got = append(got, out)
			}
		}
		require.Equal(t, []any{20, errJob, 24, errJob}, got)
		require.EqualValues(t, 2, p.Stats().Dropped)
		require.EqualValues(t, 4, p.Stats().Accepted)
	})
	bubble(t, "inputs take places, and the reader waits for them", func(t *testing.T) {
		s := &stage{}
		p := startKeyed(t, remuda.Config{Initial: 1, Queue: 4}, s.Do)
		read := 0
		m := asyncErr(func() error {
			for range p.Map(bg, func(yield func(int) bool) {
				for read < 100 && yield(read*10) {
					read++
				}
			}) {
			}
			return nil
		})
		synctest.Wait()
		require.Equal(t, 4, p.Stats().Queued)
		require.Equal(t, 5, read, "one runs, and the next has no place")
		s.letAll()
		require.True(t, m.returned())
	})
	bubble(t, "more is read ahead when the pool grows", func(t *testing.T) {
		s := &stage{}
		p := startKeyed(t, remuda.Config{Initial: 1}, s.Do)
		m := asyncErr(func() error {
			for range p.Map(bg, slices.Values([]int{10, 20, 30})) {
			}
			return nil
		})
		require.Equal(t, []int{10}, s.order())
		require.NoError(t, p.Resize(3))
		require.ElementsMatch(t, []int{10, 20, 30}, s.order())
		s.letAll()
		require.True(t, m.returned())
	})
}

func TestKeyedStreamsThatEndEarly(t *testing.T) {
	bubble(t, "leaving the loop cancels what runs and drops what is queued", func(t *testing.T) {
		for name, loop := range map[string]func(p *remuda.Pool[int, int], ins iter.Seq[int], n int){
			"Map": func(p *remuda.Pool[int, int], ins iter.Seq[int], n int) {
				for range p.Map(bg, ins) {
					if n--; n == 0 {
						break
					}
				}
			},
			"Stream": func(p *remuda.Pool[int, int], ins iter.Seq[int], n int) {
				for range p.Stream(bg, ins) {
					if n--; n == 0 {
						break
					}
				}
			},
		} {
			s := &stage{}
			p := startKeyed(t, remuda.Config{Initial: 2, Queue: 8}, s.Do)
			m := asyncErr(func() error {
				loop(p, slices.Values([]int{10, 20, 11, 12, 30, 21}), 1)
				return nil
			})
			synctest.Wait()
			require.NoError(t, p.Send(bg, 13), name)
			s.let(10)
			require.True(t, m.returned(), name)
			s.letAll()
			require.NotContains(t, s.order(), 12, name)
			require.Contains(t, s.order(), 13, name)
			require.NoError(t, p.Wait(bg))
			require.Zero(t, p.Stats().Queued, name)
		}
	})
	bubble(t, "and does not wait for others of the key, or for a paused pool", func(t *testing.T) {
		s := &stage{deaf: true}
		p := startKeyed(t, remuda.Config{Initial: 2}, s.Do)
		require.NoError(t, p.Send(bg, 10))
		ctx, cancel := ending(t)
		var last error
		m := asyncErr(func() error {
			for _, last = range p.Map(ctx, slices.Values([]int{11, 12})) {
			}
			return nil
		})
		require.False(t, m.returned())
		cancel()
		require.True(t, m.returned())
		require.ErrorIs(t, last, context.Canceled)
		require.Equal(t, []int{10}, s.order())
		s.letAll()
		require.NoError(t, p.Resize(0))
		ctx, cancel = ending(t)
		all := async(func() ([]int, error) { return p.DoAll(ctx, []int{10, 20}) })
		require.False(t, all.returned())
		cancel()
		require.True(t, all.returned())
		require.ErrorIs(t, all.err, context.Canceled)
	})
	bubble(t, "the end of ctx cuts the loop short", func(t *testing.T) {
		s := &stage{}
		p := startKeyed(t, remuda.Config{Initial: 2, Queue: 4}, s.Do)
		ctx, cancel := ending(t)
		var errs []error
		m := asyncErr(func() error {
			for _, err := range p.Map(ctx, counted(1000)) {
				errs = append(errs, err)
			}
			return nil
		})
		cancel()
		require.True(t, m.returned())
		require.ErrorIs(t, errs[len(errs)-1], remuda.ErrCutShort)
		require.ErrorIs(t, errs[len(errs)-1], context.Canceled)
		for _, err := range errs[:len(errs)-1] {
			require.ErrorIs(t, err, context.Canceled)
			require.NotErrorIs(t, err, remuda.ErrCutShort)
		}
		now, _ := s.on()
		require.Zero(t, now)
	})
	bubble(t, "a Close that gives up is the outcome of what has not begun, at whatever moment it comes", func(t *testing.T) {
		for n := 1; n <= 6; n++ { // before the nth question for the error of the context since the first job
			ctx := &askedContext{Context: bg}
			p := startKeyed(t, remuda.Config{Initial: 1, Queue: 8}, func(_ context.Context, in int) (int, error) {
				ctx.questions.Store(int32(n))
				return in, nil
			})
			ctx.last = func() {
				now, cancel := ending(t)
				cancel()
				_ = p.Close(now)
				time.Sleep(time.Second) // until all have heard of it
			}
			var errs []error
			for _, err := range p.Map(ctx, slices.Values([]int{10, 20})) {
				errs = append(errs, err)
			}
			require.Len(t, errs, 2)
			require.NoError(t, errs[0])
			if errs[1] != nil {
				require.ErrorIs(t, errs[1], remuda.ErrPoolClosed, "%d", n)
				require.NotErrorIs(t, errs[1], context.Canceled, "%d", n)
			}
		}
	})
	bubble(t, "so does Close, for what is not accepted", func(t *testing.T) {
		s := &stage{}
		p := startKeyed(t, remuda.Config{Initial: 2, Queue: 4}, s.Do)
		var outs []int
		var last error
		m := asyncErr(func() error {
			for out, err := range p.Map(bg, slices.Values([]int{10, 20, 11, 30, 12, 13, 14, 15})) {
				if last = err; err == nil {
					outs = append(outs, out)
				}
			}
			return nil
		})
		closing := asyncErr(func() error { return p.Close(bg) })
		s.letAll()
		require.True(t, m.returned())
		require.True(t, closing.returned())
		require.Equal(t, []int{20, 40, 22, 60, 24}, outs, "what was accepted has run")
		require.ErrorIs(t, last, remuda.ErrCutShort)
		require.ErrorIs(t, last, remuda.ErrPoolClosed)
	})
	bubble(t, "and Stop, for what is queued", func(t *testing.T) {
		s := &stage{}
		p := startKeyed(t, remuda.Config{Initial: 2, Queue: 4}, s.Do)
		p.OnDrop(func(in int, _ error) { t.Errorf("%d has an owner", in) })
		var errs []error
		m := asyncErr(func() error {
			for _, err := range p.Map(bg, slices.Values([]int{10, 20, 11, 12, 30})) {
				errs = append(errs, err)
			}
			return nil
		})
		stop := asyncErr(func() error { return p.Stop(bg) })
		s.letAll()
		require.True(t, m.returned())
		require.True(t, stop.returned())
		require.ElementsMatch(t, []int{10, 20}, s.order())
		require.NoError(t, errs[0])
		require.NoError(t, errs[1])
		for _, err := range errs[2:] {
			require.ErrorIs(t, err, remuda.ErrPoolClosed)
		}
	})
	bubble(t, "a panic of the sequence goes on in the loop, behind the outcomes", func(t *testing.T) {
		p := startKeyed(t, remuda.Config{Initial: 2}, double)
		n := 0
		defer func() {
			broke, _ := recover().(*remuda.PanicError)
			require.NotNil(t, broke)
			require.Equal(t, "seq", broke.Value)
			require.Equal(t, 2, n)
		}()
		for _, err := range p.Map(bg, func(yield func(int) bool) {
			_ = yield(1) && yield(2)
			panic("seq")
		}) {
			mustNil(err)
			n++
		}
	})
	bubble(t, "nothing begins once a context of somebody's own making has ended", func(t *testing.T) {
		s := &stage{deaf: true}
		p := startKeyed(t, remuda.Config{Initial: 1}, s.Do)
		ctx := &tardyContext{Context: bg, done: make(chan struct{})}
		m := asyncErr(func() error {
			for range p.Map(ctx, slices.Values([]int{10, 11, 20})) {
			}
			return nil
		})
		require.Equal(t, []int{10}, s.order())
		ctx.err = errors.New("over") // and its channel is still open
		s.letAll()
		require.Equal(t, []int{10}, s.order())
		close(ctx.done)
		require.True(t, m.returned())
	})
	bubble(t, "calls that can't be", func(t *testing.T) {
		p := startKeyed(t, remuda.Config{}, double)
		for _, err := range p.Map(bg, nil) {
			require.ErrorIs(t, err, remuda.ErrNilJob)
		}
		ended, cancel := context.WithCancel(bg)
		cancel()
		_, err := p.DoAll(ended, []int{1})
		require.ErrorIs(t, err, context.Canceled)
		require.NoError(t, p.CloseWithTimeout(time.Minute))
		_, err = p.DoAll(bg, []int{1})
		require.ErrorIs(t, err, remuda.ErrPoolClosed)
	})
}

// A tardyContext says that it has ended before its channel does.
type tardyContext struct {
	context.Context
	done chan struct{}
	err  error
}

func (c *tardyContext) Done() <-chan struct{} { return c.done }
func (c *tardyContext) Err() error            { return c.err }

// An askedContext calls last when it is asked for its error, after so many questions.
type askedContext struct {
	context.Context
	questions atomic.Int32
	last      func()
}

func (c *askedContext) Err() error {
	if c.questions.Add(-1) == 0 {
		c.last()
	}
	return c.Context.Err()
}
