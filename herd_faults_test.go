package remuda_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// The ways in which a call of the user's code may not return.
var blows = map[string]func(){
	"panic":  func() { panic("on purpose") },
	"Goexit": runtime.Goexit,
}

// requireBlow checks that err tells how a call did not return.
func requireBlow(t *testing.T, how string, err error) {
	t.Helper()
	if how == "Goexit" {
		require.ErrorIs(t, err, remuda.ErrGoexit)
		return
	}
	var p *remuda.PanicError
	require.ErrorAs(t, err, &p)
	require.Equal(t, "on purpose", p.Value)
	require.Contains(t, string(p.Stack), "herd_faults_test.go")
}

// A callback that does not return costs no unit, and no other callback its call.
func TestCallbacksThatDoNotReturn(t *testing.T) {
	for name, blow := range blows {
		t.Run(name, func(t *testing.T) {
			h := newHerd(t, 2, func(w *work) remuda.Status {
				if w.Retries() < 2 {
					return remuda.Retry
				}
				return []remuda.Status{remuda.Success, remuda.Failure}[w.Body%2]
			})
			require.NoError(t, h.SetMaxRetries(2))
			var called [3]atomic.Int32
			for i, add := range []func(func(*work)) error{h.AddSuccessCallback, h.AddRetryCallback, h.AddFailureCallback} {
				for range 3 {
					require.NoError(t, add(func(*work) { called[i].Add(1); blow() }))
				}
			}
			require.NoError(t, h.Start())
			sendAll(t, h, 100)
			out := collect(h)
			require.Equal(t, upTo(100), bodies(out))
			for _, w := range out {
				require.Equal(t, 2, w.Retries())
				require.Equal(t, []remuda.Status{remuda.Success, remuda.Failure}[w.Body%2], w.Status())
				requireBlow(t, name, w.Err())
			}
			require.NoError(t, h.Close(bg))
			require.Equal(t, [3]int32{150, 600, 150}, [3]int32{called[0].Load(), called[1].Load(), called[2].Load()})
		})
	}
}

// Err has the reason for which a unit failed, and what a callback did.
func TestErrTellsBoth(t *testing.T) {
	h := newHerd(t, 1, func(*work) remuda.Status { panic(errBroken) })
	require.NoError(t, h.AddFailureCallback(func(w *work) {
		assert.ErrorIs(t, w.Err(), errBroken)
		panic(errWork)
	}))
	require.NoError(t, h.Start())
	require.NoError(t, h.SendWork(unit(0)))
	w := <-h.OutputChan()
	require.ErrorIs(t, w.Err(), errBroken)
	require.ErrorIs(t, w.Err(), errWork)
}

// brittle is a Logger of which some lines do not return.
type brittle struct {
	lines
	breaks func(line string) bool
	blow   func()
}

func (b *brittle) Printf(format string, v ...any) {
	b.lines.Printf(format, v...)
	if b.breaks(fmt.Sprintf(format, v...)) {
		b.blow()
	}
}

// A logger that does not return costs no unit and no callback, and the output is
// closed. The unit that the line is about tells.
func TestLoggerThatDoesNotReturn(t *testing.T) {
	for name, blow := range blows {
		for which, breaks := range map[string]func() func(string) bool{
			"once": func() func(string) bool {
				var once sync.Once
				return func(string) (first bool) {
					once.Do(func() { first = true })
					return first
				}
			},
			"at each line about a unit": func() func(string) bool {
				return func(line string) bool { return strings.HasPrefix(line, "work") }
			},
		} {
			t.Run(name+" "+which, func(t *testing.T) {
				h := newHerd(t, 2, func(w *work) remuda.Status {
					if w.Retries() == 0 {
						return remuda.Retry
					}
					return []remuda.Status{remuda.Success, remuda.Failure}[w.Body%2]
				})
				require.NoError(t, h.SetMaxRetries(1))
				require.NoError(t, h.SetLogger(&brittle{breaks: breaks(), blow: blow}))
				var called atomic.Int32
				for _, add := range []func(func(*work)) error{h.AddSuccessCallback, h.AddRetryCallback, h.AddFailureCallback} {
					require.NoError(t, add(func(*work) { called.Add(1) }))
				}
				require.NoError(t, h.Start())
				sendAll(t, h, 100)
				out := collect(h)
				require.Equal(t, upTo(100), bodies(out))
				require.EqualValues(t, 200, called.Load())
				var broken int
				for _, w := range out {
					require.Equal(t, []remuda.Status{remuda.Success, remuda.Failure}[w.Body%2], w.Status())
					if w.Err() != nil {
						requireBlow(t, name, w.Err())
						broken++
					}
				}
				if which == "once" {
					require.Equal(t, 1, broken)
				} else {
					require.Equal(t, 100, broken)
				}
				require.NoError(t, h.Close(bg))
			})
		}
	}
}

