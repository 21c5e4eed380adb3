package remuda_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// drops is what OnDrop was told.
type drops struct {
	mu   sync.Mutex
	ins  []int
	errs []error
}

func (d *drops) tell(in int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ins, d.errs = append(d.ins, in), append(d.errs, err)
}

// told returns the inputs, in the order in which OnDrop was told of them.
func (d *drops) told() []int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]int{}, d.ins...)
}

// queueUp starts a pool whose only worker is busy until it is cancelled, with so
// many inputs queued, counted from 1.
func queueUp(t *testing.T, n int) *remuda.Pool[int, int] {
	p := startPool(t, remuda.Config{Queue: n}, untilCancelled)
	require.NoError(t, p.Send(bg, 0))
	synctest.Wait()
	for i := range n {
		require.NoError(t, p.Send(bg, 1+i))
	}
	return p
}

// cut closes a pool at once, with a context that has ended.
func cut(p *remuda.Pool[int, int]) error {
	ctx, cancel := context.WithCancel(bg)
	cancel()
	return p.Close(ctx)
}

func TestOnDropMayBeSetAtAnyTime(t *testing.T) {
	for name, set := range map[string]func(p *remuda.Pool[int, int], d *drops){
		"once": func(p *remuda.Pool[int, int], d *drops) { p.OnDrop(d.tell) },
		"replaced": func(p *remuda.Pool[int, int], d *drops) {
			p.OnDrop(func(int, error) { panic("old") })
			p.OnDrop(d.tell)
		},
		"and again after nil": func(p *remuda.Pool[int, int], d *drops) {
			p.OnDrop(nil)
			p.OnDrop(d.tell)
		},
	} {
		bubble(t, "while it runs, "+name, func(t *testing.T) {
			p := queueUp(t, 3)
			var d drops
			set(p, &d)
			require.ErrorIs(t, cut(p), context.Canceled)
			require.Equal(t, []int{1, 2, 3}, d.told())
			require.EqualValues(t, 3, p.Stats().Dropped)
		})
	}

	bubble(t, "before Start", func(t *testing.T) {
		p := remuda.New[int, int]()
		var d drops
		p.OnDrop(d.tell)
		require.NoError(t, p.Start(remuda.Func(untilCancelled)))
		closeAfter(t, p)
		require.NoError(t, p.Send(bg, 0))
		require.NoError(t, p.Send(bg, 1))
		synctest.Wait()
		require.Error(t, cut(p))
		require.Equal(t, []int{1}, d.told())
	})

	bubble(t, "while it closes", func(t *testing.T) {
		p := queueUp(t, 2)
		ctx, cancel := ending(t)
		closing := asyncErr(func() error { return p.Close(ctx) })
		var d drops
		p.OnDrop(d.tell)
		cancel()
		require.True(t, closing.returned())
		require.Equal(t, []int{1, 2}, d.told())
	})

	bubble(t, "and unset", func(t *testing.T) {
		p := queueUp(t, 2)
		var d drops
		p.OnDrop(d.tell)
		p.OnDrop(nil)
		require.Error(t, cut(p))
		require.Empty(t, d.told())
		require.EqualValues(t, 2, p.Stats().Dropped)
		p.OnDrop(d.tell) // too late, and no fault
	})
}

// misbehaving is what the function may do wrong, and whether a panic goes on.
var misbehaving = map[string]struct {
	fault  func(in int)
	panics bool
}{
	"panics":               {func(in int) { panic(fmt.Sprint("drop ", in)) }, true},
	"ends its goroutine":   {func(int) { runtime.Goexit() }, false},
	"panics with an error": {func(in int) { panic(errors.New(fmt.Sprint("drop ", in))) }, true},
}

