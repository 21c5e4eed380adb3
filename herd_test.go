package remuda_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"regexp"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

type (
	work = remuda.Work[int, int]
	herd = remuda.Herd[int, int]
)

// newHerd returns a herd that is not started, and is closed after the test.
func newHerd(t *testing.T, size int, process func(*work) remuda.Status) *herd {
	t.Helper()
	h := remuda.NewHerd(process)
	require.NoError(t, h.SetHerdSize(size))
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(bg)
		cancel()
		_ = h.Close(ctx)
		for range h.OutputChan() { // closed by the last gopher
		}
	})
	return h
}

// startHerd returns a herd that is started.
func startHerd(t *testing.T, size int, process func(*work) remuda.Status) *herd {
	t.Helper()
	h := newHerd(t, size, process)
	require.NoError(t, h.Start())
	return h
}

// onStage returns a process function that the test directs.
func onStage(s *stage) func(*work) remuda.Status {
	return func(w *work) remuda.Status {
		out, err := s.Do(w.Context(), w.Body)
		if err != nil {
			return remuda.Failure
		}
		w.SetResult(out)
		return remuda.Success
	}
}

func succeed(*work) remuda.Status { return remuda.Success }

// unit is a unit of work with body i.
func unit(i int) work { return work{ID: fmt.Sprint("unit ", i), Body: i} }

// send begins to send unit i.
func send(h *herd, i int) *call[remuda.Void] {
	return asyncErr(func() error { return h.SendWork(unit(i)) })
}

// ahead is how many units a herd takes before a gopher is free for them.
const ahead = 32

// fill sends as many units as a herd takes ahead of its gophers, from unit first
// on.
func fill(t *testing.T, h *herd, first int) {
	t.Helper()
	for i := range ahead {
		require.True(t, send(h, first+i).returned(), i)
	}
}

// sendAll sends units 0 to n-1 from a goroutine of its own and closes the input.
func sendAll(t *testing.T, h *herd, n int) {
	go func() {
		defer h.CloseInputChan()
		for i := range n {
			assert.NoError(t, h.SendWork(unit(i)))
		}
	}()
}

// collect reads all output.
func collect(h *herd) (out []work) {
	for w := range h.OutputChan() {
		out = append(out, w)
	}
	return out
}

// bodies returns the bodies of ws in ascending order.
func bodies(ws []work) []int {
	b := make([]int, len(ws))
	for i, w := range ws {
		b[i] = w.Body
	}
	slices.Sort(b)
	return b
}

// outputClosed reports whether the output is closed, once everything stands still.
func outputClosed(h *herd) bool {
	synctest.Wait()
	select {
	case _, ok := <-h.OutputChan():
		return !ok
	default:
		return false
	}
}

func TestHerdPutsOutEachUnitOnce(t *testing.T) {
	for _, size := range []int{1, 2, 100} {
		h := startHerd(t, size, func(w *work) remuda.Status {
			w.SetResult(w.Body + 10)
			w.Body++ // the body is the process function's to change
			return remuda.Success
		})
		sendAll(t, h, 5000)
		out := collect(h)
		for _, w := range out {
			require.Equal(t, remuda.Success, w.Status())
			require.Equal(t, w.Body+9, w.Result())
			require.Equal(t, fmt.Sprint("unit ", w.Body-1), w.ID)
			require.Zero(t, w.Retries())
			require.NoError(t, w.Err())
			require.Equal(t, bg, w.Context())
		}
		require.Equal(t, upTo(5001)[1:], bodies(out))
		s := h.Stats()
		require.Equal(t, [...]uint64{5000, 0, 0, 5000}, [...]uint64{s.Success, s.Retry, s.Failure, s.Pool.Succeeded})
	}
}

// The output comes in the order in which units are finished.
func TestHerdOutputOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{}
		h := startHerd(t, 3, onStage(s))
		for i := range 3 {
			require.True(t, send(h, i).returned())
		}
		s.let(2)
		s.let(0)
		s.let(1)
		for _, i := range []int{2, 0, 1} {
			require.Equal(t, i, (<-h.OutputChan()).Body)
		}
	})
}

