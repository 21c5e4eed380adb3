package remuda_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

// A diary writes down what comes by.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) note(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

func (d *diary) read() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.lines)
}

// named is a middleware that notes when a run comes in and goes out.
func (d *diary) named(name string) remuda.Middleware {
	return remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
		d.note("wrap %s", name)
		return func(ctx context.Context) error {
			d.note("%s in", name)
			err := next(ctx)
			d.note("%s out: %v", name, err)
			return err
		}
	})
}

// The first is outermost: New(A, B) runs A(B(job)), and so does Wrap.
func TestFirstMiddlewareIsOutermost(t *testing.T) {
	d := &diary{}
	job := remuda.Func(func(context.Context, int) (int, error) {
		d.note("job")
		return 7, errBroken
	})
	run := []string{"A in", "B in", "job", "B out: broken", "A out: broken"}

	p := remuda.New[int, int](d.named("A"), d.named("B"))
	require.NoError(t, p.Start(job))
	require.Empty(t, d.read(), "the chain is made for the first run of a worker")
	for range 2 {
		out, err := p.Do(bg, 1)
		require.Equal(t, errBroken, err)
		require.Equal(t, 7, out)
	}
	require.Equal(t, slices.Concat([]string{"wrap B", "wrap A"}, run, run), d.read(), "and once")
	require.NoError(t, p.Close(bg))

	d.lines = nil
	wrapped := remuda.Wrap(job, d.named("A"), d.named("B"))
	out, err := wrapped.Do(bg, 1)
	require.Equal(t, errBroken, err)
	require.Equal(t, 7, out)
	require.Equal(t, slices.Concat([]string{"wrap B", "wrap A"}, run), d.read())

	// What wraps a job lies inside of what wraps the pool.
	d.lines = nil
	p = remuda.New[int, int](d.named("pool"))
	require.NoError(t, p.Start(remuda.Wrap(job, d.named("job"))))
	_, err = p.Do(bg, 1)
	require.Equal(t, errBroken, err)
	require.Equal(t, []string{"pool in", "job in", "job", "job out: broken", "pool out: broken"},
		slices.DeleteFunc(d.read(), func(l string) bool { return strings.HasPrefix(l, "wrap") }))
	require.NoError(t, p.Close(bg))
}

// State in Wrap's own variables belongs to one worker; state in the receiver is
// shared by all.
type tallies struct {
	total   atomic.Int64
	mu      sync.Mutex
	workers []*int
}

func (s *tallies) Wrap(next remuda.Handler) remuda.Handler {
	own := new(int)
	s.mu.Lock()
	s.workers = append(s.workers, own)
	s.mu.Unlock()
	return func(ctx context.Context) error {
		s.total.Add(1)
		*own++ // without a lock: the race detector watches
		return next(ctx)
	}
}

func TestMiddlewareStateBelongsToOneWorker(t *testing.T) {
	const workers, n = 3, 300
	s := &tallies{}
	p := startPool(t, remuda.Config{Initial: workers}, func(_ context.Context, n int) (int, error) {
		runtime.Gosched()
		return n, nil
	}, s)
	ctx, _ := ending(t)
	var callers sync.WaitGroup
	callers.Go(func() {
		for i := range n {
			_, _ = p.Do(bg, i)
		}
	})
	callers.Go(func() {
		for i := range n {
			_, _ = p.Do(ctx, i)
		}
	})
	for range p.Map(ctx, counted(n)) {
	}
	callers.Wait()
	require.NoError(t, p.Close(bg))
	require.EqualValues(t, 3*n, s.total.Load())
	require.LessOrEqual(t, len(s.workers), workers)
	sum := 0
	for _, own := range s.workers {
		sum += *own
	}
	require.Equal(t, 3*n, sum)
}

// A middleware decides whether the job runs, how often, with which context, and
// what the run's error is.
func TestMiddlewareIsInControl(t *testing.T) {
	wrap := func(h func(ctx context.Context, next remuda.Handler) error) remuda.Middleware {
		return remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
			return func(ctx context.Context) error { return h(ctx, next) }
		})
	}
	for name, tt := range map[string]struct {
		mw   remuda.Middleware
		out  int
		err  error
		runs int
	}{
		"not at all": {wrap(func(context.Context, remuda.Handler) error { return errBroken }), 0, errBroken, 0},
		"without a failure, but not at all": {
			wrap(func(context.Context, remuda.Handler) error { return nil }), 0, nil, 0,
		},
		"three times": {wrap(func(ctx context.Context, next remuda.Handler) error {
			return errors.Join(next(ctx), next(ctx), next(ctx))
		}), 3, nil, 3},
		"with its own error": {wrap(func(ctx context.Context, next remuda.Handler) error {
			_ = next(ctx)
			return errBroken
		}), 1, errBroken, 1},
		"with its own context": {wrap(func(ctx context.Context, next remuda.Handler) error {
			return next(context.WithValue(ctx, key("step"), 10))
		}), 10, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			runs := 0
			job := remuda.Func(func(ctx context.Context, n int) (int, error) {
				runs++
				if step, ok := ctx.Value(key("step")).(int); ok {
					return step, nil
				}
				return runs, nil
			})
			p := startPool(t, remuda.Config{}, job.Do, tt.mw)
			out, err := p.Do(bg, 1)
			assert.Equal(t, tt.out, out)
			assert.Equal(t, tt.err, err)
			assert.Equal(t, tt.runs, runs)

			runs = 0
			out, err = remuda.Wrap(job, tt.mw).Do(bg, 1)
			assert.Equal(t, tt.out, out)
			assert.Equal(t, tt.err, err)
			assert.Equal(t, tt.runs, runs)
		})
	}
}

