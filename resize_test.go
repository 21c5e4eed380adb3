package remuda_test

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

func TestMoreLessResizeStayWithinBounds(t *testing.T) {
	p := startPool(t, remuda.Config{Min: 1, Max: 3, Initial: 2}, double)
	for _, step := range []struct {
		name string
		do   func() error
		err  error
		want int
	}{
		{"More", p.More, nil, 3},
		{"More at Max", p.More, remuda.ErrMaxReached, 3},
		{"Less", p.Less, nil, 2},
		{"Less again", p.Less, nil, 1},
		{"Less at Min", p.Less, remuda.ErrMinReached, 1},
		{"Resize", func() error { return p.Resize(3) }, nil, 3},
		{"Resize to what it is", func() error { return p.Resize(3) }, nil, 3},
		{"Resize above Max", func() error { return p.Resize(4) }, remuda.ErrMaxReached, 3},
		{"Resize below Min", func() error { return p.Resize(0) }, remuda.ErrMinReached, 3},
		{"Resize below nothing", func() error { return p.Resize(-1) }, remuda.ErrMinReached, 3},
	} {
		assert.ErrorIs(t, step.do(), step.err, step.name)
		assert.Equal(t, step.want, p.Current(), step.name)
		assert.Equal(t, step.want, p.Stats().Workers, step.name)
	}

	unbounded := startPool(t, remuda.Config{}, double)
	require.NoError(t, unbounded.Less())
	require.ErrorIs(t, unbounded.Less(), remuda.ErrMinReached)
	require.NoError(t, unbounded.Resize(1_000_000))
}

// As many runs are under way as there are workers, from the moment that More or
// Resize says so, and no more once those that Less retired have finished.
func TestRunsFollowTheNumberOfWorkers(t *testing.T) {
	forEachBound(t, func(t *testing.T, queue int) {
		s := &stage{}
		p := startPool(t, remuda.Config{Paused: true, Queue: queue}, s.Do)
		for i := range 40 {
			asyncErr(func() error { return p.Send(bg, i) })
		}
		next := 0
		for _, size := range []int{1, 3, 2, 5, 0, 4, 1, 2} {
			before, _ := s.on()
			require.NoError(t, p.Resize(size))
			require.Equal(t, size, p.Current(), "at once")
			now, _ := s.on()
			require.Equal(t, max(before, size), now, "what runs goes on")
			require.Equal(t, max(0, before-size), p.Stats().Retired)
			for range now {
				require.NoError(t, s.ctx(next).Err(), "Less cancels nothing")
				s.let(next)
				next++
			}
			now, _ = s.on()
			require.Equal(t, size, now)
			require.Zero(t, p.Stats().Retired)
		}
		s.letAll()
		require.ElementsMatch(t, upTo(40), s.order(), "nothing is lost")
	})
}

// More, Less and Resize do not wait for anything.
func TestResizingDoesNotBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{deaf: true}
		p := startPool(t, remuda.Config{Initial: 3, Queue: 1}, s.Do)
		for i := range 4 {
			require.NoError(t, p.TrySend(bg, i))
			synctest.Wait()
		}
		resizing := asyncErr(func() error {
			for _, err := range []error{p.Less(), p.Less(), p.Less(), p.More(), p.Resize(0), p.Resize(2), p.Less()} {
				if err != nil {
					return err
				}
			}
			return nil
		})
		require.True(t, resizing.returned())
		require.NoError(t, resizing.err)
		require.Equal(t, 1, p.Current())
		require.Equal(t, 2, p.Stats().Retired)
		s.letAll()
	})
}

// Rule 3: with no workers left, what is queued waits for More, Resize or Close.
func TestNothingQueuedIsLostWithTheLastWorker(t *testing.T) {
	for name, revive := range map[string]func(*remuda.Pool[int, int]) error{
		"More":   func(p *remuda.Pool[int, int]) error { return p.More() },
		"Resize": func(p *remuda.Pool[int, int]) error { return p.Resize(7) },
		"Close":  func(p *remuda.Pool[int, int]) error { return p.Close(bg) },
	} {
		for _, queue := range []int{1, 2, 3, 16} {
			bubble(t, fmt.Sprintf("%s, queue %d", name, queue), func(t *testing.T) {
				s := &stage{}
				p := startPool(t, remuda.Config{Queue: queue}, s.Do)
				require.NoError(t, p.TrySend(bg, 0))
				synctest.Wait()
				for i := range queue {
					require.NoError(t, p.TrySend(bg, 1+i))
				}
				require.NoError(t, p.Less())
				s.letAll()
				time.Sleep(time.Hour)
				require.Equal(t, []int{0}, s.order())
				require.Equal(t, queue, p.Stats().Queued)

				require.NoError(t, revive(p))
				require.ElementsMatch(t, upTo(queue+1), s.order())
				require.Zero(t, p.Stats().Queued)
			})
		}
	}
}

