package remuda_test

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
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

// An input that is accepted while a woken worker is on its way relies on that
// worker to wake the next one. It must, even when another worker has meanwhile
// taken one of the inputs that came after it.
func TestWokenWorkerSeesWhatChangedSides(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // in this order, as good as always
	for range 3 {
		bubble(t, "", func(t *testing.T) {
			met := make(chan struct{})
			const short, waits, meets = 0, 1, 2
			p := startPool(t, remuda.Config{Paused: true, Queue: 2}, func(_ context.Context, in int) (int, error) {
				switch in {
				case short:
					runtime.Gosched()
				case waits:
					<-met
				case meets:
					close(met)
				}
				return 0, nil
			})
			for _, in := range []int{short, waits, waits, meets} {
				go func() { assert.NoError(t, p.Send(bg, in)) }()
				synctest.Wait()
			}
			require.NoError(t, p.Resize(4))
			synctest.Wait()
			s := p.Stats()
			require.Zero(t, s.Queued, "an input waits while a worker is free: %+v", s)
		})
	}
}

// A worker whose middleware could not be put together tries again with the next
// run. It must not run the job bare.
func TestMiddlewareThatPanicsInWrapIsNeverBypassed(t *testing.T) {
	wraps, seen := 0, 0
	guard := remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
		if wraps++; wraps == 1 {
			panic("wrap")
		}
		return func(ctx context.Context) error {
			seen++
			return next(ctx)
		}
	})
	ctx, _ := ending(t)
	for _, ctx := range []context.Context{bg, ctx} { // on this goroutine and on the worker's
		wraps, seen = 0, 0
		p := startPool(t, remuda.Config{}, double, guard)
		_, err := p.Do(ctx, 1)
		var panicked *remuda.PanicError
		require.ErrorAs(t, err, &panicked)
		_, err = p.Do(ctx, 1)
		require.NoError(t, err)
		require.Equal(t, 1, seen, "the second run has passed through the middleware")
	}
}

// Nor does it run the job bare if a middleware returns no handler.
func TestMiddlewareThatReturnsNoHandlerIsNeverBypassed(t *testing.T) {
	none := remuda.MiddlewareFunc(func(remuda.Handler) remuda.Handler { return nil })
	through := remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler { return next })
	for _, mws := range [][]remuda.Middleware{{none}, {through, none}} {
		p := startPool(t, remuda.Config{}, double, mws...)
		_, err := p.Do(bg, 1)
		require.ErrorIs(t, err, remuda.ErrNilJob)
	}
	_, err := remuda.Wrap(remuda.Func(double), none).Do(bg, 1)
	require.ErrorIs(t, err, remuda.ErrNilJob)
}

// A run of which one call of its own pool has returned, so that it waits to have
// its place back, while another begins, has lent one place and not two.
func TestRunLendsItsPlaceOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const parent, other, leaf = 1, 2, 3
		var now, most atomic.Int32
		running := func(d time.Duration) {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			time.Sleep(d)
		}
		var p *remuda.Pool[int, int]
		call := func(ctx context.Context, d time.Duration) {
			ctx, cancel := context.WithTimeout(ctx, d)
			defer cancel()
			_, err := p.Do(ctx, leaf)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
		}
		p = startPool(t, remuda.Config{Paused: true}, func(ctx context.Context, in int) (int, error) {
			switch in {
			case other:
				call(ctx, 1*time.Second)
				running(5 * time.Second)
			case parent:
				var wg sync.WaitGroup
				wg.Go(func() { call(ctx, 2*time.Second) })
				time.Sleep(1 * time.Second) // in the name of the other goroutine, which has lent the place
				wg.Go(func() {
					time.Sleep(2 * time.Second)
					call(ctx, 4*time.Second)
				})
				wg.Wait()
			case leaf:
				running(10 * time.Second)
			}
			return 0, nil
		})
		for _, in := range []int{other, parent, leaf} {
			require.NoError(t, p.Send(bg, in))
		}
		require.NoError(t, p.More())
		time.Sleep(time.Minute)
		require.EqualValues(t, 1, most.Load(), "runs at a time, of one worker")
	})
}

