package remuda_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// sourceFunc is a source of the test's own.
type sourceFunc func(ctx context.Context) (int, error)

func (f sourceFunc) Next(ctx context.Context) (int, error) { return f(ctx) }

// startFrom starts a pool that is fed by a source, and that the test leaves
// closed.
func startFrom[In any](t *testing.T, src remuda.Source[In], cfg remuda.Config, job func(context.Context, In) (int, error)) *remuda.Pool[In, int] {
	t.Helper()
	p, err := remuda.NewFrom[In, int](src, cfg)
	require.NoError(t, err)
	require.NoError(t, p.Start(remuda.Func(job)))
	closeAfter(t, p)
	return p
}

func TestFromChan(t *testing.T) {
	bubble(t, "runs what is received, and ends when the channel is closed", func(t *testing.T) {
		ch := make(chan int, 10)
		s := &stage{}
		p := startFrom(t, remuda.FromChan(ch), remuda.Config{Initial: 2}, s.Do)
		for i := range 5 {
			ch <- i
		}
		close(ch)
		require.Len(t, s.order(), 2)
		require.Len(t, ch, 3, "an input is taken when a worker is there for it")
		s.let(0, 1)
		require.Len(t, ch, 1)
		s.letAll()
		<-p.Done()
		require.NoError(t, p.Err(), "the end of the inputs is no failure")
		require.ElementsMatch(t, upTo(5), s.order())
		require.EqualValues(t, 5, p.Stats().Succeeded)
		require.NoError(t, p.Close(bg))
	})

	bubble(t, "leaves in the channel what comes after Close", func(t *testing.T) {
		for range 20 {
			ch := make(chan int, 10)
			p := startFrom(t, remuda.FromChan(ch), remuda.Config{Initial: 4}, double)
			ch <- 1
			synctest.Wait()
			require.NoError(t, p.Close(bg))
			ch <- 2
			require.Len(t, ch, 1)
			require.EqualValues(t, 1, p.Stats().Accepted)
		}
	})

	bubble(t, "hands out nothing once the context has ended", func(t *testing.T) {
		ch := make(chan int, 1)
		ch <- 1
		ended, cancel := ending(t)
		cancel()
		for range 100 { // a select would toss a coin
			_, err := remuda.FromChan(ch).Next(ended)
			require.ErrorIs(t, err, context.Canceled)
		}
	})

	bubble(t, "with no workers left waits for some", func(t *testing.T) {
		ch := make(chan int, 10)
		s := &stage{}
		p := startFrom(t, remuda.FromChan(ch), remuda.Config{Paused: true}, s.Do)
		ch <- 0
		require.Empty(t, s.order())
		require.NoError(t, p.More())
		require.Equal(t, []int{0}, s.order())
		s.letAll()
	})
}

func TestFromSeq(t *testing.T) {
	bubble(t, "runs the sequence, one input at a time, and ends with it", func(t *testing.T) {
		var inside atomic.Int32
		begun := false
		seq := func(yield func(int) bool) {
			begun = true
			for i := range 20 {
				assert.EqualValues(t, 1, inside.Add(1))
				time.Sleep(time.Millisecond)
				inside.Add(-1)
				if !yield(i) {
					return
				}
			}
		}
		src := remuda.FromSeq(seq)
		synctest.Wait()
		require.False(t, begun, "nobody has asked for an input")
		s := &stage{}
		s.letAll()
		p := startFrom(t, src, remuda.Config{Initial: 3}, s.Do)
		<-p.Done()
		require.NoError(t, p.Err())
		require.ElementsMatch(t, upTo(20), s.order())
	})

	bubble(t, "stops the sequence when the pool has ended", func(t *testing.T) {
		var stopped atomic.Bool
		p := startFrom(t, remuda.FromSeq(func(yield func(int) bool) {
			defer stopped.Store(true)
			for i := 0; yield(i); i++ {
				time.Sleep(time.Second)
			}
		}), remuda.Config{Initial: 3}, double)
		time.Sleep(10*time.Second + 1)
		synctest.Wait()
		closing := asyncErr(func() error { return p.Close(bg) })
		require.False(t, stopped.Load())
		require.False(t, closing.returned(), "the pool cannot interrupt a sequence")
		_, err := closing.wait()
		require.NoError(t, err)
		require.True(t, stopped.Load())
		require.NoError(t, p.Err())
	})

	bubble(t, "that is never used leaves nothing behind", func(t *testing.T) {
		p := remuda.Must(remuda.NewFrom[int, int](remuda.FromSeq(counted(3)), remuda.Config{}))
		require.NoError(t, p.Close(bg))
	})

	bubble(t, "ends a worker that is retired while it waits for its turn", func(t *testing.T) {
		more := make(chan struct{})
		p := startFrom(t, remuda.FromSeq(func(yield func(int) bool) {
			for i := 0; i < 5 && yield(i); i++ {
				<-more
			}
		}), remuda.Config{Initial: 3}, double)
		synctest.Wait()
		require.NoError(t, p.Resize(0))
		synctest.Wait()
		require.Equal(t, 1, p.Stats().Retired, "one is in the sequence")
		close(more)
		synctest.Wait()
		require.Zero(t, p.Stats().Retired)
		require.EqualValues(t, 2, p.Stats().Succeeded, "what it got all the same")
		require.NoError(t, p.More())
		<-p.Done()
		require.EqualValues(t, 5, p.Stats().Succeeded)
	})
}

