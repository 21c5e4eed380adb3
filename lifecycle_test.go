package remuda_test

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

func TestZeroPoolIsReadyToStart(t *testing.T) {
	var p remuda.Pool[int, int]
	require.NoError(t, p.Start(remuda.Func(double)))
	closeAfter(t, &p)

	out, err := p.Do(bg, 21)
	require.NoError(t, err)
	assert.Equal(t, 42, out)
	assert.Equal(t, 1, p.Current())
}

func TestPoolBeforeStart(t *testing.T) {
	p := remuda.New[int, int]()
	ctx, _ := ending(t)

	for name, err := range refusals(ctx, p) {
		assert.ErrorIs(t, err, remuda.ErrNotStarted, name)
	}
	assert.Zero(t, p.Current())
	assert.Zero(t, p.Stats())
	assert.NoError(t, p.Err())
	select {
	case <-p.Done():
		t.Error("Done is closed")
	default:
	}
}

// refusals is what every way to use a pool answers.
func refusals(ctx context.Context, p *remuda.Pool[int, int]) map[string]error {
	all := make(map[string]error)
	_, all["Do"] = p.Do(ctx, 1)
	_, all["Do inline"] = p.Do(bg, 1)
	_, all["Submit"] = p.Submit(ctx, 1)
	_, all["DoAll"] = p.DoAll(ctx, []int{1})
	all["Send"] = p.Send(ctx, 1)
	all["TrySend"] = p.TrySend(bg, 1)
	for _, err := range p.Map(ctx, counted(3)) {
		all["Map"] = errors.Join(all["Map"], err)
	}
	for r := range p.Stream(ctx, counted(3)) {
		all["Stream"] = errors.Join(all["Stream"], r.Err)
	}
	all["More"], all["Less"], all["Resize"] = p.More(), p.Less(), p.Resize(1)
	return all
}

func TestStartRefuses(t *testing.T) {
	p := remuda.New[int, int]()
	require.ErrorIs(t, p.Start(nil), remuda.ErrNilJob)
	require.ErrorIs(t, p.StartWithBuilder(nil), remuda.ErrNilJob)
	require.ErrorIs(t, p.Run(bg, nil), remuda.ErrNilJob)
	require.ErrorIs(t, p.RunWithBuilder(bg, nil), remuda.ErrNilJob)

	require.NoError(t, p.Start(remuda.Func(double)), "a refused Start changes nothing")
	require.ErrorIs(t, p.Start(remuda.Func(double)), remuda.ErrPoolStarted)
	require.ErrorIs(t, p.Run(bg, remuda.Func(double)), remuda.ErrPoolStarted)

	require.NoError(t, p.Close(bg))
	require.ErrorIs(t, p.Start(remuda.Func(double)), remuda.ErrPoolClosed)
	require.ErrorIs(t, p.Run(bg, remuda.Func(double)), remuda.ErrPoolClosed)
}

func TestPoolClosedBeforeStart(t *testing.T) {
	p := remuda.New[int, int]()
	require.NoError(t, p.Close(bg))
	<-p.Done()
	require.ErrorIs(t, p.Close(bg), remuda.ErrPoolClosed)
	require.ErrorIs(t, p.Start(remuda.Func(double)), remuda.ErrPoolClosed)
	for name, err := range refusals(bg, p) {
		assert.ErrorIs(t, err, remuda.ErrPoolClosed, name)
	}
}

// Several callers may close a pool that nobody has started, with a context that
// has ended, too.
func TestPoolClosedBeforeStartByMany(t *testing.T) {
	ended, cancel := ending(t)
	cancel()
	for range 1000 {
		p := remuda.New[int, int]()
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { _ = p.Close(ended) })
		}
		wg.Wait()
		<-p.Done()
	}
}