func TestCloseInputChan(t *testing.T) {
	bubble(t, "refuses new work", func(t *testing.T) {
		s := &stage{}
		h := startHerd(t, 1, onStage(s))
		require.True(t, send(h, 0).returned())
		fill(t, h, 1)
		waiting := send(h, -1)
		ctx, _ := ending(t)
		waitingToo := asyncErr(func() error { return h.SendWorkContext(ctx, unit(-2)) })
		h.CloseInputChan()
		h.CloseInputChan()
		require.True(t, waiting.returned())
		require.True(t, waitingToo.returned())
		require.ErrorIs(t, waiting.err, remuda.ErrPoolClosed)
		require.ErrorIs(t, waitingToo.err, remuda.ErrPoolClosed)
		require.Equal(t, remuda.ErrPoolClosed, h.SendWork(unit(-3)))

		require.False(t, outputClosed(h), "unit 0 is not out")
		s.letAll()
		require.Equal(t, upTo(1+ahead), bodies(collect(h)), "what was taken comes out")
		require.Equal(t, remuda.ErrPoolClosed, h.SendWork(unit(-4)))
	})
	for _, size := range []int{0, 1, 10} {
		bubble(t, fmt.Sprint("with no work, size ", size), func(t *testing.T) {
			h := startHerd(t, size, succeed)
			require.False(t, outputClosed(h))
			h.CloseInputChan()
			require.True(t, outputClosed(h))
		})
	}
	bubble(t, "before Start", func(t *testing.T) {
		h := newHerd(t, 3, succeed)
		h.CloseInputChan()
		require.NoError(t, h.Start(), "a loader that had nothing to send may be faster than Start")
		require.True(t, outputClosed(h))
		require.Equal(t, 3, h.HerdSize())
	})
	bubble(t, "before Start with work left", func(t *testing.T) {
		h := newHerd(t, 3, succeed)
		fill(t, h, 0)
		waiting := send(h, -1)
		h.CloseInputChan()
		require.True(t, waiting.returned())
		require.ErrorIs(t, waiting.err, remuda.ErrPoolClosed)
		require.False(t, outputClosed(h), "there is work to be done")
		require.NoError(t, h.Start())
		require.Equal(t, upTo(ahead), bodies(collect(h)))
	})
	bubble(t, "at size 0 with work left", func(t *testing.T) {
		s := &stage{}
		h := newHerd(t, 1, func(w *work) remuda.Status {
			_, _ = s.Do(w.Context(), w.Retries())
			return remuda.Retry
		})
		require.NoError(t, h.SetMaxRetries(2))
		require.NoError(t, h.Start())
		require.True(t, send(h, 0).returned())
		require.NoError(t, h.SetHerdSize(0))
		h.CloseInputChan()
		s.let(0) // and the unit goes back to a herd that has no gophers
		require.False(t, outputClosed(h))
		require.Equal(t, []int{0}, s.order())
		require.NoError(t, h.SetHerdSize(1), "the size can still be changed")
		s.let(1)
		require.Equal(t, []int{0, 1, 2}, s.order())
		s.letAll()
		require.Equal(t, []int{0}, bodies(collect(h)))
	})
}

// SendWork and CloseInputChan may come from anywhere at any time: what was taken
// comes out, what was not taken is told so, nothing panics.
func TestSendWorkRacesWithCloseInputChan(t *testing.T) {
	for range 200 {
		h := startHerd(t, 2, succeed)
		var taken atomic.Int32
		for range 4 {
			go func() {
				for {
					if err := h.SendWork(unit(0)); err != nil {
						assert.ErrorIs(t, err, remuda.ErrPoolClosed)
						return
					}
					taken.Add(1)
				}
			}()
		}
		for range 3 {
			go func() {
				for range 10 {
					runtime.Gosched()
				}
				h.CloseInputChan()
			}()
		}
		n := int32(len(collect(h)))
		require.Equal(t, uint64(n), h.Stats().Success)
		require.NoError(t, h.Close(bg))
		require.GreaterOrEqual(t, n, taken.Load())
	}
}