func TestWrap(t *testing.T) {
	t.Run("without middleware is the job", func(t *testing.T) {
		job := &stage{}
		require.Same(t, job, remuda.Wrap[int, int](job))
	})

	t.Run("is safe for concurrent use", func(t *testing.T) {
		s := &tallies{}
		job := remuda.Wrap(remuda.Func(double), s)
		var callers sync.WaitGroup
		for range 4 {
			callers.Go(func() {
				for i := range 200 {
					out, err := job.Do(bg, i)
					assert.NoError(t, err)
					assert.Equal(t, 2*i, out)
				}
			})
		}
		callers.Wait()
		require.EqualValues(t, 800, s.total.Load())
	})

	t.Run("hands a job's panic to the middleware, and its own to the caller", func(t *testing.T) {
		d := &diary{}
		job := remuda.Wrap(remuda.Func(fails), d.named("A"))
		_, err := job.Do(bg, 2)
		var panicked *remuda.PanicError
		require.ErrorAs(t, err, &panicked)
		require.Contains(t, string(panicked.Stack), "panicsInsideTheJob")
		got := d.read()
		require.Equal(t, []string{"wrap A", "A in"}, got[:len(got)-1])
		require.Contains(t, got[len(got)-1], "A out: remuda: job panicked: value (remuda_test.panicsInsideTheJob")

		job = remuda.Wrap(remuda.Func(double), remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
			return func(ctx context.Context) error { panic(errBroken) }
		}))
		for range 3 {
			require.PanicsWithValue(t, errBroken, func() { _, _ = job.Do(bg, 1) })
		}
	})

	t.Run("survives runtime.Goexit", func(t *testing.T) {
		job := remuda.Wrap(remuda.Func(fails), (&diary{}).named("A"))
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = job.Do(bg, 5)
			t.Error("Do has returned")
		}()
		<-done
		out, err := job.Do(bg, 21)
		require.NoError(t, err)
		require.Equal(t, 42, out)
	})
}

// An idle pool keeps no input and no output alive.
func TestIdleWorkersKeepNothingAlive(t *testing.T) {
	type load struct{ _ [1 << 16]byte }
	for _, layers := range []int{0, 1} {
		for name, handOver := range map[string]func(ctx context.Context, p *remuda.Pool[*load, *load], in *load){
			"Do":        func(ctx context.Context, p *remuda.Pool[*load, *load], in *load) { _, _ = p.Do(ctx, in) },
			"Do inline": func(_ context.Context, p *remuda.Pool[*load, *load], in *load) { _, _ = p.Do(bg, in) },
			"Send":      func(ctx context.Context, p *remuda.Pool[*load, *load], in *load) { _ = p.Send(ctx, in) },
			"TrySend":   func(_ context.Context, p *remuda.Pool[*load, *load], in *load) { _ = p.TrySend(bg, in) },
			"Submit":    func(ctx context.Context, p *remuda.Pool[*load, *load], in *load) { _, _ = p.Submit(ctx, in) },
			"Map": func(ctx context.Context, p *remuda.Pool[*load, *load], in *load) {
				for range p.Map(ctx, func(yield func(*load) bool) { yield(in) }) {
				}
			},
			"blocked Send": func(ctx context.Context, p *remuda.Pool[*load, *load], in *load) {
				_ = p.Resize(0)
				_ = p.TrySend(bg, nil)
				ctx, cancel := context.WithTimeout(ctx, time.Second)
				defer cancel()
				_ = p.Send(ctx, in)
				_ = p.Resize(2)
			},
		} {
			bubble(t, fmt.Sprintf("%s, %d middlewares", name, layers), func(t *testing.T) {
				var outs []weak.Pointer[load]
				p := startPool(t, remuda.Config{Initial: 2, Queue: 1}, func(_ context.Context, in *load) (*load, error) {
					out := &load{}
					outs = append(outs, weak.Make(out))
					return out, nil
				}, slices.Repeat([]remuda.Middleware{&tallies{}}, layers)...)
				ctx, _ := ending(t)
				in := &load{}
				ref := weak.Make(in)
				handOver(ctx, p, in)
				synctest.Wait()
				runtime.GC()
				runtime.GC()
				assert.Nil(t, ref.Value(), "the input")
				for _, out := range outs {
					assert.Nil(t, out.Value(), "the output")
				}
				runtime.KeepAlive(p)
			})
		}
	}
}

// A middleware that hands back the handler as it is adds nothing to a run.
func TestMiddlewareThatAddsNothing(t *testing.T) {
	nothing := remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler { return next })
	something := remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
		return func(ctx context.Context) error { return next(ctx) }
	})
	depth := func(mws ...remuda.Middleware) (frames int) {
		p := startPool(t, remuda.Config{}, func(_ context.Context, n int) (int, error) {
			frames = runtime.Callers(0, make([]uintptr, 100))
			return n, nil
		}, mws...)
		_, err := p.Do(bg, 1)
		require.NoError(t, err)
		return frames
	}
	require.Equal(t, depth(), depth(nothing))
	require.Equal(t, depth(), depth(middleware.Logger(nil), middleware.Rate(nil), middleware.Limit(nil)))
	require.Less(t, depth(), depth(something))
	require.Equal(t, depth(something), depth(nothing, something, nothing))
}