// Inputs may come while the pool starts: they are refused before and run after.
func TestStartRacesCalls(t *testing.T) {
	ctx, _ := ending(t)
	for range 30 {
		p := remuda.New[int, int]()
		calls := []func() error{
			func() error { _, err := p.Do(bg, 1); return err },
			func() error { _, err := p.Do(ctx, 1); return err },
			func() error { _, err := p.DoAll(ctx, []int{1}); return err },
			func() error { return p.Send(ctx, 1) },
			func() error {
				ticket, err := p.Submit(bg, 1)
				if err == nil {
					_, err = ticket.Wait(ctx)
				}
				return err
			},
		}
		var wg sync.WaitGroup
		for _, call := range calls {
			wg.Go(func() {
				for err := call(); err != nil; err = call() {
					if !assert.ErrorIs(t, err, remuda.ErrNotStarted) {
						return
					}
				}
			})
		}
		wg.Go(func() {
			assert.NoError(t, p.Start(remuda.Func(func(ctx context.Context, n int) (int, error) { return n, ctx.Err() })))
		})
		wg.Wait()
		require.NoError(t, p.Close(bg))
		require.EqualValues(t, len(calls), p.Stats().Succeeded)
	}
}

func TestRun(t *testing.T) {
	bubble(t, "closes the pool when its context ends, and runs what was accepted", func(t *testing.T) {
		s := &stage{}
		p := remuda.New[int, int]()
		ctx, cancel := ending(t)
		run := asyncErr(func() error { return p.Run(ctx, s) })
		for i := range 3 {
			require.NoError(t, p.TrySend(bg, i))
		}
		require.Equal(t, []int{0}, s.order())

		cancel()
		require.False(t, run.returned(), "a run is under way")
		require.ErrorIs(t, p.TrySend(bg, 3), remuda.ErrPoolClosed)
		s.let(0, 1)
		require.False(t, run.returned(), "a run is under way")
		s.let(2)
		_, err := run.wait()
		require.NoError(t, err)
		require.Equal(t, []int{0, 1, 2}, s.order())
		<-p.Done()
		require.NoError(t, p.Close(bg), "nobody has called Close before")
	})

	bubble(t, "waits for the workers when somebody else closes the pool", func(t *testing.T) {
		s := &stage{deaf: true}
		p := remuda.New[int, int]()
		run := asyncErr(func() error { return p.Run(bg, s) })
		require.NoError(t, p.TrySend(bg, 1))
		require.ErrorIs(t, p.CloseWithTimeout(time.Second), context.DeadlineExceeded)
		require.False(t, run.returned(), "a run is under way")
		s.letAll()
		require.True(t, run.returned())
		require.NoError(t, run.err)
	})

	bubble(t, "returns the error that closed the pool", func(t *testing.T) {
		broken := errors.New("broken")
		p := remuda.Must(remuda.NewWithConfig[int, int](remuda.Config{StopOnErrors: true}))
		run := asyncErr(func() error {
			return p.RunWithBuilder(bg, remuda.JobBuilderFunc[int, int](func() remuda.Job[int, int] {
				return remuda.Func(func(context.Context, int) (int, error) { return 0, broken })
			}))
		})
		require.NoError(t, p.TrySend(bg, 1))
		_, err := run.wait()
		require.ErrorIs(t, err, broken)
	})

	bubble(t, "cancels the runs of a pool that is fed by a source, as Close does", func(t *testing.T) {
		p := remuda.Must(remuda.NewLoop(remuda.Config{Initial: 3}))
		ctx, cancel := ending(t)
		run := asyncErr(func() error {
			return p.Run(ctx, remuda.Func(func(ctx context.Context, _ remuda.Void) (_ remuda.Void, err error) {
				<-ctx.Done()
				return remuda.Void{}, context.Cause(ctx)
			}))
		})
		require.False(t, run.returned())
		cancel()
		if !run.returned() {
			t.Error("Run waits for jobs that nobody cancels")
			_ = p.Close(bg)
		}
		_, err := run.wait()
		require.NoError(t, err)
	})
}

// The channel is closed when the last worker has ended, and not before.
func TestDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{deaf: true}
		p := remuda.New[int, int]()
		early := p.Done()
		require.NoError(t, p.Start(s))
		require.NoError(t, p.TrySend(bg, 1))
		done := func(ch <-chan struct{}) bool {
			synctest.Wait()
			select {
			case <-ch:
				return true
			default:
				return false
			}
		}
		require.False(t, done(early))
		require.Error(t, p.CloseWithTimeout(time.Second))
		require.False(t, done(early), "a run is under way")
		require.False(t, done(p.Done()), "a run is under way")
		s.letAll()
		require.True(t, done(early))
		require.True(t, done(p.Done()))
	})
}

