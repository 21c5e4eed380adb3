package remuda_test

import (
	"context"
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

// heap returns what is in use, in bytes.
func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// A queue that was full once gives its memory back when it is empty.
func TestDrainedQueueGivesItsMemoryBack(t *testing.T) {
	type input [64]byte
	const n, slack = 200_000, 1 << 20
	for name, drain := range map[string]func(p *remuda.Pool[input, int]){
		"the workers run it": func(p *remuda.Pool[input, int]) {
			require.NoError(t, p.More())
			for s := p.Stats(); s.Queued+s.Running > 0; s = p.Stats() {
				time.Sleep(time.Millisecond)
			}
			_, err := p.Do(bg, input{}) // the worker has been back by now
			require.NoError(t, err)
		},
		"the workers run it, twice": func(p *remuda.Pool[input, int]) {
			require.NoError(t, p.More())
			for range n {
				require.NoError(t, p.Send(bg, input{}))
			}
			for s := p.Stats(); s.Queued+s.Running > 0; s = p.Stats() {
				time.Sleep(time.Millisecond)
			}
			_, err := p.Do(bg, input{})
			require.NoError(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := startPool(t, remuda.Config{Queue: n, Paused: true}, func(context.Context, input) (int, error) { return 0, nil })
			before := heap()
			for range n {
				require.NoError(t, p.Send(bg, input{}))
			}
			require.Greater(t, heap()-before, n*len(input{}), "they are in there")
			drain(p)
			require.Less(t, heap()-before, slack)
			runtime.KeepAlive(p)
		})
	}
}

type value struct{ _ [64]byte }

type valueKey struct{}

// kept returns a context with a value, and a pointer that is nil once nothing
// keeps that value.
func kept(parent context.Context) (context.Context, weak.Pointer[value]) {
	v := &value{}
	return context.WithValue(parent, valueKey{}, v), weak.Make(v)
}

// collected asserts that nothing keeps what p points to.
func collected[T any](t *testing.T, p weak.Pointer[T]) {
	t.Helper()
	for range 10 {
		runtime.GC()
		if p.Value() == nil {
			return
		}
	}
	assert.Fail(t, "something keeps it")
}

// A ticket that is settled keeps the outcome, and not the context that its input
// came with.
func TestSettledTicketDoesNotKeepItsContext(t *testing.T) {
	p := startPool(t, remuda.Config{}, double)
	endable, cancel := context.WithCancel(bg)
	defer cancel()
	for name, parent := range map[string]context.Context{"that never ends": bg, "that can end": endable} {
		t.Run(name, func(t *testing.T) {
			ctx, ref := kept(parent)
			ticket, err := p.Submit(ctx, 21)
			ctx = nil
			require.NoError(t, err)
			out, err := ticket.Wait(bg)
			require.NoError(t, err)
			require.Equal(t, 42, out)
			_, err = p.Do(endable, 1) // the worker has come back by now
			require.NoError(t, err)
			collected(t, ref)
			runtime.KeepAlive(ticket)
			_ = ctx
		})
	}
}

// givingUp are the ways of calling in which a caller can give up.
var givingUp = map[string]func(ctx context.Context, p *remuda.Pool[*value, int], in *value) error{
	"Do": func(ctx context.Context, p *remuda.Pool[*value, int], in *value) error {
		_, err := p.Do(ctx, in)
		return err
	},
	"Submit": func(ctx context.Context, p *remuda.Pool[*value, int], in *value) error {
		ticket, err := p.Submit(ctx, in)
		if err != nil {
			return err
		}
		<-ticket.Done()
		_, err = ticket.Wait(bg)
		return err
	},
}

// busyPool starts a pool of values whose only worker is busy until release.
func busyPool(t *testing.T, queue int) (p *remuda.Pool[*value, int], release func()) {
	gate := make(chan struct{})
	p = startPool(t, remuda.Config{Queue: queue}, func(context.Context, *value) (int, error) { <-gate; return 0, nil })
	require.NoError(t, p.Send(bg, nil))
	synctest.Wait()
	return p, func() { close(gate); synctest.Wait() }
}

// An input whose caller has given up leaves the queue at once, though no worker
// comes: nothing keeps it, it is counted as dropped, and its place is free.
func TestInputThatIsGivenUpLeavesTheQueue(t *testing.T) {
	for name, call := range givingUp {
		for queue := range 4 {
			bubble(t, fmt.Sprintf("%s, behind %d", name, queue), func(t *testing.T) {
				p, release := busyPool(t, queue+1)
				for range queue {
					require.NoError(t, p.Send(bg, nil))
				}
				ctx, cancel := ending(t)
				in := &value{}
				ref := weak.Make(in)
				given := asyncErr(func() error { return call(ctx, p, in) })
				in = nil
				require.Equal(t, queue+1, p.Stats().Queued)
				next := asyncErr(func() error { return p.Send(bg, nil) })
				require.False(t, next.returned(), "the queue is full")

				cancel()
				require.True(t, given.returned())
				require.ErrorIs(t, given.err, context.Canceled)
				require.True(t, next.returned(), "the place is free")
				s := p.Stats()
				require.Equal(t, queue+1, s.Queued)
				require.EqualValues(t, 1, s.Dropped)
				assertBalanced(t, s)
				collected(t, ref)
				_ = in

				release()
				require.EqualValues(t, queue+2, p.Stats().Succeeded)
				assertIdle(t, p.Stats())
			})
		}
	}
}

// Those that are given up do not pile up where no worker comes, and do not make
// the others change places.
func TestManyInputsThatAreGivenUp(t *testing.T) {
	for name, call := range givingUp {
		bubble(t, name, func(t *testing.T) {
			p, release := busyPool(t, 8)
			for range 4 {
				require.NoError(t, p.Send(bg, nil))
			}
			before := heap()
			for range 2_000 {
				ctx, cancel := context.WithTimeout(bg, time.Second)
				require.ErrorIs(t, call(ctx, p, &value{}), context.DeadlineExceeded)
				cancel()
			}
			require.Equal(t, 4, p.Stats().Queued)
			require.EqualValues(t, 2_000, p.Stats().Dropped)
			require.Less(t, heap()-before, 64<<10)
			release()
			require.EqualValues(t, 5, p.Stats().Succeeded)
		})
	}
}

// What is left keeps its order, whoever gives up before, between or behind it.
func TestOrderOfThoseWhoStay(t *testing.T) {
	for step := 2; step < 5; step++ {
		bubble(t, fmt.Sprint(step), func(t *testing.T) {
			const n = 100
			s := &stage{}
			p := startPool(t, remuda.Config{Queue: n}, s.Do)
			ctx, cancel := ending(t)
			require.NoError(t, p.Send(bg, 0))
			synctest.Wait()
			var want []int
			for i := 1; i < n; i++ {
				if i%step == 0 {
					want = append(want, i)
					require.NoError(t, p.Send(bg, i))
				} else if _, err := p.Submit(ctx, i); err != nil {
					t.Fatal(err)
				}
				if i == n/2 {
					s.let(0) // some are on the workers' side of the queue
				}
			}
			first := len(s.order())
			cancel()
			synctest.Wait()
			s.letAll()
			var stayed []int
			for _, in := range s.order()[1:] {
				if in%step == 0 {
					stayed = append(stayed, in)
				}
			}
			require.Equal(t, want, stayed)
			require.LessOrEqual(t, len(s.order()), first+len(want))
			assertIdle(t, p.Stats())
		})
	}
}

// A stream that has worked through a long backlog keeps none of it, while its
// sequence goes on.
func TestRunningStreamGivesItsMemoryBack(t *testing.T) {
	const n = 200_000
	type input [64]byte
	p := startPool(t, remuda.Config{Queue: n}, func(context.Context, input) (int, error) { return 0, nil })
	before, after := heap(), 0
	var got atomic.Int64
	seq := func(yield func(input) bool) {
		for range n {
			if !yield(input{}) {
				return
			}
		}
		for got.Load() < n { // the loop has consumed all
			runtime.Gosched()
		}
		after = heap()
	}
	for range p.Map(bg, seq) {
		got.Add(1)
	}
	require.Less(t, after-before, 3<<20, "of the 13 MB that waited")
}