// Where a line is about the herd, what the logger does goes on to whoever made
// it log, once the herd has done what it was told.
func TestLoggerThatDoesNotReturnAtLinesAboutTheHerd(t *testing.T) {
	for name, blow := range blows {
		for _, line := range []string{"herd size", "closed the input", "closed the output"} {
			bubble(t, name+" at "+line, func(t *testing.T) {
				h := newHerd(t, 1, succeed)
				require.NoError(t, h.SetLogger(&brittle{blow: blow, breaks: func(l string) bool { return strings.HasPrefix(l, line) }}))
				require.NoError(t, h.Start())
				require.NoError(t, h.SendWork(unit(0)))
				goesOn := func(does bool, f func()) {
					t.Helper()
					returned := false
					var caught any
					done := make(chan struct{})
					go func() {
						defer close(done)
						defer func() { caught = recover() }()
						f()
						returned = true
					}()
					<-done
					require.Equal(t, !does, returned)
					if does && name == "panic" {
						require.Equal(t, "on purpose", caught)
					}
				}
				goesOn(line == "herd size", func() { _ = h.SetHerdSize(2) })
				require.Equal(t, 2, h.HerdSize())
				goesOn(line == "closed the input", h.CloseInputChan)
				require.Equal(t, remuda.ErrPoolClosed, h.SendWork(unit(1)))
				require.Equal(t, []int{0}, bodies(collect(h)))
				err := h.Close(bg)
				if line == "closed the output" {
					requireBlow(t, name, err)
				} else {
					require.NoError(t, err)
				}
			})
		}
		bubble(t, name+" in Close", func(t *testing.T) {
			h := newHerd(t, 1, succeed)
			require.NoError(t, h.SetLogger(&brittle{blow: blow, breaks: func(l string) bool { return l == "closed the input" }}))
			require.NoError(t, h.Start())
			require.NoError(t, h.SendWork(unit(0)))
			go func() {
				defer func() { _ = recover() }()
				_ = h.Close(bg)
				assert.Fail(t, "it goes on to the caller of Close")
			}()
			require.Equal(t, []int{0}, bodies(collect(h)), "but closes the herd before")
		})
	}
}

// Units that Close drops are told one and all, and the output is closed, whatever
// the callbacks and the logger do.
func TestDroppedUnitsAreAllTold(t *testing.T) {
	for name, blow := range blows {
		for _, by := range []string{"callback", "logger"} {
			bubble(t, name+" of a "+by, func(t *testing.T) {
				s := &stage{}
				h := newHerd(t, 1, onStage(s))
				var mu sync.Mutex
				var told []int
				var callbacks int
				require.NoError(t, h.AddFailureCallback(func(w *work) {
					mu.Lock()
					told = append(told, w.Body)
					mu.Unlock()
					if by == "callback" {
						blow()
					}
				}))
				require.NoError(t, h.AddFailureCallback(func(w *work) {
					mu.Lock()
					defer mu.Unlock()
					callbacks++
				}))
				if by == "logger" {
					require.NoError(t, h.SetLogger(&brittle{blow: blow, breaks: func(l string) bool { return strings.HasPrefix(l, "work") }}))
				}
				require.NoError(t, h.Start())
				require.True(t, send(h, 0).returned())
				fill(t, h, 1)
				ctx, cancel := context.WithCancel(bg)
				cancel()
				go func() { // what the callback does may go on to the caller
					defer func() { _ = recover() }()
					_ = h.Close(ctx)
				}()
				out := collect(h)
				require.Equal(t, upTo(1+ahead), bodies(out))
				for _, w := range out {
					require.Equal(t, remuda.Failure, w.Status())
					requireBlow(t, name, w.Err())
					if w.Body > 0 {
						require.ErrorIs(t, w.Err(), remuda.ErrPoolClosed)
					}
				}
				slices.Sort(told)
				require.Equal(t, upTo(1+ahead), told)
				require.Equal(t, 1+ahead, callbacks)
				require.EqualValues(t, 1+ahead, h.Stats().Failure)
				require.ErrorIs(t, h.Close(bg), remuda.ErrPoolClosed, "a second one")
			})
		}
	}
}

