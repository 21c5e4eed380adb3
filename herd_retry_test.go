package remuda_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

func again(*work) remuda.Status { return remuda.Retry }

// startRetrying returns a started herd of the given size with so many retries.
func startRetrying(t *testing.T, size, retries int, process func(*work) remuda.Status) *herd {
	t.Helper()
	h := newHerd(t, size, process)
	require.NoError(t, h.SetMaxRetries(retries))
	require.NoError(t, h.Start())
	return h
}

// gofherd's own promise: 1,000 units retried 1,000 times. They come without a
// goroutine for each retry.
func TestThousandUnitsRetriedThousandTimes(t *testing.T) {
	units, retries := 1000, 1000
	if testing.Short() || raceEnabled {
		retries = 100
	}
	var runs, most atomic.Int64
	before := runtime.NumGoroutine()
	h := startRetrying(t, 1, retries, func(*work) remuda.Status {
		if runs.Add(1)%1000 == 0 {
			most.Store(max(most.Load(), int64(runtime.NumGoroutine())))
		}
		return remuda.Retry
	})
	sendAll(t, h, units)
	out := collect(h)
	require.Equal(t, upTo(units), bodies(out))
	for _, w := range out {
		require.Equal(t, remuda.Failure, w.Status())
		require.Equal(t, retries, w.Retries())
		require.NoError(t, w.Err())
	}
	s := h.Stats()
	require.Equal(t, [...]uint64{0, uint64(units * retries), uint64(units)}, [...]uint64{s.Success, s.Retry, s.Failure})
	require.EqualValues(t, units*(retries+1), runs.Load())
	require.LessOrEqual(t, most.Load(), int64(before+5))
}

func TestRetries(t *testing.T) {
	for _, tt := range []struct {
		name         string
		max, succeed int // succeed at this many retries
		status       remuda.Status
		retries      int
	}{
		{"none allowed", 0, 1, remuda.Failure, 0},
		{"negative is none", -5, 1, remuda.Failure, 0},
		{"not needed", 3, 0, remuda.Success, 0},
		{"the last one helps", 3, 3, remuda.Success, 3},
		{"one too few", 3, 4, remuda.Failure, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := startRetrying(t, 1, tt.max, func(w *work) remuda.Status {
				w.SetResult(w.Result() + 1) // what was set is kept
				w.Body++
				if w.Retries() == 0 {
					assert.Equal(t, remuda.Pending, w.Status())
				} else {
					assert.Equal(t, remuda.Retry, w.Status())
				}
				if w.Retries() == tt.succeed {
					return remuda.Success
				}
				return remuda.Retry
			})
			require.NoError(t, h.SendWork(unit(0)))
			w := <-h.OutputChan()
			require.Equal(t, tt.status, w.Status())
			require.Equal(t, tt.retries, w.Retries())
			require.Equal(t, tt.retries+1, w.Result())
			require.Equal(t, tt.retries+1, w.Body)
			require.NoError(t, w.Err())
			s := h.Stats()
			require.EqualValues(t, tt.retries, s.Retry)
			require.EqualValues(t, 1, s.Success+s.Failure)
		})
	}
}