// What a job sends to another pool does not wait in the job's name: calls that
// it makes of the first pool lend no place there.
func TestSentInputLendsNoPlaceOfItsSender(t *testing.T) {
	for name, pass := range map[string]func(ctx context.Context) context.Context{
		"sent with the context of the run":  func(ctx context.Context) context.Context { return ctx },
		"sent with one derived from it":     func(ctx context.Context) context.Context { return context.WithValue(ctx, deepContext{}, 1) },
		"sent with one that lost its cause": context.WithoutCancel,
	} {
		bubble(t, name, func(t *testing.T) {
			var first, second *remuda.Pool[int, int]
			s := &stage{}
			first = startPool(t, remuda.Config{}, func(ctx context.Context, in int) (int, error) {
				if in < 0 {
					return 0, second.Send(pass(ctx), -in)
				}
				return s.Do(ctx, in)
			})
			second = startPool(t, remuda.Config{Initial: 3}, func(ctx context.Context, in int) (int, error) {
				return first.Do(ctx, in)
			})
			for in := range 3 {
				require.NoError(t, first.Send(bg, -in-1))
			}
			_, most := s.on()
			require.Equal(t, 1, most, "runs at a time, of one worker")
			s.letAll()
		})
	}
}

// A clerk is a job that is to be closed.
type clerk struct{ close func() error }

func (clerk) Do(_ context.Context, in int) (int, error) {
	if in < 0 {
		return 0, errWork
	}
	return in, nil
}

func (c clerk) Close() error { return c.close() }

func (c clerk) New() remuda.Job[int, int] { return c }

var errWork = errors.New("work")

// A job or a source whose Close ends its goroutine holds up nobody.
func TestCloseThatEndsItsGoroutine(t *testing.T) {
	exit := func() error { runtime.Goexit(); return nil }
	bubble(t, "of a job", func(t *testing.T) {
		p := remuda.New[int, int]()
		require.NoError(t, p.StartWithBuilder(clerk{exit}))
		require.NoError(t, p.Send(bg, 1))
		require.NoError(t, p.CloseWithTimeout(time.Second))
		require.ErrorIs(t, p.Err(), remuda.ErrGoexit)
	})
	bubble(t, "of a source", func(t *testing.T) {
		src := closingSource{remuda.FromChan(make(chan int)), exit}
		p, err := remuda.NewFrom[int, int](src, remuda.Config{})
		require.NoError(t, err)
		require.NoError(t, p.Start(remuda.Func(double)))
		require.NoError(t, p.CloseWithTimeout(time.Second))
		require.ErrorIs(t, p.Err(), remuda.ErrGoexit)
	})
}

type closingSource struct {
	remuda.Source[int]
	close func() error
}

func (s closingSource) Close() error { return s.close() }

// What closed the pool comes before what went wrong in closing a job, whichever
// was first.
func TestErrIsWhatClosedThePool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := remuda.NewWithConfig[int, int](remuda.Config{StopOnErrors: true})
		require.NoError(t, err)
		require.NoError(t, p.StartWithBuilder(clerk{func() error { return errClose }}))
		require.NoError(t, p.Send(bg, 1))
		require.NoError(t, p.Less())
		synctest.Wait()
		require.NoError(t, p.Err(), "the pool runs")
		require.NoError(t, p.More())
		require.NoError(t, p.Send(bg, -1))
		<-p.Done()
		require.Equal(t, errWork, p.Err())
	})
}