// A panic of the sequence ends the pool, whoever else waits for the sequence.
func TestSequenceOfASourceThatPanics(t *testing.T) {
	broken := errors.New("broken sequence")
	for _, workers := range []int{1, 8} {
		for range 100 {
			p := remuda.Must(remuda.NewFrom[int, int](remuda.FromSeq(brokenSequence(broken)), remuda.Config{Initial: workers}))
			err := p.Run(bg, remuda.Func(double))
			var panicked *remuda.PanicError
			require.ErrorAs(t, err, &panicked)
			require.ErrorIs(t, err, broken)
			require.EqualValues(t, 3, p.Stats().Succeeded)
		}
	}
	for range 100 {
		p := remuda.Must(remuda.NewFrom[int, int](remuda.FromSeq(func(yield func(int) bool) {
			yield(1)
			runtime.Goexit()
		}), remuda.Config{Initial: 4}))
		require.ErrorIs(t, p.Run(bg, remuda.Func(double)), remuda.ErrGoexit)
	}
}

func TestSourceThatFails(t *testing.T) {
	for name, tt := range map[string]struct {
		fail func() error
		want string
	}{
		"an error": {func() error { return errors.New("line down") }, "remuda: source: line down"},
		"a panic":  {func() error { panic("line down") }, "remuda: source: remuda: job panicked: line down (remuda_test."},
		"Goexit":   {func() error { runtime.Goexit(); return nil }, "remuda: source: " + remuda.ErrGoexit.Error()},
		"io.EOF":   {func() error { return io.EOF }, ""},
		"no end":   {func() error { return fmt.Errorf("line down: %w", io.EOF) }, "remuda: source: line down: EOF"},
	} {
		bubble(t, "with "+name, func(t *testing.T) {
			var n atomic.Int32
			s := &stage{}
			p := startFrom(t, sourceFunc(func(ctx context.Context) (int, error) {
				switch i := n.Add(1); i {
				case 1, 2:
					return int(i), nil
				case 3:
					return 0, tt.fail()
				default:
					<-ctx.Done()
					return 0, ctx.Err()
				}
			}), remuda.Config{Initial: 4}, s.Do)
			require.ElementsMatch(t, []int{1, 2}, s.order())
			require.NoError(t, s.ctx(1).Err(), "runs under way go on to their end")
			require.ErrorIs(t, p.More(), remuda.ErrPoolClosed)
			select {
			case <-p.Done():
				t.Fatal("runs are under way")
			default:
			}
			s.letAll()
			<-p.Done()
			require.EqualValues(t, 2, p.Stats().Succeeded)
			if tt.want == "" {
				require.NoError(t, p.Err())
			} else {
				require.ErrorContains(t, p.Err(), tt.want)
			}
		})
	}
}