// A retry goes to the end of the line: a single gopher turns to those who wait
// before it tries again, whether they have been taken already or not.
func TestRetryIsNotHeldOnTheGopher(t *testing.T) {
	bubble(t, "before others in line", func(t *testing.T) {
		s := &stage{}
		h := startRetrying(t, 1, 2, func(w *work) remuda.Status {
			_, _ = s.Do(w.Context(), 10*w.Body+w.Retries())
			if w.Body == 3 {
				return remuda.Success
			}
			return remuda.Retry
		})
		require.True(t, send(h, 1).returned())
		require.True(t, send(h, 2).returned())
		require.True(t, send(h, 3).returned())
		s.let(10)
		require.Equal(t, []int{10, 20}, s.order(), "the gopher took unit 2 and not unit 1 again")
		s.letAll()
		require.Equal(t, []int{10, 20, 30, 11, 21, 12, 22}, s.order())
		h.CloseInputChan()
		require.Len(t, collect(h), 3)
	})
	bubble(t, "before blocked senders", func(t *testing.T) {
		// A sender that waits is let in before the unit that is tried again, and
		// one at a time, although there is no place.
		s := &stage{}
		h := startRetrying(t, 1, 1, func(w *work) remuda.Status {
			_, _ = s.Do(w.Context(), w.Body)
			if w.Body == 0 && w.Retries() == 0 {
				return remuda.Retry
			}
			return remuda.Success
		})
		require.True(t, send(h, 0).returned())
		fill(t, h, 1)
		a, b := send(h, 1+ahead), send(h, 2+ahead)
		require.False(t, a.returned())
		s.let(0)
		require.True(t, a.returned())
		require.False(t, b.returned(), "the places are taken by those ahead, and by unit 0")
		s.letAll()
		require.Equal(t, append(upTo(2+ahead), 0, 2+ahead), s.order())
	})
}

// Units that are retried all the time leave new work a place, but do not pile up
// without bound.
func TestRetriesPileUpOnlySoFar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pending, most atomic.Int32
		h := startRetrying(t, 2, 100, func(w *work) remuda.Status {
			if w.Retries() == 0 {
				n := pending.Add(1)
				most.Store(max(most.Load(), n))
			}
			runtime.Gosched() // to the senders
			if w.Retries() == 50 {
				pending.Add(-1)
				return remuda.Success
			}
			return remuda.Retry
		})
		var sending sync.WaitGroup
		for range 30 {
			sending.Go(func() {
				for range 100 {
					assert.NoError(t, h.SendWork(work{}))
				}
			})
		}
		go func() {
			sending.Wait()
			h.CloseInputChan()
		}()
		require.Len(t, collect(h), 3000)
		require.Greater(t, most.Load(), int32(500))
		require.LessOrEqual(t, most.Load(), int32(1030))
	})
}

// Work that is retried does not lose its place when the input is closed, and at
// Close neither, in whatever state the herd is.
func TestRetriesAtShutdown(t *testing.T) {
	for _, size := range []int{1, 3, 50} {
		for _, end := range []func(*herd){
			func(h *herd) { h.CloseInputChan() },
			func(h *herd) { go func() { assert.NoError(t, h.Close(bg)) }() },
		} {
			h := startRetrying(t, size, 20, again)
			for i := range 100 {
				require.NoError(t, h.SendWork(unit(i)))
			}
			end(h)
			out := collect(h)
			require.Equal(t, upTo(100), bodies(out))
			for _, w := range out {
				require.Equal(t, 20, w.Retries())
			}
		}
	}
}

// A gopher that is to leave takes nobody in when it sends its unit back.
func TestRetryOfALeavingGopher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{}
		h := startRetrying(t, 1, 1, func(w *work) remuda.Status {
			_, _ = s.Do(w.Context(), 100*w.Retries()+w.Body)
			return remuda.Retry
		})
		require.True(t, send(h, 0).returned())
		fill(t, h, 1)
		waiting := send(h, 1+ahead)
		require.NoError(t, h.SetHerdSize(0))
		s.let(0)
		require.False(t, waiting.returned(), "there is no gopher")
		require.NoError(t, h.SetHerdSize(1))
		s.letAll()
		require.True(t, waiting.returned())
		require.Equal(t, append(upTo(1+ahead), 100, 1+ahead), s.order()[:ahead+3])
	})
}