// Map makes use of workers that come while runs take long, and of those that
// come to a pool that had none.
func TestMapUsesWorkersThatCome(t *testing.T) {
	for name, cfg := range map[string]remuda.Config{
		"queue": {}, "unbuffered": {Queue: remuda.Unbuffered}, "paused": {Paused: true},
	} {
		bubble(t, name, func(t *testing.T) {
			s := &stage{}
			p := startPool(t, cfg, s.Do)
			loop := async(func() ([]int, error) { return p.DoAll(bg, upTo(10)) })
			require.NoError(t, p.Resize(3))
			now, _ := s.on()
			require.Equal(t, 3, now)
			require.NoError(t, p.More())
			now, _ = s.on()
			require.Equal(t, 4, now)
			s.letAll()
			_, err := loop.wait()
			require.NoError(t, err)
		})
	}
}

// A queue may be as good as unbounded, and the number of workers too.
func TestMapWithoutBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPool(t, remuda.Config{Queue: math.MaxInt, Initial: math.MaxInt}, double)
		outs, err := p.DoAll(bg, upTo(3))
		require.NoError(t, err)
		require.Equal(t, []int{0, 2, 4}, outs)
	})
}

// Loops over Map that were given up leave nothing behind in a pool that is stuck.
func TestMapThatWasGivenUpLeavesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type input struct{ _ [1 << 10]byte }
		p := startPool(t, remuda.Config{Paused: true, Queue: 4}, func(context.Context, *input) (int, error) { return 0, nil })
		var kept []weak.Pointer[input]
		for range 100 {
			ctx, cancel := context.WithTimeout(bg, time.Second)
			in := &input{}
			kept = append(kept, weak.Make(in))
			for range p.Map(ctx, slices.Values([]*input{in})) {
			}
			cancel()
		}
		runtime.GC()
		for _, in := range kept {
			require.Nil(t, in.Value())
		}
	})
}

// In a pool without a queue, too, a worker takes inputs of Map and other inputs
// by turns.
func TestUnbufferedMapStarvesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const busy, streamed, other = 0, 1, 2
		end := make(chan struct{})
		p := startPool(t, remuda.Config{Initial: 3, Queue: remuda.Unbuffered}, func(ctx context.Context, in int) (int, error) {
			switch in {
			case busy:
				<-end
			case streamed:
				time.Sleep(time.Second)
			}
			return 0, nil
		})
		for range 2 {
			require.NoError(t, p.Send(bg, busy))
		}
		ctx, cancel := ending(t)
		loop := asyncErr(func() error {
			for range p.Map(ctx, func(yield func(int) bool) {
				for yield(streamed) {
				}
			}) {
			}
			return nil
		})
		send := asyncErr(func() error { return p.Send(bg, other) })
		time.Sleep(10 * time.Second)
		require.True(t, send.returned())
		cancel()
		_, _ = loop.wait()
		close(end)
	})
}

// What a sequence panics with when it is stopped goes on in the loop, as it
// would if the loop were over the sequence itself.
func TestSequenceThatPanicsWhenItIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPool(t, remuda.Config{Queue: 1}, double)
		endless := func(yield func(int) bool) {
			for yield(1) {
			}
			panic(errWork)
		}
		ctx, cancel := ending(t)
		loops := map[string]func(){
			"break": func() {
				for range p.Map(bg, endless) {
					break
				}
			},
			"cancel": func() {
				for range p.Stream(ctx, endless) {
					cancel()
				}
			},
		}
		for name, loop := range loops {
			func() {
				defer func() {
					err, _ := recover().(error)
					assert.ErrorIs(t, err, errWork, name)
				}()
				loop()
			}()
		}
		func() {
			defer func() { assert.Equal(t, "body", recover(), "the loop's own panic comes first") }()
			for range p.Map(bg, endless) {
				panic("body")
			}
		}()
	})
}