func TestStopOnErrors(t *testing.T) {
	broken := errors.New("broken")
	job := func(_ context.Context, n int) (int, error) {
		switch {
		case n >= 0:
			return n, nil
		case n == -1:
			return 0, broken
		case n == -2:
			panic(broken)
		default:
			runtime.Goexit()
			return 0, nil
		}
	}
	cfg := remuda.Config{StopOnErrors: true, Paused: true}

	for name, tt := range map[string]struct {
		in   int
		want error
	}{"error": {-1, broken}, "panic": {-2, broken}, "Goexit": {-3, remuda.ErrGoexit}} {
		bubble(t, "closes the pool on the first "+name+" and runs what was accepted", func(t *testing.T) {
			p := startPool(t, cfg, job)
			for _, in := range []int{1, tt.in, 2, 3} {
				require.NoError(t, p.TrySend(bg, in))
			}
			require.NoError(t, p.More())
			<-p.Done()
			require.ErrorIs(t, p.Err(), tt.want)
			require.ErrorIs(t, p.TrySend(bg, 4), remuda.ErrPoolClosed)
			require.EqualValues(t, 3, p.Stats().Succeeded, "what was accepted runs")
			require.EqualValues(t, 1, p.Stats().Failed)
			require.NoError(t, p.Close(bg))
		})
	}

	for name, call := range map[string]func(*remuda.Pool[int, int]) error{
		"Do on its caller's goroutine": func(p *remuda.Pool[int, int]) error { _, err := p.Do(bg, -1); return err },
		"Map": func(p *remuda.Pool[int, int]) (all error) {
			for _, err := range p.Map(bg, func(yield func(int) bool) { _ = yield(1) && yield(-1) }) {
				all = errors.Join(all, err)
			}
			return all
		},
	} {
		bubble(t, "closes the pool on an error of "+name, func(t *testing.T) {
			p := startPool(t, remuda.Config{StopOnErrors: true}, job)
			require.ErrorIs(t, call(p), broken)
			<-p.Done()
			require.ErrorIs(t, p.Err(), broken)
		})
	}

	bubble(t, "keeps the first of several errors", func(t *testing.T) {
		p := startPool(t, cfg, func(_ context.Context, n int) (int, error) {
			if n == 0 {
				return 0, broken
			}
			return 0, errors.New("later")
		})
		for i := range 3 {
			require.NoError(t, p.TrySend(bg, i))
		}
		require.NoError(t, p.More())
		<-p.Done()
		require.Equal(t, broken, p.Err())
	})

	bubble(t, "does not stop for inputs whose context ended", func(t *testing.T) {
		p := startPool(t, cfg, job)
		ctx, cancel := ending(t)
		_, err := p.Submit(ctx, 1)
		require.NoError(t, err)
		cancel()
		require.NoError(t, p.More())
		synctest.Wait()
		require.EqualValues(t, 1, p.Stats().Dropped)
		require.NoError(t, p.TrySend(bg, 2))
	})

	bubble(t, "ends a pool that is fed by a source, whose other runs go on to their end", func(t *testing.T) {
		ch := make(chan int, 2)
		s := &stage{}
		p := remuda.Must(remuda.NewFrom[int, int](remuda.FromChan(ch), remuda.Config{Initial: 2, StopOnErrors: true}))
		require.NoError(t, p.Start(remuda.Func(func(ctx context.Context, n int) (int, error) {
			if n == 1 {
				return s.Do(ctx, n)
			}
			return 0, broken
		})))
		ch <- 1
		synctest.Wait()
		ch <- 2
		synctest.Wait()
		require.Equal(t, broken, p.Err())
		require.NoError(t, s.ctx(1).Err())
		s.let(1)
		<-p.Done()
		require.EqualValues(t, 1, p.Stats().Succeeded)
	})
}