// The context of Next ends when its worker is to end. What Next answers to that
// is no failure of the source; an input that it returns all the same still runs.
func TestSourceIsToldOfTheEnd(t *testing.T) {
	for name, end := range map[string]func(*remuda.Pool[int, int]) error{
		"Less":  func(p *remuda.Pool[int, int]) error { return p.Less() },
		"Close": func(p *remuda.Pool[int, int]) error { return p.Close(bg) },
	} {
		bubble(t, name, func(t *testing.T) {
			p := startFrom(t, sourceFunc(func(ctx context.Context) (int, error) {
				<-ctx.Done()
				return 0, errors.New("told to stop")
			}), remuda.Config{}, double)
			synctest.Wait()
			require.NoError(t, end(p))
			synctest.Wait()
			require.Empty(t, goroutines())
			require.NoError(t, p.Err())
		})

		bubble(t, name+", with an input all the same", func(t *testing.T) {
			p := startFrom(t, sourceFunc(func(ctx context.Context) (int, error) {
				<-ctx.Done()
				return 21, nil
			}), remuda.Config{}, double)
			synctest.Wait()
			require.NoError(t, end(p))
			synctest.Wait()
			require.EqualValues(t, 1, p.Stats().Succeeded)
		})
	}

	// Even a worker that is to end may be the one to see that the source is dry,
	// or that it is broken for good.
	bubble(t, "and may come to the end of the inputs then", func(t *testing.T) {
		p := startFrom(t, sourceFunc(func(ctx context.Context) (int, error) {
			<-ctx.Done()
			return 0, io.EOF
		}), remuda.Config{Initial: 2}, double)
		synctest.Wait()
		require.NoError(t, p.Less())
		<-p.Done()
		require.NoError(t, p.Err())
	})
	bubble(t, "and may panic then", func(t *testing.T) {
		p := startFrom(t, sourceFunc(func(ctx context.Context) (int, error) {
			<-ctx.Done()
			panic("broken")
		}), remuda.Config{Initial: 2}, double)
		synctest.Wait()
		require.NoError(t, p.Less())
		<-p.Done()
		require.ErrorContains(t, p.Err(), "broken")
	})
}

// A source that is an io.Closer is closed once, after the last worker.
func TestSourceIsClosed(t *testing.T) {
	noisy := errors.New("cannot close")
	for name, tt := range map[string]struct {
		close func() error
		want  error
	}{
		"in good order": {func() error { return nil }, nil},
		"with an error": {func() error { return noisy }, noisy},
		"with a panic":  {func() error { panic(noisy) }, noisy},
	} {
		bubble(t, name, func(t *testing.T) {
			src := &tidySource{end: tt.close}
			p := startFrom[int](t, src, remuda.Config{Initial: 3}, func(ctx context.Context, n int) (int, error) {
				src.running.Add(1)
				defer src.running.Add(-1)
				time.Sleep(time.Second)
				return n, nil
			})
			synctest.Wait()
			require.NoError(t, p.Close(bg))
			require.EqualValues(t, 1, src.closed.Load())
			require.ErrorIs(t, p.Err(), tt.want)
		})
	}
}

type tidySource struct {
	end             func() error
	running, closed atomic.Int32
}

func (s *tidySource) Next(context.Context) (int, error) { return 1, nil }

func (s *tidySource) Close() error {
	s.closed.Add(1)
	if s.running.Load() > 0 {
		return errors.New("closed under a worker")
	}
	return s.end()
}

// A source of nothing is refused where it is handed over: a nil channel would
// have the workers wait forever, and a nil sequence would panic.
func TestSourceOfNothing(t *testing.T) {
	for _, src := range []remuda.Source[int]{remuda.FromChan[int](nil), remuda.FromSeq[int](nil)} {
		_, err := remuda.NewFrom[int, int](src, remuda.Config{})
		require.ErrorIs(t, err, remuda.ErrNilJob)
	}
}

// An error comes without an input: what is returned with it does not run.
func TestInputBesideAnError(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		p := startFrom(t, sourceFunc(func(context.Context) (int, error) { return 1, io.EOF }), remuda.Config{}, double)
		<-p.Done()
		require.NoError(t, p.Err())
		require.Zero(t, p.Stats().Accepted)
	})
}

