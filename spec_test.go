package remuda_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// This file is the vocabulary of the specification: the tests of the core are
// written in it. Most run in a synctest bubble, where 'blocks' and 'does not
// block' are facts instead of sleeps: after synctest.Wait every goroutine stands
// still, and a time that has passed is a time that somebody waited for.

var bg = context.Background()

// double is the job of tests that care for anything but the job.
func double(_ context.Context, n int) (int, error) { return 2 * n, nil }

// startPool starts a pool that the test leaves closed, and with books that balance.
func startPool[In, Out any](t *testing.T, cfg remuda.Config, job func(context.Context, In) (Out, error), mws ...remuda.Middleware) *remuda.Pool[In, Out] {
	t.Helper()
	p, err := remuda.NewWithConfig[In, Out](cfg, mws...)
	require.NoError(t, err)
	require.NoError(t, p.Start(remuda.Func(job)))
	closeAfter(t, p)
	return p
}

// closeAfter closes the pool after the test and audits it.
func closeAfter[In, Out any](t *testing.T, p *remuda.Pool[In, Out]) {
	t.Cleanup(func() {
		_ = p.CloseWithTimeout(time.Minute)
		<-p.Done()
		assertIdle(t, p.Stats())
	})
}

// assertBalanced asserts what holds in every snapshot.
func assertBalanced(t *testing.T, s remuda.Stats) bool {
	t.Helper()
	sum := uint64(s.Queued+s.Running+s.Yielded) + s.Succeeded + s.Failed + s.Dropped
	ok := s.Accepted == sum && s.Panicked <= s.Failed &&
		min(s.Workers, s.Running, s.Yielded, s.Queued, s.Retired) >= 0
	return assert.True(t, ok, "snapshot does not balance: %+v", s)
}

// assertIdle asserts what holds when nothing is under way.
func assertIdle(t *testing.T, s remuda.Stats) {
	t.Helper()
	assertBalanced(t, s)
	assert.Zero(t, [...]int{s.Queued, s.Running, s.Yielded, s.Retired}, "not idle: %+v", s)
}

// bubble runs f as a subtest in a bubble of its own.
func bubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

// ending returns a context that can end, and the function that ends it.
func ending(t *testing.T) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(bg)
	t.Cleanup(cancel)
	return ctx, cancel
}

// A stage is a job whose runs the test directs: each stands still from when it
// has begun until the test lets it go on, or until its context ends.
type stage struct {
	deaf bool // ignores its context

	mu       sync.Mutex
	begun    []int
	running  int
	most     int
	gates    map[int]chan struct{}
	open     bool
	contexts map[int]context.Context
}

func (s *stage) Do(ctx context.Context, in int) (int, error) {
	gate := s.enter(ctx, in)
	defer s.leave()
	if s.deaf {
		<-gate
		return 2 * in, nil
	}
	select {
	case <-gate:
		return 2 * in, nil
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

func (s *stage) enter(ctx context.Context, in int) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.contexts == nil {
		s.contexts = make(map[int]context.Context)
	}
	s.begun = append(s.begun, in)
	s.contexts[in] = ctx
	s.running++
	s.most = max(s.most, s.running)
	return s.gate(in)
}

func (s *stage) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running--
}

func (s *stage) gate(in int) chan struct{} {
	if s.gates == nil {
		s.gates = make(map[int]chan struct{})
	}
	g := s.gates[in]
	if g == nil {
		g = make(chan struct{})
		s.gates[in] = g
		if s.open {
			close(g)
		}
	}
	return g
}

// let lets the runs of these inputs go on, those that are yet to begin too, and
// waits until everything stands still again.
func (s *stage) let(ins ...int) {
	s.mu.Lock()
	for _, in := range ins {
		close(s.gate(in))
	}
	s.mu.Unlock()
	synctest.Wait()
}

// letAll lets all runs go on, now and from now on.
func (s *stage) letAll() {
	s.mu.Lock()
	s.open = true
	for _, g := range s.gates {
		select {
		case <-g:
		default:
			close(g)
		}
	}
	s.mu.Unlock()
	synctest.Wait()
}

// order returns the inputs in the order in which their runs began.
func (s *stage) order() []int {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.begun)
}

// on returns how many runs are on the stage, and how many there ever were at a time.
func (s *stage) on() (now, most int) {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running, s.most
}

// ctx returns the context that the run of in was given.
func (s *stage) ctx(in int) context.Context {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.contexts[in]
}

// A call is a call on a goroutine of its own.
type call[T any] struct {
	done chan struct{}
	out  T
	err  error
	took time.Duration
}

// async begins a call, and waits until it stands still or has returned.
func async[T any](f func() (T, error)) *call[T] {
	c := &call[T]{done: make(chan struct{})}
	begin := time.Now()
	go func() {
		defer close(c.done)
		c.out, c.err = f()
		c.took = time.Since(begin)
	}()
	synctest.Wait()
	return c
}

// asyncErr is async for a call that returns just an error.
func asyncErr(f func() error) *call[remuda.Void] {
	return async(func() (remuda.Void, error) { return remuda.Void{}, f() })
}

// returned reports whether the call has returned, once everything stands still.
func (c *call[T]) returned() bool {
	synctest.Wait()
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// wait returns the call's outcome, for which it waits as long as it takes.
func (c *call[T]) wait() (T, error) {
	<-c.done
	return c.out, c.err
}

// counted returns the sequence 0, 1, ... n-1.
func counted(n int) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// upTo returns the slice 0, 1, ... n-1.
func upTo(n int) []int { return slices.Collect(counted(n)) }
