package remuda_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// startBuilt starts a pool with a builder.
func startBuilt(t *testing.T, cfg remuda.Config, build func() remuda.Job[int, int]) *remuda.Pool[int, int] {
	t.Helper()
	p, err := remuda.NewWithConfig[int, int](cfg)
	require.NoError(t, err)
	require.NoError(t, p.StartWithBuilder(remuda.JobBuilderFunc[int, int](build)))
	closeAfter(t, p)
	return p
}

// A keeper is a job that keeps a state of its own. It is an io.Closer.
type keeper struct {
	runs   int // without a lock: the race detector watches
	busy   atomic.Bool
	closed atomic.Int32
	do     func(context.Context, int) (int, error)
	close  func() error
}

func (c *keeper) Do(ctx context.Context, n int) (int, error) {
	if !c.busy.CompareAndSwap(false, true) {
		return 0, errors.New("used by two at a time")
	}
	defer c.busy.Store(false)
	if c.closed.Load() > 0 {
		return 0, errors.New("used after Close")
	}
	c.runs++
	if c.do != nil {
		return c.do(ctx, n)
	}
	return 2 * n, nil
}

func (c *keeper) Close() error {
	c.closed.Add(1)
	if c.busy.Load() {
		return errors.New("closed in the middle of a run")
	}
	if c.close != nil {
		return c.close()
	}
	return nil
}

// An agency is a builder of keepers, and has their names.
type agency struct {
	mu      sync.Mutex
	keepers []*keeper
	hire    func() *keeper
}

func (o *agency) New() remuda.Job[int, int] {
	c := &keeper{}
	if o.hire != nil {
		c = o.hire()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.keepers = append(o.keepers, c)
	return c
}

func (o *agency) closed() (n int) {
	synctest.Wait()
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, c := range o.keepers {
		n += int(c.closed.Load())
	}
	return n
}

// A built job belongs to one worker, which runs one input at a time, wherever:
// it needs no locks. It is closed once.
func TestBuiltJobNeedsNoLocks(t *testing.T) {
	const workers, each = 4, 200
	o := &agency{}
	p := remuda.Must(remuda.NewWithConfig[int, int](remuda.Config{Initial: workers, Inline: true}))
	require.NoError(t, p.StartWithBuilder(o))
	ctx, _ := ending(t)
	var callers sync.WaitGroup
	for range 2 {
		callers.Go(func() {
			for i := range each {
				_, err := p.Do(ctx, i)
				assert.NoError(t, err)
			}
		})
		callers.Go(func() {
			for i := range each {
				ticket, err := p.Submit(ctx, i)
				if assert.NoError(t, err) {
					_, err = ticket.Wait(ctx)
					assert.NoError(t, err)
				}
			}
		})
		callers.Go(func() {
			for _, err := range p.Map(ctx, counted(each)) {
				assert.NoError(t, err)
			}
		})
		callers.Go(func() {
			for range each / 10 {
				_ = p.Less()
				runtime.Gosched()
				_ = p.More()
			}
		})
	}
	callers.Wait()
	require.NoError(t, p.Close(bg))
	runs := 0
	for _, c := range o.keepers {
		runs += c.runs
		require.Positive(t, c.runs, "a worker that is never needed builds nothing")
		require.EqualValues(t, 1, c.closed.Load())
	}
	require.Equal(t, 6*each, runs)
	require.NoError(t, p.Err())
}

func TestBuilderRunsOncePerWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{}
		o := &agency{hire: func() *keeper { return &keeper{do: s.Do} }}
		p := remuda.Must(remuda.NewWithConfig[int, int](remuda.Config{Initial: 3}))
		require.NoError(t, p.StartWithBuilder(o))
		closeAfter(t, p)
		synctest.Wait()
		require.Empty(t, o.keepers, "before the first run there is none")
		for i := range 12 {
			require.NoError(t, p.TrySend(bg, i))
		}
		require.Len(t, s.order(), 3)
		s.letAll()
		require.Len(t, o.keepers, 3)
		require.NoError(t, p.Close(bg))
		require.Equal(t, 3, o.closed())
	})
}

// A builder that fails, fails the run that needed the job, and is asked again
// for the next.
func TestBuilderThatFails(t *testing.T) {
	ctx, _ := ending(t)
	for name, do := range map[string]func(*remuda.Pool[int, int], int) (int, error){
		"Do inline": func(p *remuda.Pool[int, int], n int) (int, error) { return p.Do(bg, n) },
		"Do":        func(p *remuda.Pool[int, int], n int) (int, error) { return p.Do(ctx, n) },
		"Map": func(p *remuda.Pool[int, int], n int) (out int, err error) {
			for out, err = range p.Map(ctx, func(yield func(int) bool) { yield(n) }) {
			}
			return out, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			var tries atomic.Int32
			p := startBuilt(t, remuda.Config{}, func() remuda.Job[int, int] {
				switch tries.Add(1) {
				case 1:
					panic("not yet")
				case 2:
					return nil
				default:
					return remuda.Func(double)
				}
			})
			_, err := do(p, 1)
			var panicked *remuda.PanicError
			require.ErrorAs(t, err, &panicked)
			require.Equal(t, "not yet", panicked.Value)
			require.Contains(t, string(panicked.Stack), "TestBuilderThatFails")
			_, err = do(p, 2)
			require.ErrorIs(t, err, remuda.ErrNilJob)
			for range 3 {
				out, err := do(p, 3)
				require.NoError(t, err)
				require.Equal(t, 6, out)
			}
			require.EqualValues(t, 3, tries.Load())
			require.EqualValues(t, 2, p.Stats().Failed)
			require.EqualValues(t, 1, p.Stats().Panicked)
		})
	}
}