// A context that has told of its end tells no other story once the run is over,
// and ends then if it has not ended before.
func TestContextOfARunThatIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type seen struct {
			ctx  context.Context
			done <-chan struct{}
			err  error
		}
		var last seen
		p := startPool(t, remuda.Config{}, func(ctx context.Context, ask int) (int, error) {
			time.Sleep(time.Duration(ask/2) * time.Second)
			last = seen{ctx: ctx, err: ctx.Err()}
			if ask%2 == 1 {
				last.done, last.err = ctx.Done(), ctx.Err()
			}
			return 0, nil
		})
		for ask := range 6 { // from the fourth on, the context ends before the run
			ctx, cancel := context.WithTimeout(bg, 3*time.Second/2)
			ticket, err := p.Submit(ctx, ask)
			require.NoError(t, err)
			_, err = ticket.Wait(bg)
			require.NoError(t, err)
			if ask >= 4 {
				require.ErrorIs(t, last.err, context.DeadlineExceeded)
				require.Equal(t, last.err, last.ctx.Err())
				require.Equal(t, last.err, context.Cause(last.ctx))
			} else {
				require.NoError(t, last.err)
				require.ErrorIs(t, last.ctx.Err(), context.Canceled)
			}
			if ask%2 == 1 {
				require.Equal(t, last.done, last.ctx.Done())
			}
			<-last.ctx.Done()
			cancel()
		}
	})
}

// What lets blocked senders in is how many inputs wait. That there is a loop over
// Map for the workers to come to makes no difference.
func TestBlockedSenderIsLetInBesideALoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{}
		p := startPool(t, remuda.Config{Queue: 1}, s.Do)
		require.NoError(t, p.Send(bg, 1))
		synctest.Wait()
		require.NoError(t, p.Send(bg, 2))
		loop := async(func() ([]int, error) { return p.DoAll(bg, []int{3}) })
		send := asyncErr(func() error { return p.Send(bg, 4) })
		require.False(t, send.returned(), "the queue is full")
		s.let(1)
		require.Equal(t, []int{1, 2}, s.order())
		require.True(t, send.returned(), "the queue is empty")
		s.letAll()
		_, err := loop.wait()
		require.NoError(t, err)
	})
}

// A context's end comes to those derived from it with a delay, if it is none of
// package context's own. A run's context has told of it before, and does not
// take that back when somebody asks for Done.
func TestContextOfARunHasEndedWithItsParent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parent := &lateContext{Context: bg, done: make(chan struct{})}
		p := startPool(t, remuda.Config{}, func(ctx context.Context, _ int) (int, error) {
			ctx.Done()
			require.NoError(t, ctx.Err())
			close(parent.done)
			return 0, ctx.Err()
		})
		ticket, err := p.Submit(parent, 1)
		require.NoError(t, err)
		_, err = ticket.Wait(bg)
		require.ErrorIs(t, err, context.Canceled)
	})
}

// A lateContext never tells of its end to what is derived from it.
type lateContext struct {
	context.Context
	done chan struct{}
}

func (c *lateContext) Done() <-chan struct{} { return c.done }

func (c *lateContext) AfterFunc(func()) (stop func() bool) { return func() bool { return true } }

func (c *lateContext) Err() error {
	select {
	case <-c.done:
		return context.Canceled
	default:
		return nil
	}
}

// A ticket that somebody waits for is settled while somebody else asks for Done
// for the first time: the channel is closed by one of the two.
func TestDoneIsAskedForWhileTheOutcomeArrives(t *testing.T) {
	p := startPool(t, remuda.Config{}, func(context.Context, int) (int, error) {
		runtime.Gosched()
		return 1, nil
	})
	const rounds = 20_000
	for range rounds {
		ticket, err := p.Submit(bg, 1)
		require.NoError(t, err)
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { _, _ = ticket.Wait(bg) })
			wg.Go(func() { <-ticket.Done() })
		}
		wg.Wait()
	}
	require.EqualValues(t, rounds, p.Stats().Succeeded)
	require.Zero(t, p.Stats().Panicked)
}