func TestHerdLifeCycle(t *testing.T) {
	t.Run("Start twice", func(t *testing.T) {
		h := startHerd(t, 1, succeed)
		require.ErrorIs(t, h.Start(), remuda.ErrPoolStarted)
	})
	t.Run("Start after Close", func(t *testing.T) {
		h := newHerd(t, 1, succeed)
		require.NoError(t, h.Close(bg))
		require.ErrorIs(t, h.Start(), remuda.ErrPoolClosed)
		_, ok := <-h.OutputChan()
		require.False(t, ok)
	})
	t.Run("no process function", func(t *testing.T) {
		h := newHerd(t, 1, nil)
		require.ErrorIs(t, h.Start(), remuda.ErrNilJob)
		require.EqualError(t, h.Start(), "remuda: process function is nil")
	})
	t.Run("settings are for before Start", func(t *testing.T) {
		h := startHerd(t, 1, succeed)
		for name, err := range map[string]error{
			"SetMaxRetries":      h.SetMaxRetries(1),
			"SetLogger":          h.SetLogger(nil),
			"AddSuccessCallback": h.AddSuccessCallback(func(*work) {}),
			"AddRetryCallback":   h.AddRetryCallback(func(*work) {}),
			"AddFailureCallback": h.AddFailureCallback(func(*work) {}),
		} {
			assert.ErrorIs(t, err, remuda.ErrPoolStarted, name)
		}
		require.NoError(t, h.SetHerdSize(2), "the size is not")
		require.NoError(t, h.Close(bg))
		require.ErrorIs(t, h.SetMaxRetries(1), remuda.ErrPoolClosed)
	})
	t.Run("what is nil is refused", func(t *testing.T) {
		h := newHerd(t, 1, succeed)
		for want, err := range map[string]error{
			"remuda: success callback is nil":           h.AddSuccessCallback(nil),
			"remuda: retry callback is nil":             h.AddRetryCallback(nil),
			"remuda: failure callback is nil":           h.AddFailureCallback(nil),
			"remuda: logger of type *log.Logger is nil": h.SetLogger((*log.Logger)(nil)),
		} {
			assert.EqualError(t, err, want)
			assert.ErrorIs(t, err, remuda.ErrNilJob)
		}
		require.NoError(t, h.SetLogger(nil), "which is none")
		require.NoError(t, h.Start())
		require.NoError(t, h.SendWork(unit(1)))
		require.NoError(t, (<-h.OutputChan()).Err())
	})
}