// The job is closed when its worker ends, after its last run.
func TestBuiltJobIsClosedWithItsWorker(t *testing.T) {
	bubble(t, "by Less", func(t *testing.T) {
		s := &stage{}
		o := &agency{hire: func() *keeper { return &keeper{do: s.Do} }}
		p := remuda.Must(remuda.NewWithConfig[int, int](remuda.Config{Initial: 3}))
		require.NoError(t, p.StartWithBuilder(o))
		closeAfter(t, p)
		idle := asyncErr(func() error { return p.TrySend(bg, 0) }) // will be idle, with a goroutine
		inline := async(func() (int, error) { return p.Do(bg, 1) })
		require.NoError(t, p.TrySend(bg, 2)) // will be busy
		synctest.Wait()
		s.let(0, 1)
		require.True(t, idle.returned() && inline.returned())
		require.Zero(t, o.closed())
		require.NoError(t, p.Resize(0))
		require.Equal(t, 2, o.closed(), "the idle ones")
		s.let(2)
		require.Equal(t, 3, o.closed())
		require.NoError(t, p.Err())
	})

	bubble(t, "by Close, which waits for that", func(t *testing.T) {
		slow := make(chan struct{})
		o := &agency{hire: func() *keeper { return &keeper{close: func() error { <-slow; return nil }} }}
		p := remuda.New[int, int]()
		require.NoError(t, p.StartWithBuilder(o))
		_, err := p.Do(bg, 1)
		require.NoError(t, err)
		closing := asyncErr(func() error { return p.Close(bg) })
		require.False(t, closing.returned())
		close(slow)
		require.True(t, closing.returned())
		require.NoError(t, closing.err)
	})

	bubble(t, "after a run on the goroutine of Do", func(t *testing.T) {
		s := &stage{}
		o := &agency{hire: func() *keeper { return &keeper{do: s.Do} }}
		p := remuda.New[int, int]()
		require.NoError(t, p.StartWithBuilder(o))
		closeAfter(t, p)
		do := async(func() (int, error) { return p.Do(bg, 1) })
		require.NoError(t, p.Less())
		require.Zero(t, o.closed())
		s.letAll()
		require.True(t, do.returned())
		require.Equal(t, 1, o.closed())
	})

	bubble(t, "and Less does not wait for that", func(t *testing.T) {
		slow := make(chan struct{})
		o := &agency{hire: func() *keeper { return &keeper{close: func() error { <-slow; return nil }} }}
		p := remuda.New[int, int]()
		require.NoError(t, p.StartWithBuilder(o))
		closeAfter(t, p)
		_, err := p.Do(bg, 1)
		require.NoError(t, err)
		less := asyncErr(p.Less)
		require.True(t, less.returned())
		close(slow)
	})
}

// Err reports the first error of a Close, unless something else closed the pool.
func TestErrOfClosingABuiltJob(t *testing.T) {
	jammed, broken := errors.New("jammed"), errors.New("broken")
	for name, tt := range map[string]struct {
		close func() error
		run   error
		want  error
	}{
		"an error":             {func() error { return jammed }, nil, jammed},
		"a panic":              {func() error { panic(jammed) }, nil, jammed},
		"after a job's error":  {func() error { return jammed }, broken, broken},
		"nothing, as it ought": {func() error { return nil }, nil, nil},
	} {
		bubble(t, name, func(t *testing.T) {
			p := startBuilt(t, remuda.Config{StopOnErrors: true}, func() remuda.Job[int, int] {
				return &keeper{do: func(context.Context, int) (int, error) { return 0, tt.run }, close: tt.close}
			})
			_, err := p.Do(bg, 1)
			require.ErrorIs(t, err, tt.run)
			_ = p.Close(bg)
			if tt.want == nil {
				require.NoError(t, p.Err())
			} else {
				require.ErrorIs(t, p.Err(), tt.want)
			}
		})
	}
}

// A job that was given to Start is not the pool's to close.
func TestSharedJobIsNotClosed(t *testing.T) {
	c := &keeper{}
	p := remuda.New[int, int]()
	require.NoError(t, p.Start(c))
	_, err := p.Do(bg, 1)
	require.NoError(t, err)
	require.NoError(t, p.Less())
	require.NoError(t, p.Close(bg))
	require.Zero(t, c.closed.Load())
}

// Of several errors from closing jobs, Err is the first.
func TestErrOfClosingBuiltJobsIsTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var errs []error
		p := remuda.Must(remuda.NewWithConfig[int, int](remuda.Config{Initial: 2}))
		require.NoError(t, p.StartWithBuilder(remuda.JobBuilderFunc[int, int](func() remuda.Job[int, int] {
			return clerk{func() error {
				errs = append(errs, fmt.Errorf("close %d", len(errs)))
				return errs[len(errs)-1]
			}}
		})))
		for range 2 {
			_, err := p.Do(bg, 1)
			require.NoError(t, err)
			require.NoError(t, p.Resize(0))
			synctest.Wait()
			require.NoError(t, p.Resize(1))
		}
		require.NoError(t, p.Close(bg))
		require.Len(t, errs, 2)
		require.Equal(t, errs[0], p.Err())
	})
}