// A run that its owner has cancelled fails, and that is no reason to stop.
func TestStopOnErrorsIsNotForRunsThatWereCancelled(t *testing.T) {
	wait := func(ctx context.Context, in int) (int, error) {
		if in < 0 {
			return 0, errJob
		}
		<-ctx.Done()
		return 0, errors.New("was cut off")
	}
	cfg := remuda.Config{Initial: 2, StopOnErrors: true}
	ended := func() context.Context {
		ctx, cancel := context.WithTimeout(bg, time.Second)
		t.Cleanup(cancel)
		return ctx
	}
	for name, cancelOne := range map[string]func(p *remuda.Pool[int, int]){
		"Do":     func(p *remuda.Pool[int, int]) { _, _ = p.Do(ended(), 1) },
		"Submit": func(p *remuda.Pool[int, int]) { _, _ = p.Submit(ended(), 1) },
		"Map": func(p *remuda.Pool[int, int]) {
			for range p.Map(ended(), slices.Values([]int{1, 2})) {
				break
			}
		},
	} {
		bubble(t, name, func(t *testing.T) {
			p := startPool(t, cfg, wait)
			cancelOne(p)
			time.Sleep(time.Minute)
			synctest.Wait()
			require.Equal(t, 2, p.Current())
			_, err := p.Do(bg, -1)
			require.ErrorIs(t, err, errJob)
			synctest.Wait()
			require.ErrorIs(t, p.Err(), errJob, "an error of the job's own")
		})
	}
	bubble(t, "inline", func(t *testing.T) {
		cfg := cfg
		cfg.Inline = true
		p := startPool(t, cfg, wait)
		_, _ = p.Do(ended(), 1)
		require.Equal(t, 2, p.Current())
	})
	bubble(t, "Less", func(t *testing.T) {
		p := remuda.Must(remuda.NewLoop(cfg))
		require.NoError(t, p.Start(remuda.Loop(func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		})))
		synctest.Wait()
		require.NoError(t, p.Less())
		synctest.Wait()
		require.Equal(t, 1, p.Current())
		require.NoError(t, p.Close(bg))
		require.NoError(t, p.Err())
	})
}