// Work that is sent back while Close gives up is not tried again.
func TestRetryWhileCloseGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		ended, cancel := context.WithCancel(bg)
		cancel()
		h := newHerd(t, 1, func(*work) remuda.Status {
			runs.Add(1)
			return remuda.Retry
		})
		require.NoError(t, h.SetMaxRetries(5))
		require.NoError(t, h.AddRetryCallback(func(*work) {
			assert.ErrorIs(t, h.Close(ended), context.Canceled)
		}))
		require.NoError(t, h.Start())
		require.NoError(t, h.SendWork(unit(0)))
		w := <-h.OutputChan()
		require.Equal(t, remuda.Failure, w.Status())
		require.ErrorIs(t, w.Err(), remuda.ErrPoolClosed)
		require.EqualValues(t, 1, runs.Load())
	})
}

// A callback gets a copy of the work as it was at that moment.
func TestCallbacks(t *testing.T) {
	type call struct {
		kind    string
		work    *work
		success uint64 // of Stats at that moment
	}
	var mu sync.Mutex
	var calls []call
	h := newHerd(t, 1, func(w *work) remuda.Status {
		w.SetResult(w.Result() + 1)
		switch {
		case w.Body == 0 && w.Retries() == 2:
			return remuda.Success
		case w.Body == 2:
			return remuda.Failure
		}
		return remuda.Retry
	})
	record := func(kind string) func(*work) {
		return func(w *work) {
			c := call{kind, w, h.Stats().Success}
			mu.Lock()
			defer mu.Unlock()
			calls = append(calls, c)
		}
	}
	require.NoError(t, h.SetMaxRetries(3))
	require.NoError(t, h.AddSuccessCallback(record("success")))
	require.NoError(t, h.AddSuccessCallback(record("success, too")))
	require.NoError(t, h.AddRetryCallback(record("retry")))
	require.NoError(t, h.AddFailureCallback(record("failure")))
	require.NoError(t, h.Start())

	expect := func(i int, want ...string) {
		t.Helper()
		require.NoError(t, h.SendWork(unit(i)))
		w := <-h.OutputChan()
		mu.Lock()
		defer mu.Unlock()
		var got []string
		for _, c := range calls {
			assert.Equal(t, w.ID, c.work.ID)
			assert.Equal(t, bg, c.work.Context())
			got = append(got, fmt.Sprintf("%s: %v %d %d", c.kind, c.work.Status(), c.work.Retries(), c.work.Result()))
			c.work.SetResult(-1) // changes nobody else's
		}
		assert.Equal(t, want, got)
		calls = nil
	}
	expect(0, "retry: retry 1 1", "retry: retry 2 2", "success: success 2 3", "success, too: success 2 3")
	expect(1, "retry: retry 1 1", "retry: retry 2 2", "retry: retry 3 3", "failure: failure 3 4")
	expect(2, "failure: failure 0 1")
	s := h.Stats()
	require.Equal(t, [...]uint64{1, 5, 2}, [...]uint64{s.Success, s.Retry, s.Failure})
}

// The numbers are right for whoever got the work.
func TestHerdStatsAreExactForTheReader(t *testing.T) {
	h := startRetrying(t, 4, 3, func(w *work) remuda.Status {
		if w.Body%2 == 0 {
			return remuda.Retry
		}
		return remuda.Success
	})
	sendAll(t, h, 1000)
	var success, failure uint64
	for w := range h.OutputChan() {
		if w.Status() == remuda.Success {
			success++
		} else {
			failure++
		}
		s := h.Stats()
		require.GreaterOrEqual(t, s.Success, success)
		require.GreaterOrEqual(t, s.Failure, failure)
		require.GreaterOrEqual(t, s.Retry, 3*failure)
		require.Equal(t, 4, s.Size)
	}
	s := h.Stats()
	require.Equal(t, [...]uint64{500, 1500, 500}, [...]uint64{s.Success, s.Retry, s.Failure})
}