func TestSourceFedPoolTakesNothingElse(t *testing.T) {
	p := startFrom(t, remuda.FromChan(make(chan int)), remuda.Config{}, double)
	for name, err := range refusals(bg, p) {
		switch name {
		case "More", "Less", "Resize":
			assert.NoError(t, err, name)
		default:
			assert.ErrorIs(t, err, remuda.ErrSourceFed, name)
		}
	}
}

// A source that never ends and hands out nothing.
func TestForever(t *testing.T) {
	_, err := remuda.Forever().Next(bg)
	require.NoError(t, err)
}

// The workers of a loop run the job non-stop, each on its own.
func TestNewLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		runs := make(map[int]int) // by worker
		p := remuda.Must(remuda.NewLoop(remuda.Config{Initial: 2, Max: 3}))
		require.NoError(t, p.Start(remuda.Func(func(ctx context.Context, _ remuda.Void) (remuda.Void, error) {
			info, _ := remuda.InfoFrom(ctx)
			mu.Lock()
			runs[info.Worker]++
			n := runs[info.Worker]
			mu.Unlock()
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
			}
			switch n {
			case 3:
				panic("a bad day")
			case 4:
				runtime.Goexit()
			case 5:
				return remuda.Void{}, errors.New("a bad day")
			}
			return remuda.Void{}, nil
		})))
		closeAfter(t, p)
		time.Sleep(10*time.Second + time.Millisecond)
		synctest.Wait()
		require.Equal(t, map[int]int{1: 11, 2: 11}, runs, "no run costs a worker")
		require.Equal(t, 2, p.Stats().Running)
		require.EqualValues(t, 2*3, p.Stats().Failed)
		require.EqualValues(t, 2, p.Stats().Panicked)

		require.NoError(t, p.More())
		require.ErrorIs(t, p.More(), remuda.ErrMaxReached)
		require.NoError(t, p.Resize(1))
		synctest.Wait()
		require.Len(t, goroutines(), 1)
		time.Sleep(2 * time.Second)
		require.NoError(t, p.Close(bg))
		require.NoError(t, p.Err())
		stats := p.Stats()
		sum := uint64(0)
		for _, n := range runs {
			sum += uint64(n)
		}
		require.Equal(t, sum, stats.Accepted)
		require.Equal(t, sum, stats.Succeeded+stats.Failed)
	})
}

// A builder makes a job for each worker here, too, and fails the run if it does.
func TestSourceFedPoolWithBuilder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ch := make(chan int, 10)
		for i := range 6 {
			ch <- i
		}
		close(ch)
		var built atomic.Int32
		p := remuda.Must(remuda.NewFrom[int, int](remuda.FromChan(ch), remuda.Config{}))
		err := p.RunWithBuilder(bg, remuda.JobBuilderFunc[int, int](func() remuda.Job[int, int] {
			switch built.Add(1) {
			case 1:
				panic("not yet")
			case 2:
				return nil
			case 3:
				runtime.Goexit()
			}
			return remuda.Func(double)
		}))
		require.NoError(t, err)
		require.EqualValues(t, 4, built.Load())
		stats := p.Stats()
		require.EqualValues(t, 3, stats.Succeeded)
		require.EqualValues(t, 3, stats.Failed)
		require.EqualValues(t, 1, stats.Panicked)
		require.EqualValues(t, 6, stats.Accepted)
	})
}

// A worker that waits for its source keeps nothing of its last run alive.
func TestWorkersOfASourceKeepNothingAlive(t *testing.T) {
	type load struct{ _ [1 << 16]byte }
	synctest.Test(t, func(t *testing.T) {
		ch := make(chan *load)
		p, err := remuda.NewFrom[*load, *load](remuda.FromChan(ch), remuda.Config{})
		require.NoError(t, err)
		require.NoError(t, p.Start(remuda.Func(func(_ context.Context, in *load) (*load, error) { return in, nil })))
		ref := func() weak.Pointer[load] {
			in := &load{}
			ch <- in
			return weak.Make(in)
		}()
		synctest.Wait()
		runtime.GC()
		runtime.GC()
		require.Nil(t, ref.Value())
		require.NoError(t, p.Close(bg))
	})
}