// Whoever waits for a run that Close has cut off is told so.
func TestRunThatCloseCutsOffSaysSo(t *testing.T) {
	wait := func(ctx context.Context, _ int) (int, error) {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	over, cancel := context.WithCancel(bg)
	cancel()
	for name, run := range map[string]func(p *remuda.Pool[int, int]) error{
		"hand-off": func(p *remuda.Pool[int, int]) error {
			ctx, cancel := context.WithCancel(bg)
			defer cancel()
			_, err := p.Do(ctx, 1)
			return err
		},
		"inline": func(p *remuda.Pool[int, int]) error { _, err := p.Do(bg, 1); return err },
		"Map": func(p *remuda.Pool[int, int]) (err error) {
			for _, err = range p.Map(bg, slices.Values([]int{1})) {
				break
			}
			return err
		},
	} {
		bubble(t, name, func(t *testing.T) {
			p := startPool(t, remuda.Config{Name: "cut"}, wait)
			got := make(chan error)
			go func() { got <- run(p) }()
			synctest.Wait()
			require.ErrorIs(t, p.Close(over), context.Canceled)
			err := <-got
			require.ErrorIs(t, err, remuda.ErrPoolClosed)
			require.ErrorIs(t, err, context.Canceled)
		})
	}
}

// Inputs that send others in turn do not make a chain of contexts, whatever middleware
// of this module the job's context has come through.
func TestJobThatSendsToItsPoolMakesNoChain(t *testing.T) {
	var metrics middleware.Metrics
	mws := []remuda.Middleware{&metrics, middleware.Timeout(time.Minute), middleware.Retry(1), middleware.Timeout(time.Minute)}
	for name, start := range map[string]func(remuda.JobFunc[int, remuda.Void]) *remuda.Pool[int, remuda.Void]{
		"no middleware": func(job remuda.JobFunc[int, remuda.Void]) *remuda.Pool[int, remuda.Void] {
			return remuda.Must(remuda.Start(1, job))
		},
		"middleware of the pool": func(job remuda.JobFunc[int, remuda.Void]) *remuda.Pool[int, remuda.Void] {
			return remuda.Must(remuda.Start(1, job, mws...))
		},
		"middleware of the job": func(job remuda.JobFunc[int, remuda.Void]) *remuda.Pool[int, remuda.Void] {
			return remuda.Must(remuda.Start(1, remuda.Wrap(job, mws...).Do))
		},
		"keys": func(job remuda.JobFunc[int, remuda.Void]) *remuda.Pool[int, remuda.Void] {
			return remuda.Must(remuda.StartKeyed(1, func(int) int { return 0 }, job, mws...))
		},
	} {
		t.Run(name, func(t *testing.T) {
			root := &deepContext{Context: bg}
			const links = 100
			depths := make(chan int, links)
			var p *remuda.Pool[int, remuda.Void]
			p = start(remuda.NoOutput(func(ctx context.Context, in int) error {
				if in%2 == 0 { // a context that somebody waits for is another
					_ = ctx.Done()
				}
				if ctx.Value(deepContext{}) != "root" {
					t.Error("the values are lost")
				}
				depths <- root.depth
				if in == links {
					close(depths)
					return nil
				}
				return p.Send(ctx, in+1)
			}))
			require.NoError(t, p.Send(root, 1))
			var all []int
			for depth := range depths {
				all = append(all, depth)
			}
			require.Equal(t, all[:2], all[links-2:])
			require.NoError(t, p.Close(bg))
		})
	}
}

// A deepContext knows how deep in the stack it was last asked for its value.
type deepContext struct {
	context.Context
	depth int
}

func (c *deepContext) Value(key any) any {
	if _, ok := key.(deepContext); !ok {
		return nil
	}
	c.depth = runtime.Callers(0, make([]uintptr, 1000))
	return "root"
}

// A panic is a fault, whoever has cancelled the run.
func TestStopOnErrorsIsForRunsThatPanicWhenTheyAreCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPool(t, remuda.Config{StopOnErrors: true}, func(ctx context.Context, _ int) (int, error) {
			<-ctx.Done()
			panic(errWork)
		})
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		_, err := p.Submit(ctx, 1)
		require.NoError(t, err)
		<-p.Done()
		require.ErrorIs(t, p.Err(), errWork)
	})
}

// That Close has cut off a run is said of no other run that ends meanwhile: of
// none that its caller had cancelled before, and of none that failed in its own
// way. Nor is it said twice.
func TestRunThatEndsWhileCloseGivesUpSaysWhy(t *testing.T) {
	for name, tt := range map[string]struct {
		cancelled bool // by the caller, before
		fail      func(ctx context.Context) error
	}{
		"cancelled by its caller": {true, func(ctx context.Context) error { return ctx.Err() }},
		"fails in its own way":    {false, func(context.Context) error { return errWork }},
		"knows the cause":         {false, func(ctx context.Context) error { return errors.Join(ctx.Err(), context.Cause(ctx)) }},
	} {
		bubble(t, name, func(t *testing.T) {
			s := &stage{deaf: true}
			var want error
			p := startPool(t, remuda.Config{Name: "cut"}, func(ctx context.Context, n int) (int, error) {
				_, _ = s.Do(ctx, n)
				want = tt.fail(ctx)
				return 0, want
			})
			ctx, cancel := ending(t)
			ticket, err := p.Submit(ctx, 1)
			require.NoError(t, err)
			synctest.Wait()
			if tt.cancelled {
				cancel()
			}
			require.Error(t, p.CloseWithTimeout(time.Second))
			s.letAll()
			_, err = ticket.Wait(bg)
			require.Error(t, want)
			require.Equal(t, want, err)
		})
	}
}