// A callback may close its herd with a context that has ended, also while another
// Close drops units.
func TestCallbackThatCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{}
		h := newHerd(t, 1, onStage(s))
		ctx, cancel := context.WithCancel(bg)
		cancel()
		require.NoError(t, h.AddFailureCallback(func(*work) { assert.Error(t, h.Close(ctx)) }))
		require.NoError(t, h.Start())
		require.True(t, send(h, 0).returned())
		fill(t, h, 1)
		require.ErrorIs(t, h.Close(ctx), context.Canceled)
		require.Len(t, collect(h), 1+ahead)
	})
	synctest.Test(t, func(t *testing.T) { // and with no gopher at all
		h := newHerd(t, 0, succeed)
		ctx, cancel := context.WithCancel(bg)
		cancel()
		require.NoError(t, h.AddFailureCallback(func(*work) { _ = h.Close(ctx) }))
		fill(t, h, 0)
		_ = h.Close(ctx)
		require.Len(t, collect(h), ahead)
	})
}

// A process function, a callback and the logger may all go wrong at once.
func TestEverythingGoesWrong(t *testing.T) {
	for first, one := range blows {
		for second, other := range blows {
			t.Run(first+" and "+second, func(t *testing.T) {
				h := newHerd(t, 2, func(w *work) remuda.Status { one(); return remuda.Success })
				require.NoError(t, h.AddFailureCallback(func(*work) { other() }))
				require.NoError(t, h.AddFailureCallback(func(*work) { one() }))
				require.NoError(t, h.SetLogger(&brittle{blow: other, breaks: func(l string) bool { return strings.HasPrefix(l, "work") }}))
				require.NoError(t, h.Start())
				sendAll(t, h, 100)
				out := collect(h)
				require.Equal(t, upTo(100), bodies(out))
				for _, w := range out {
					require.Equal(t, remuda.Failure, w.Status())
					requireBlow(t, first, w.Err())
				}
				requireBlow(t, second, h.Close(bg)) // the line about a callback has no other place to tell
			})
		}
	}
}

// With GODEBUG=panicnil=1 there is nothing to recover from panic(nil), which is
// a panic all the same.
func TestPanicNilInAHerd(t *testing.T) {
	t.Setenv("GODEBUG", "panicnil=1")
	for name, inCallback := range map[string]bool{"process": false, "callback": true} {
		t.Run(name, func(t *testing.T) {
			blow := func() { panic(nil) }
			h := newHerd(t, 1, func(*work) remuda.Status {
				if !inCallback {
					blow()
				}
				return remuda.Success
			})
			require.NoError(t, h.AddSuccessCallback(func(*work) { blow() }))
			require.NoError(t, h.Start())
			for i := range 10 {
				require.NoError(t, h.SendWork(unit(i)))
				var p *remuda.PanicError
				require.ErrorAs(t, (<-h.OutputChan()).Err(), &p)
				require.Nil(t, p.Value)
			}
		})
	}
}