// Once Resize has returned, nothing more leaves the queue.
func TestSurplusWorkerTakesNothingFromTheQueue(t *testing.T) {
	p := startPool(t, remuda.Config{Initial: 2, Queue: 1000}, double)
	for range 2000 {
		for range 20 {
			require.NoError(t, p.Send(bg, 1))
		}
		require.NoError(t, p.Resize(0))
		queued := p.Stats().Queued
		for p.Stats().Retired > 0 {
			runtime.Gosched()
		}
		require.Equal(t, queued, p.Stats().Queued)
		require.NoError(t, p.Resize(2))
	}
}

// A worker that was woken for an input and is one too many before it has looked
// hands the input on to another, or keeps it for one that comes later.
func TestWokenWorkerThatIsRetiredHandsOn(t *testing.T) {
	for _, procs := range []int{1, 4} {
		t.Run(fmt.Sprintf("GOMAXPROCS %d", procs), func(t *testing.T) {
			// With one processor, a woken worker does not run before its waker stops.
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			for range 50 {
				synctest.Test(t, func(t *testing.T) {
					s := &stage{}
					s.letAll()
					p := startPool(t, remuda.Config{}, s.Do)
					require.NoError(t, p.TrySend(bg, 0))
					synctest.Wait() // its goroutine is parked
					for round := range 3 {
						require.NoError(t, p.TrySend(bg, 2*round+1))
						require.NoError(t, p.TrySend(bg, 2*round+2))
						require.NoError(t, p.Less())
						synctest.Wait()
						require.NoError(t, p.More())
						require.Equal(t, upTo(2*round+3), s.order())
					}
				})
			}
		})
	}
}

// A worker that retires with work queued leaves it to those that stay, even if
// all of these are held by runs on the goroutines of Do, which do not look at
// the queue themselves.
func TestRetiringWorkerLeavesItsWorkToAnInlineRun(t *testing.T) {
	for _, procs := range []int{1, 4} {
		t.Run(fmt.Sprintf("GOMAXPROCS %d", procs), func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			for range 50 {
				synctest.Test(t, testRetiringBesideInline)
			}
		})
	}
}

func testRetiringBesideInline(t *testing.T) {
	const first, second, queued = 100, 101, 0
	s := &stage{}
	p := startPool(t, remuda.Config{Initial: 2}, s.Do)
	short := make(chan struct{})
	go func() {
		_, _ = p.Do(bg, first)
		// The first inline run has given its place to a worker, which has yet
		// to come: now it is one too many, and so is the one that runs 0.
		assert.NoError(t, p.Resize(1))
		close(short)
	}()
	synctest.Wait()
	long := async(func() (int, error) { return p.Do(bg, second) })
	for i := range 4 {
		require.NoError(t, p.TrySend(bg, queued+i))
	}
	require.NoError(t, p.Resize(3))
	require.Equal(t, []int{first, second, 0}, s.order())

	s.let(first)
	<-short
	s.let(0)
	synctest.Wait()
	s.let(second)
	require.True(t, long.returned())
	for i := 1; i < 4; i++ {
		now, _ := s.on()
		require.Equal(t, 1, now, "one worker is left, and %d inputs", 4-i)
		s.let(s.order()[2+i])
	}
	require.Zero(t, p.Stats().Queued)
}

// The worker that stays takes over what the one that goes would have taken,
// wherever the two are.
func TestLessWithWorkQueued(t *testing.T) {
	for _, tt := range []struct {
		name string
		last int // which of the two runs ends last
	}{{"the first to finish goes", 0}, {"the second to finish goes", 1}} {
		forEachBound(t, func(t *testing.T, queue int) {
			t.Log(tt.name)
			s := &stage{}
			p := startPool(t, remuda.Config{Initial: 2, Queue: queue}, s.Do)
			for i := range 2 {
				require.NoError(t, p.TrySend(bg, i))
				synctest.Wait()
			}
			for i := range 20 {
				asyncErr(func() error { return p.Send(bg, 2+i) })
			}
			require.NoError(t, p.Less())
			s.let(1 - tt.last)
			now, _ := s.on()
			require.Equal(t, 1, now, "the other one runs")
			s.let(tt.last)
			for i := range 20 {
				now, _ := s.on()
				require.Equal(t, 1, now, "one worker")
				s.let(2 + i)
			}
			require.Equal(t, upTo(22), s.order())
			require.Equal(t, 1, p.Current())
		})
	}
}