// What another pool has cut off says nothing of this one.
func TestRunThatAnotherPoolCutsOffSaysNothingOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := startPool(t, remuda.Config{Name: "inner"}, func(ctx context.Context, _ int) (int, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		})
		var got error
		outer := startPool(t, remuda.Config{Name: "outer"}, func(ctx context.Context, n int) (int, error) {
			ticket, err := inner.Submit(ctx, n)
			require.NoError(t, err)
			_, got = ticket.Wait(bg)
			return 0, got
		})
		require.NoError(t, outer.Send(context.WithValue(bg, key("a"), 1), 1))
		require.Error(t, outer.CloseWithTimeout(time.Second))
		<-outer.Done()
		require.ErrorIs(t, got, context.Canceled)
	})
}

// Nor does a loop over one pool say that it is closed when another is, whose job loops.
func TestLoopThatAnotherPoolCutsShort(t *testing.T) {
	wait := func(ctx context.Context, _ int) (int, error) {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	for name, start := range map[string]func() (*remuda.Pool[int, int], error){
		"keyed":   func() (*remuda.Pool[int, int], error) { return remuda.StartKeyed(1, tens, wait) },
		"unkeyed": func() (*remuda.Pool[int, int], error) { return remuda.Start(1, wait) },
	} {
		bubble(t, name, func(t *testing.T) {
			inner, err := start()
			require.NoError(t, err)
			var errs []error
			outer := startPool(t, remuda.Config{Name: "outer"}, func(ctx context.Context, n int) (int, error) {
				for _, err := range inner.Map(ctx, counted(100)) {
					errs = append(errs, err)
				}
				return 0, nil
			})
			require.NoError(t, outer.Send(bg, 1))
			require.Error(t, outer.CloseWithTimeout(time.Second))
			<-outer.Done()
			require.NotEmpty(t, errs)
			for i, err := range errs {
				require.ErrorIs(t, err, context.Canceled, "%d", i)
				require.NotErrorIs(t, err, remuda.ErrPoolClosed, "%d", i)
			}
			require.NoError(t, inner.Close(bg))
		})
	}
}

// What is left of the inputs that a worker has taken at once does not begin after
// the loop was left.
func TestNothingBeginsOnceALoopIsLeft(t *testing.T) {
	const last = 100 // far enough for it to be one of many that were taken
	bubble(t, "", func(t *testing.T) {
		begun, release := make(chan struct{}), make(chan struct{})
		ran := 0
		p := startPool(t, remuda.Config{}, func(_ context.Context, in int) (int, error) {
			ran++ // there is one worker
			if in == last {
				close(begun)
				<-release
			}
			return in, nil
		})
		for range p.Map(bg, counted(500)) {
			<-begun
			go func() {
				synctest.Wait() // until the loop has been left and waits
				close(release)
			}()
			break
		}
		require.Equal(t, last+1, ran)
	})
}

// unreadable is an error whose methods panic when it is a nil pointer.
type unreadable struct{ err error }

func (u *unreadable) Error() string { return u.err.Error() }
func (u *unreadable) Unwrap() error { return u.err }

// isUnreadable compares without a look into err, which panics.
func isUnreadable(err error) bool { return err == (*unreadable)(nil) }

// An error that cannot be looked into is the outcome of its run as any other, also
// of one that Close cuts off.
func TestErrorThatCannotBeRead(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		p := startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
			if n > 0 {
				<-ctx.Done()
			}
			return n, (*unreadable)(nil)
		})
		_, err := p.Do(bg, 0)
		require.True(t, isUnreadable(err), "%T", err)
		ticket, err := p.Submit(bg, 1)
		require.NoError(t, err)
		synctest.Wait()
		ended, cancel := ending(t)
		cancel()
		require.Error(t, p.Close(ended))
		_, err = ticket.Wait(bg)
		require.True(t, isUnreadable(err), "%T", err)
		<-p.Done()
		require.EqualValues(t, 2, p.Stats().Failed)
		require.Zero(t, p.Stats().Panicked)
	})
}