func TestHerdClose(t *testing.T) {
	bubble(t, "waits for all work, retries included", func(t *testing.T) {
		s := &stage{}
		h := newHerd(t, 1, func(w *work) remuda.Status {
			_, _ = s.Do(w.Context(), w.Retries())
			return remuda.Retry
		})
		require.NoError(t, h.SetMaxRetries(3))
		require.NoError(t, h.Start())
		require.NoError(t, h.SendWork(unit(7)))
		closing := asyncErr(func() error { return h.Close(bg) })
		for i := range 4 {
			require.False(t, closing.returned())
			require.Equal(t, remuda.ErrPoolClosed, h.SendWork(unit(8)))
			s.let(i)
		}
		require.True(t, closing.returned())
		require.NoError(t, closing.err)
		out := collect(h)
		require.Equal(t, []int{7}, bodies(out))
		require.Equal(t, 3, out[0].Retries())
		require.Equal(t, 0, h.HerdSize())
		require.ErrorIs(t, h.SetHerdSize(1), remuda.ErrPoolClosed)
		require.ErrorIs(t, h.Close(bg), remuda.ErrPoolClosed, "a second Close")
	})
	bubble(t, "finishes the work of a herd of size 0", func(t *testing.T) {
		// The unit is sent back to be retried after Close, by a gopher that is
		// one too many, to a herd that has no other.
		s := &stage{}
		h := newHerd(t, 1, func(w *work) remuda.Status {
			_, _ = s.Do(w.Context(), w.Retries())
			return remuda.Retry
		})
		require.NoError(t, h.SetMaxRetries(1))
		require.NoError(t, h.Start())
		require.True(t, send(h, 0).returned())
		require.NoError(t, h.SetHerdSize(0))
		closing := asyncErr(func() error { return h.Close(bg) })
		s.let(0)
		require.False(t, closing.returned())
		s.let(1)
		require.True(t, closing.returned())
		require.NoError(t, closing.err)
		require.Len(t, collect(h), 1)
	})
	bubble(t, "when its context ends", func(t *testing.T) {
		s := &stage{}
		h := newHerd(t, 1, func(w *work) remuda.Status {
			_, _ = s.Do(w.Context(), w.Body)
			return remuda.Retry // too late for that
		})
		require.NoError(t, h.SetMaxRetries(10))
		require.NoError(t, h.Start())
		require.NoError(t, h.SendWork(unit(0)))
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		require.ErrorIs(t, h.Close(ctx), context.DeadlineExceeded)
		require.ErrorIs(t, context.Cause(s.ctx(0)), remuda.ErrPoolClosed)
		out := collect(h)
		require.Len(t, out, 1)
		require.Equal(t, remuda.Failure, out[0].Status())
		require.ErrorIs(t, out[0].Err(), remuda.ErrPoolClosed)
		require.Zero(t, out[0].Retries())
	})
	bubble(t, "does not wait for the deaf", func(t *testing.T) {
		s := &stage{deaf: true}
		h := startHerd(t, 1, onStage(s))
		require.True(t, send(h, 0).returned())
		ctx, cancel := context.WithCancel(bg)
		cancel()
		require.ErrorIs(t, h.Close(ctx), context.Canceled)
		require.False(t, outputClosed(h))
		s.letAll()
		out := collect(h)
		require.Equal(t, []int{0}, bodies(out), "there is room for it in the output")
		require.Equal(t, remuda.Success, out[0].Status())
	})
	bubble(t, "by a process function", func(t *testing.T) {
		var h *herd
		h = startHerd(t, 1, func(w *work) remuda.Status {
			assert.NoError(t, h.Close(w.Context()))
			return remuda.Success
		})
		require.NoError(t, h.SendWork(unit(0)))
		require.Len(t, collect(h), 1)
	})
}

// A reader that walks away stops the herd, and Close ends it: units that were
// not processed fail, and are not taken for successful.
func TestReaderWalksAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var failed []work
		var succeeded int
		h := newHerd(t, 4, func(w *work) remuda.Status {
			w.SetResult(1)
			if w.Body%2 == 1 && w.Retries() == 0 {
				return remuda.Retry
			}
			return remuda.Success
		})
		require.NoError(t, h.SetMaxRetries(1))
		require.NoError(t, h.AddSuccessCallback(func(*work) {
			mu.Lock()
			defer mu.Unlock()
			succeeded++
		}))
		require.NoError(t, h.AddFailureCallback(func(w *work) {
			mu.Lock()
			defer mu.Unlock()
			failed = append(failed, *w)
		}))
		require.NoError(t, h.Start())
		var taken int
		for { // until the output is full, and all gophers have a unit in hand
			ctx, cancel := context.WithTimeout(bg, time.Second)
			err := h.SendWorkContext(ctx, unit(taken))
			cancel()
			if err != nil {
				break
			}
			taken++
		}
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		require.ErrorIs(t, h.Close(ctx), context.DeadlineExceeded)

		synctest.Wait()
		require.Empty(t, goroutines())
		out := collect(h)
		require.Less(t, len(out), taken)
		for _, w := range out {
			require.Equal(t, remuda.Success, w.Status())
		}
		for _, w := range failed {
			require.Equal(t, remuda.Failure, w.Status())
			require.ErrorIs(t, w.Err(), remuda.ErrPoolClosed)
			if w.Retries() == 0 {
				require.Zero(t, w.Result(), "nobody has processed it")
			}
		}
		require.NotEmpty(t, failed)
		require.Equal(t, taken, succeeded+len(failed), "somebody got to know of each unit")
		s := h.Stats()
		require.Equal(t, uint64(succeeded), s.Success)
		require.Equal(t, uint64(len(failed)), s.Failure)
	})
}