// More helps a Map that is under way, as it helps everything else that waits.
func TestMoreHelpsAMapUnderWay(t *testing.T) {
	for _, queue := range []int{remuda.Unbuffered, 1, 16} {
		bubble(t, fmt.Sprintf("queue %d", queue), func(t *testing.T) {
			s := &stage{}
			p := startPool(t, remuda.Config{Queue: queue}, s.Do)
			loop := async(func() (n int, _ error) {
				for range p.Map(bg, counted(8)) {
					n++
				}
				return n, nil
			})
			require.Len(t, s.order(), 1)
			require.NoError(t, p.Resize(4))
			require.Len(t, s.order(), 4)
			require.NoError(t, p.Resize(2))
			s.let(0, 1)
			require.Len(t, s.order(), 4, "two of four go")
			s.letAll()
			n, _ := loop.wait()
			require.Equal(t, 8, n)
		})
	}
}

// Resizing is safe from inside a job, to any size.
func TestResizeFromInsideAJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p *remuda.Pool[int, int]
		p = startPool(t, remuda.Config{Initial: 2}, func(ctx context.Context, n int) (int, error) {
			assert.NoError(t, p.Resize(n))
			assert.NoError(t, ctx.Err())
			return p.Current(), nil
		})
		for _, n := range []int{0, 5, 1} {
			require.NoError(t, p.Resize(1))
			out, err := p.Do(bg, n)
			require.NoError(t, err)
			require.Equal(t, n, out)
		}
		require.NoError(t, p.TrySend(bg, 0))
		require.NoError(t, p.TrySend(bg, 1))
		synctest.Wait()
		require.Equal(t, 1, p.Stats().Queued, "the first took the last worker away")
		require.NoError(t, p.More())
		synctest.Wait()
	})
}

// Workers that are never needed cost nothing: no goroutine, no job.
func TestWorkersAreMadeOnFirstNeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		built := 0
		p := remuda.New[int, int]()
		require.NoError(t, p.StartWithBuilder(remuda.JobBuilderFunc[int, int](func() remuda.Job[int, int] {
			built++
			return remuda.Func(double)
		})))
		closeAfter(t, p)
		for _, n := range []int{1_000_000, 1, 1_000_000} {
			require.NoError(t, p.Resize(n))
			for range 10 {
				_, err := p.Do(bg, 1)
				require.NoError(t, err)
			}
		}
		require.Equal(t, 1, built)
		require.Empty(t, goroutines())
	})
}

// Rule 2: a run of a source-fed pool goes on to its end, too: what was taken from a
// broker must not be thrown back because of a deploy.
func TestLessLetsARunOfASourceFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ch := make(chan int, 3)
		p := remuda.Must(remuda.NewFrom[int, int](remuda.FromChan(ch), remuda.Config{Initial: 3}))
		s := &stage{}
		require.NoError(t, p.Start(s))
		closeAfter(t, p)
		for i := range 3 {
			ch <- i
		}
		require.Len(t, s.order(), 3)
		require.NoError(t, p.Less())
		require.Equal(t, 2, p.Current())
		require.Equal(t, 1, p.Stats().Retired)
		require.NoError(t, p.Resize(0))
		now, _ := s.on()
		require.Equal(t, 3, now)
		for i := range 3 {
			require.NoError(t, s.ctx(i).Err())
		}

		ch <- 3
		s.let(0)
		require.Len(t, s.order(), 3, "nobody takes it")
		require.NoError(t, p.More())
		require.Equal(t, 3, s.order()[3])
		s.letAll()
		synctest.Wait()
		require.EqualValues(t, 4, p.Stats().Succeeded)
	})
}

// There is no number of workers beyond the largest number.
func TestMoreThanTheLargestNumberOfWorkers(t *testing.T) {
	for name, run := range map[string]func(p *remuda.Pool[int, int]) error{
		"Do":    func(p *remuda.Pool[int, int]) error { _, err := p.Do(bg, 1); return err },
		"DoAll": func(p *remuda.Pool[int, int]) error { _, err := p.DoAll(bg, upTo(1000)); return err },
		"Submit": func(p *remuda.Pool[int, int]) error {
			return nestedCalls["Submit and Wait"](bg, p, 1)
		},
	} {
		for _, queue := range []int{remuda.Unbuffered, 0, math.MaxInt} {
			bubble(t, fmt.Sprintf("%s, queue %d", name, queue), func(t *testing.T) {
				p := startPool(t, remuda.Config{Queue: queue}, double)
				require.NoError(t, p.Resize(math.MaxInt))
				require.Equal(t, math.MaxInt, p.Current())
				require.ErrorIs(t, p.More(), remuda.ErrMaxReached)
				require.Equal(t, math.MaxInt, p.Current(), "and nothing has changed")
				require.NoError(t, run(p))
				require.ErrorIs(t, p.Resize(math.MinInt), remuda.ErrMinReached)
				require.NoError(t, p.Less())
				require.NoError(t, p.More())
				require.NoError(t, p.Resize(0))
				require.ErrorIs(t, p.Less(), remuda.ErrMinReached)
				require.NoError(t, p.More())
				require.NoError(t, run(p))
			})
		}
	}
}