// Everything at once: each unit that was taken comes out once.
func TestHerdUnderStress(t *testing.T) {
	h := newHerd(t, 3, func(w *work) remuda.Status {
		switch r := rand.IntN(100); {
		case r < 30:
			return remuda.Retry
		case r < 40:
			return remuda.Failure
		case r < 43:
			panic("on purpose")
		case r < 45:
			runtime.Goexit()
		}
		runtime.Gosched()
		return remuda.Success
	})
	require.NoError(t, h.SetMaxRetries(5))
	var called [3]atomic.Int64
	require.NoError(t, h.AddSuccessCallback(func(*work) { called[0].Add(1) }))
	require.NoError(t, h.AddRetryCallback(func(*work) { called[1].Add(1) }))
	require.NoError(t, h.AddFailureCallback(func(*work) { called[2].Add(1) }))
	require.NoError(t, h.Start())

	const senders, each = 8, 1000
	var sending, resizing sync.WaitGroup
	stop := make(chan struct{})
	for g := range senders {
		sending.Go(func() {
			for i := range each {
				assert.NoError(t, h.SendWork(unit(g*each+i)))
			}
		})
	}
	for range 2 {
		resizing.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					_ = h.SetHerdSize(rand.IntN(8))
					_ = h.DecreaseHerdBy(rand.IntN(3))
					runtime.Gosched()
				}
			}
		})
	}
	go func() {
		sending.Wait()
		h.CloseInputChan()
	}()
	var out []work
	for w := range h.OutputChan() {
		out = append(out, w)
	}
	close(stop)
	resizing.Wait()
	require.Equal(t, upTo(senders*each), bodies(out))
	s := h.Stats()
	require.Equal(t, [...]uint64{s.Success, s.Retry, s.Failure},
		[...]uint64{uint64(called[0].Load()), uint64(called[1].Load()), uint64(called[2].Load())})
	require.EqualValues(t, senders*each, s.Success+s.Failure)
	failed := slices.DeleteFunc(out, func(w work) bool { return w.Status() != remuda.Failure })
	require.EqualValues(t, len(failed), s.Failure)
}

// Close may give up while units come out, go back, and wait: each is reported
// once, by one who has run it or by Close, and the output is closed after that.
func TestCloseGivesUpInTheMiddle(t *testing.T) {
	ended, cancel := context.WithCancel(bg)
	cancel()
	for range 300 {
		var reported atomic.Int32
		h := newHerd(t, 2, again)
		require.NoError(t, h.SetMaxRetries(3))
		require.NoError(t, h.AddFailureCallback(func(*work) { reported.Add(1) }))
		require.NoError(t, h.Start())
		var taken atomic.Int32
		var sending sync.WaitGroup
		for range 4 {
			sending.Go(func() {
				for h.SendWork(unit(0)) == nil {
					taken.Add(1)
				}
			})
		}
		out := 0
		for range h.OutputChan() {
			if out++; out == 20 {
				go func() { _ = h.Close(ended) }()
			}
		}
		sending.Wait()
		require.Equal(t, taken.Load(), reported.Load())
		require.EqualValues(t, taken.Load(), h.Stats().Failure)
		require.LessOrEqual(t, out, int(taken.Load()))
	}
}

// Work that is retried again and again has the values of its sender's context,
// and makes no chain of contexts.
func TestRetriesMakeNoChainOfContexts(t *testing.T) {
	root := &deepContext{Context: bg}
	const retries = 50
	var depths []int
	h := remuda.NewHerd(func(w *remuda.Work[int, int]) remuda.Status {
		if w.Context().Value(deepContext{}) != "root" {
			return remuda.Failure
		}
		depths = append(depths, root.depth)
		if w.Retries() < retries {
			return remuda.Retry
		}
		return remuda.Success
	})
	require.NoError(t, h.SetMaxRetries(retries))
	require.NoError(t, h.SetHerdSize(1))
	require.NoError(t, h.Start())
	require.NoError(t, h.SendWorkContext(root, remuda.Work[int, int]{}))
	work := <-h.OutputChan()
	require.Equal(t, remuda.Success, work.Status())
	require.Len(t, depths, retries+1)
	require.Equal(t, depths[0], depths[retries])
	require.NoError(t, h.Close(bg))
}