// Neither an ID nor what a callback panics with makes lines of its own.
func TestHerdLogsNoLinesButItsOwn(t *testing.T) {
	var log lines
	h := newHerd(t, 1, succeed)
	require.NoError(t, h.SetLogger(&log))
	forged := "x\nwork \"2\": failure, retries: 0\r\u2028\u0085\x1b[31m"
	require.NoError(t, h.AddSuccessCallback(func(*work) { panic(forged) }))
	require.NoError(t, h.Start())
	require.NoError(t, h.SendWork(work{ID: forged}))
	<-h.OutputChan()
	require.NoError(t, h.Close(bg))
	got := log.String()
	require.Equal(t, 4, strings.Count(got, "\n"), got) // success, callback, input, output
	require.NotContains(t, strings.ReplaceAll(got, "\n", ""), "\r")
	for _, r := range []string{"\u2028", "\u0085", "\x1b"} {
		require.NotContains(t, got, r)
	}
}

// When Close has returned nil, the output is closed, and nothing of the herd
// runs or logs.
func TestNothingComesAfterClose(t *testing.T) {
	for i := range 2000 {
		var over atomic.Bool
		var late atomic.Int32
		h := newHerd(t, 2, succeed)
		require.NoError(t, h.SetLogger(logFunc(func(string, ...any) {
			if over.Load() {
				late.Add(1)
			}
		})))
		require.NoError(t, h.Start())
		var wg sync.WaitGroup
		for j := range i % 5 {
			wg.Go(func() { _ = h.SendWork(unit(j)) })
		}
		wg.Go(func() { _ = h.SetHerdSize(3) })
		wg.Go(h.CloseInputChan)
		require.NoError(t, h.Close(bg))
		over.Store(true)
		n := 0
		for { // without waiting
			select {
			case _, ok := <-h.OutputChan():
				if ok {
					n++
					continue
				}
			default:
				require.Fail(t, "the output is open")
			}
			break
		}
		wg.Wait()
		require.EqualValues(t, n, h.Stats().Success)
		require.Zero(t, late.Load(), "it logs after Close")
	}
}

// Nor does anything come after the output is closed.
func TestNothingComesAfterTheOutputIsClosed(t *testing.T) {
	for range 500 {
		var over atomic.Bool
		var late atomic.Int32
		h := newHerd(t, 2, succeed)
		require.NoError(t, h.SetLogger(logFunc(func(string, ...any) {
			if over.Load() {
				late.Add(1)
			}
		})))
		require.NoError(t, h.Start())
		go func() {
			for i := range 3 {
				_ = h.SendWork(unit(i))
			}
			h.CloseInputChan()
		}()
		go h.CloseInputChan()
		require.LessOrEqual(t, len(collect(h)), 3)
		over.Store(true)
		require.NoError(t, h.SetHerdSize(5))
		require.NoError(t, h.Close(bg))
		require.Zero(t, late.Load())
	}
}

type logFunc func(format string, v ...any)

func (f logFunc) Printf(format string, v ...any) { f(format, v...) }

// A herd that was never started processes nothing, at Close either.
func TestCloseOfAHerdThatWasNotStarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reported atomic.Int32
		h := newHerd(t, 3, func(*work) remuda.Status { panic("not started") })
		require.NoError(t, h.AddFailureCallback(func(*work) { reported.Add(1) }))
		fill(t, h, 0)
		waiting := send(h, ahead)
		require.NoError(t, h.Close(bg))
		require.True(t, waiting.returned())
		require.ErrorIs(t, waiting.err, remuda.ErrPoolClosed)
		out := collect(h)
		require.Equal(t, upTo(ahead), bodies(out))
		for _, w := range out {
			require.Equal(t, remuda.Failure, w.Status())
			require.ErrorIs(t, w.Err(), remuda.ErrPoolClosed)
		}
		require.EqualValues(t, ahead, reported.Load())
	})
	h := remuda.NewHerd[int, int](nil)
	require.NoError(t, h.SendWork(unit(0)))
	require.ErrorIs(t, h.Start(), remuda.ErrNilJob)
	require.NoError(t, h.Close(bg))
	require.ErrorIs(t, (<-h.OutputChan()).Err(), remuda.ErrPoolClosed)
}