// Rule 7: idle costs nothing. A pool has no goroutine but one for each worker
// that was needed so far; it does not poll, and it sets no timer.
func TestIdleCostsNothing(t *testing.T) {
	for name, cfg := range map[string]remuda.Config{
		"one worker": {}, "ten thousand": {Initial: 10_000}, "unbuffered": {Initial: 3, Queue: remuda.Unbuffered},
	} {
		bubble(t, name, func(t *testing.T) {
			p := startPool(t, cfg, double)
			require.Empty(t, goroutines(), "nothing was asked of it")

			ctx, _ := ending(t)
			for range 100 {
				_, err := p.Do(ctx, 1)
				require.NoError(t, err)
				synctest.Wait() // the worker is back
				_, err = p.Do(bg, 1)
				require.NoError(t, err)
			}
			require.Len(t, goroutines(), 1, "one worker was enough")

			for range p.Map(ctx, counted(100)) {
			}
			parked := goroutines()
			require.LessOrEqual(t, len(parked), p.Current(), "one for each worker at most")
			for _, stack := range parked {
				require.Regexp(t, `^goroutine \d+ \[chan receive`, stack, "it waits, and for nothing but a message")
			}
			// Nothing else is in this bubble: a timer that goes off once a
			// second would do so three billion times before this returns.
			time.Sleep(100 * 365 * 24 * time.Hour)

			require.NoError(t, p.Close(bg))
			require.Empty(t, goroutines(), "after Close")
		})
	}
}

// goroutines returns the stacks of the package's goroutines in the caller's
// bubble, once they stand still.
func goroutines() (found []string) {
	synctest.Wait()
	buf := make([]byte, 1<<20)
	stacks := strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")
	_, bubble, _ := strings.Cut(stacks[0], "synctest bubble")
	bubble, _, _ = strings.Cut(bubble, "]")
	for _, stack := range stacks[1:] {
		head, body, _ := strings.Cut(stack, "\n")
		if strings.Contains(head, "synctest bubble"+bubble+"]") && strings.Contains(body, "remuda-go/remuda.") {
			found = append(found, stack)
		}
	}
	return found
}

// Rule 9: nothing global. The package does no work when it is loaded, and its
// only variables are error values and the context of runs that are over, which
// nobody writes to.
func TestNothingIsGlobal(t *testing.T) {
	constants := map[string]bool{"endedContext": true}
	for _, file := range parsePackage(t) {
		for _, decl := range file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				assert.False(t, d.Recv == nil && d.Name.Name == "init", "func init in %s", file.Name)
			case *ast.GenDecl:
				if d.Tok != token.VAR {
					continue
				}
				for _, spec := range d.Specs {
					for i, name := range spec.(*ast.ValueSpec).Names {
						if name.Name == "_" || constants[name.Name] {
							continue
						}
						values := spec.(*ast.ValueSpec).Values
						assert.True(t, i < len(values) && isErrorsNew(values[i]), "variable %s is global", name)
					}
				}
			}
		}
	}
}

// parsePackage parses the files of package remuda.
func parsePackage(t *testing.T) (files []*ast.File) {
	names, err := fs.Glob(os.DirFS("."), "*.go")
	require.NoError(t, err)
	for _, name := range names {
		if !strings.HasSuffix(name, "_test.go") {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			require.NoError(t, err)
			files = append(files, file)
		}
	}
	require.NotEmpty(t, files)
	return files
}

func isErrorsNew(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "New" && sel.X.(*ast.Ident).Name == "errors"
}

// Where there is nothing to wait for, Close has not waited in vain.
func TestCloseWithEndedContextOfAPoolThatIsDone(t *testing.T) {
	over, cancel := context.WithCancel(bg)
	cancel()
	for range 20 { // what is ready, and the context, would toss a coin
		p := remuda.New[int, int]()
		require.NoError(t, p.Start(remuda.Func(double)))
		require.NoError(t, p.Close(over))
		require.ErrorIs(t, p.Close(over), remuda.ErrPoolClosed)
	}
}