// A herd whose output is closed needs no Close.
func TestFinishedHerdHoldsNoGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := remuda.NewHerd(succeed)
		require.NoError(t, h.SetHerdSize(20))
		require.NoError(t, h.Start())
		sendAll(t, h, 500)
		require.Len(t, collect(h), 500)
		require.Empty(t, goroutines())
		require.Equal(t, 20, h.HerdSize())
		require.NoError(t, h.SetHerdSize(10))
		require.Equal(t, 10, h.HerdSize())
	})
}

// What a process function does wrong costs the herd nothing, and tells.
func TestProcessDoesNotReturnAStatus(t *testing.T) {
	onPurpose := errors.New("on purpose")
	h := startHerd(t, 2, func(w *work) remuda.Status {
		switch w.Body % 4 {
		case 0:
			panic(onPurpose)
		case 1:
			runtime.Goexit()
		case 2:
			return remuda.Pending
		}
		return 7
	})
	sendAll(t, h, 400)
	for w := range h.OutputChan() {
		require.Equal(t, remuda.Failure, w.Status())
		switch w.Body % 4 {
		case 0:
			var p *remuda.PanicError
			require.ErrorAs(t, w.Err(), &p)
			require.ErrorIs(t, w.Err(), onPurpose)
			require.Contains(t, string(p.Stack), "TestProcessDoesNotReturnAStatus")
		case 1:
			require.ErrorIs(t, w.Err(), remuda.ErrGoexit)
		case 2:
			require.EqualError(t, w.Err(), "remuda: process returned pending")
		default:
			require.EqualError(t, w.Err(), "remuda: process returned status(7)")
		}
	}
	s := h.Stats()
	require.Equal(t, uint64(400), s.Failure)
	require.NoError(t, h.Close(bg))
	require.Equal(t, uint64(400), h.Stats().Pool.Failed)
	require.Equal(t, uint64(100), h.Stats().Pool.Panicked)
}

// The *Work is the gopher's; what is delivered is not touched by the next unit.
func TestWorkComesFresh(t *testing.T) {
	h := startHerd(t, 1, func(w *work) remuda.Status {
		assert.Equal(t, remuda.Pending, w.Status())
		assert.Zero(t, w.Retries())
		assert.NoError(t, w.Err())
		if w.Body == 0 {
			w.SetResult(5)
			return remuda.Failure
		}
		return remuda.Success
	})
	require.NoError(t, h.SendWork(unit(0)))
	w := <-h.OutputChan()
	require.Equal(t, 5, w.Result())
	require.NoError(t, h.SendWork(unit(1)))
	require.Zero(t, (<-h.OutputChan()).Result(), "nothing is left of the unit before")

	w.Body = 1
	require.NoError(t, h.SendWork(w), "and what was delivered can be sent again")
	w = <-h.OutputChan()
	require.Equal(t, remuda.Success, w.Status())
	require.Equal(t, 5, w.Result(), "with the result that it has")
}

// lines is a Logger.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Printf(format string, v ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(&l.buf, format+"\n", v...)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func TestHerdLogger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log lines
		h := newHerd(t, 1, func(w *work) remuda.Status { return []remuda.Status{remuda.Success, remuda.Retry}[w.Body] })
		require.NoError(t, h.SetLogger(&log))
		require.NoError(t, h.SetMaxRetries(1))
		require.NoError(t, h.AddFailureCallback(func(*work) { panic(errors.New("on purpose")) }))
		require.NoError(t, h.Start())
		for i := range 2 {
			require.NoError(t, h.SendWork(unit(i)))
			<-h.OutputChan()
		}
		require.NoError(t, h.SetHerdSize(2))
		require.NoError(t, h.SetHerdSize(2))
		h.CloseInputChan()
		h.CloseInputChan()
		synctest.Wait()
		where := regexp.MustCompile(` \(remuda_test[^)]*\)`)
		require.Equal(t, `work "unit 0": success, retries: 0
work "unit 1": retry, retries: 1
work "unit 1": failure, retries: 1
work "unit 1": callback: "remuda: job panicked: on purpose"
herd size: 2, was 1
closed the input
closed the output
`, where.ReplaceAllString(log.String(), ""))
	})
}