// A function that misbehaves costs its own call. All others are told, in order,
// and only then does what it did go on, on the goroutine that called Close.
func TestOnDropThatMisbehaves(t *testing.T) {
	for name, bad := range misbehaving {
		for which, at := range map[string]func(in int) bool{
			"at the first":     func(in int) bool { return in == 1 },
			"in the middle":    func(in int) bool { return in == 3 },
			"at the last":      func(in int) bool { return in == 5 },
			"at the first two": func(in int) bool { return in <= 2 },
			"each time":        func(int) bool { return true },
		} {
			bubble(t, name+" "+which, func(t *testing.T) {
				p := startPool(t, remuda.Config{Queue: 16}, untilCancelled)
				var calls []int
				p.OnDrop(func(in int, err error) {
					calls = append(calls, in)
					assert.ErrorIs(t, err, remuda.ErrPoolClosed)
					if at(in) {
						bad.fault(in)
					}
				})
				for i := range 6 {
					require.NoError(t, p.Send(bg, i))
					synctest.Wait()
				}
				ticket, err := p.Submit(bg, 6)
				require.NoError(t, err)
				do := async(func() (int, error) { return p.Do(bg, 7) })

				var went any
				returned := false
				done := make(chan struct{})
				go func() {
					defer close(done)
					defer func() {
						if bad.panics {
							went = recover()
						}
					}()
					_ = cut(p)
					returned = true
				}()
				<-done
				require.False(t, returned, "it goes on where Close was called")
				require.Equal(t, upTo(6)[1:], calls)
				if bad.panics {
					first := 1
					for ; !at(first); first++ {
					}
					require.Equal(t, fmt.Sprint("drop ", first), fmt.Sprint(went), "the first of them")
				}
				_, err = ticket.Wait(bg)
				require.ErrorIs(t, err, remuda.ErrPoolClosed)
				_, err = do.wait()
				require.ErrorIs(t, err, remuda.ErrPoolClosed)
				<-p.Done()
				s := p.Stats()
				require.EqualValues(t, 7, s.Dropped)
				require.EqualValues(t, 1, s.Failed)
				assertIdle(t, s)
				require.ErrorIs(t, cut(p), remuda.ErrPoolClosed)
			})
		}
	}
}

// However many calls go wrong, the stack does not grow with them.
func TestOnDropThatMisbehavesForMany(t *testing.T) {
	for name, bad := range misbehaving {
		bubble(t, name, func(t *testing.T) {
			const n = 10_000
			p := queueUp(t, n)
			told := 0
			p.OnDrop(func(in int, _ error) { told++; bad.fault(in) })
			done := make(chan struct{})
			go func() {
				defer close(done)
				defer func() { _ = recover() }()
				_ = cut(p)
			}()
			<-done
			require.Equal(t, n, told)
			require.EqualValues(t, n, p.Stats().Dropped)
		})
	}
}

// A panic that nobody can be shown any more, since another one is under way, is
// not lost.
func TestOnDropThatPanicsTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := queueUp(t, 2)
		p.OnDrop(func(in int, _ error) { panic(fmt.Sprint("drop ", in)) })
		require.PanicsWithValue(t, "drop 1", func() { _ = cut(p) })
		var broke *remuda.PanicError
		require.ErrorAs(t, p.Err(), &broke)
		require.Equal(t, "drop 2", broke.Value)
	})
}

// The function may call its pool.
func TestOnDropMayCallItsPool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := queueUp(t, 3)
		var n uint64
		p.OnDrop(func(in int, err error) {
			n++
			s := p.Stats()
			assert.EqualValues(t, 3, s.Dropped, "counted before anybody is told")
			assert.Zero(t, s.Queued)
			assertBalanced(t, s)
			assert.ErrorIs(t, p.Send(bg, in), remuda.ErrPoolClosed)
			assert.ErrorIs(t, p.More(), remuda.ErrPoolClosed)
			assert.Error(t, cut(p))
			p.OnDrop(nil) // the others are told all the same
		})
		require.Error(t, cut(p))
		require.EqualValues(t, 3, n)
	})
}
