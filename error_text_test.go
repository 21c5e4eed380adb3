package remuda_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// A nil context panics at once, as in the standard library, whatever the pool is up to.
func TestNilContext(t *testing.T) {
	var none context.Context
	p := startPool(t, remuda.Config{}, double)
	ticket, err := p.Submit(bg, 1)
	require.NoError(t, err)
	job := remuda.Func(double)
	for name, f := range map[string]func(){
		"Do":             func() { _, _ = p.Do(none, 1) },
		"Send":           func() { _ = p.Send(none, 1) },
		"TrySend":        func() { _ = p.TrySend(none, 1) },
		"Submit":         func() { _, _ = p.Submit(none, 1) },
		"TrySubmit":      func() { _, _ = p.TrySubmit(none, 1) },
		"Ticket.Wait":    func() { _, _ = ticket.Wait(none) },
		"Pool.Map":       func() { _ = len(outputs(p.Map(none, counted(1)))) },
		"Pool.DoAll":     func() { _, _ = p.DoAll(none, upTo(1)) },
		"Wait":           func() { _ = p.Wait(none) },
		"Group":          func() { _ = p.Group(none) },
		"Close":          func() { _ = p.Close(none) },
		"Stop":           func() { _ = p.Stop(none) },
		"Run":            func() { _ = p.Run(none, job) },
		"RunWithBuilder": func() { _ = p.RunWithBuilder(none, nil) },
		"Map":            func() { _ = len(outputs(remuda.Map(none, 1, counted(1), double))) },
		"DoAll":          func() { _, _ = remuda.DoAll(none, 1, upTo(1), double) },
		"ForEach":        func() { _ = remuda.ForEach(none, 1, counted(1), func(context.Context, int) error { return nil }) },
	} {
		require.PanicsWithValue(t, "remuda: nil context", f, name)
	}
	require.NoError(t, p.Send(bg, 1), "nothing has happened to it")
}

func outputs(seq func(yield func(int, error) bool)) (outs []int) {
	seq(func(out int, _ error) bool {
		outs = append(outs, out)
		return true
	})
	return outs
}

// An error of a context that ended while somebody waited says where that was, and is
// the error of the context.
func TestWhereAContextHasEnded(t *testing.T) {
	for name, want := range map[string]struct{ queued, running, blocked, ticket string }{
		"mill": {
			"remuda: queued in mill: context deadline exceeded",
			"remuda: running in mill: context deadline exceeded",
			"remuda: blocked before the queue of mill: context deadline exceeded",
			"remuda: waiting for a ticket of mill: context deadline exceeded",
		},
		"": {
			"remuda: queued in the pool: context deadline exceeded",
			"remuda: running in the pool: context deadline exceeded",
			"remuda: blocked before the queue of the pool: context deadline exceeded",
			"remuda: waiting for a ticket of the pool: context deadline exceeded",
		},
	} {
		bubble(t, name, func(t *testing.T) {
			s := &stage{deaf: true}
			p := startPool(t, remuda.Config{Name: name, Queue: 2}, s.Do)
			check := func(err error, text string) {
				t.Helper()
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.EqualError(t, err, text)
			}
			soon, cancel := context.WithTimeout(bg, time.Second)
			defer cancel()
			running := async(func() (int, error) { return p.Do(soon, 0) })
			queued := async(func() (int, error) { return p.Do(soon, 1) })
			ticket, err := p.Submit(soon, 2)
			require.NoError(t, err)
			blocked := asyncErr(func() error { return p.Send(soon, 3) })
			_, err = ticket.Wait(soon)
			if err.Error() != want.queued { // both have come
				check(err, want.ticket)
			}
			_, err = ticket.Wait(bg)
			check(err, want.queued)
			_, err = queued.wait()
			check(err, want.queued)
			_, err = running.wait()
			check(err, want.running)
			_, err = blocked.wait()
			check(err, want.blocked)
			s.letAll()
		})
	}
}

// Calls that hand over inputs say why the pool is closed, and errors.Is knows it. An
// outcome says it, and is not the error of another's run.
func TestClosedPoolSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{}
		p := startPool(t, remuda.Config{Name: "mill", StopOnErrors: true, Queue: 1}, func(ctx context.Context, n int) (int, error) {
			_, err := s.Do(ctx, n)
			return n, errors.Join(err, errJob)
		})
		require.NoError(t, p.Send(bg, 0))
		require.NoError(t, p.Send(bg, 1))
		blocked := asyncErr(func() error { return p.Send(bg, 2) })
		blockedDo := async(func() (int, error) { return p.Do(t.Context(), 3) })
		s.letAll()
		const text = "remuda: mill: pool is closed: job failed"
		_, err := p.Submit(bg, 4)
		_, tried := p.TrySubmit(bg, 4)
		for _, err := range []error{p.Send(bg, 4), p.TrySend(bg, 4), err, tried} {
			require.ErrorIs(t, err, remuda.ErrPoolClosed)
			require.ErrorIs(t, err, errJob)
			require.EqualError(t, err, text)
		}
		_, err = blocked.wait()
		if err != nil { // else it was let in before the first run had ended
			require.ErrorIs(t, err, errJob)
		}
		_, outcome := p.Do(bg, 5)
		for _, err := range []error{outcome, p.More()} {
			require.ErrorIs(t, err, remuda.ErrPoolClosed)
			require.NotErrorIs(t, err, errJob)
			require.EqualError(t, err, text)
		}
		_, err = blockedDo.wait()
		require.Error(t, err)
	})
}

// A job that returns the error of its Send to a pool that a panic has closed has not
// panicked.
func TestPanicThatClosedThePoolIsNobodyElses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		var p *remuda.Pool[int, int]
		p = startPool(t, remuda.Config{Initial: 2, StopOnErrors: true}, func(ctx context.Context, n int) (int, error) {
			if n == 0 {
				panic("broken")
			}
			<-gate
			return 0, p.Send(ctx, 2)
		})
		nested := async(func() (int, error) { return p.Do(t.Context(), 1) })
		require.NoError(t, p.Send(bg, 0))
		synctest.Wait()
		close(gate)
		_, err := nested.wait()
		require.ErrorIs(t, err, remuda.ErrPoolClosed)
		require.ErrorContains(t, err, "job panicked: broken")
		require.EqualValues(t, 1, p.Stats().Panicked)
		require.ErrorAs(t, p.Err(), new(*remuda.PanicError))
	})
}

// A panic's error names the pool whose job it was, once, and the line of the job's
// own that panicked.
func TestPanicSaysWhere(t *testing.T) {
	inner := startPool(t, remuda.Config{Name: "inner"}, func(_ context.Context, n int) (int, error) {
		return make([]int, 0)[n], nil // the runtime's own frames are left out
	})
	outer := startPool(t, remuda.Config{Name: "outer"}, func(ctx context.Context, n int) (int, error) { return inner.Do(ctx, n) })
	_, err := outer.Do(bg, 1)
	require.Regexp(t, `^remuda: inner: job panicked: runtime error: index out of range \[1\] with length 0 \(remuda_test\.TestPanicSaysWhere\.func1, error_text_test\.go:\d+\)$`, err.Error())

	pass := remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler { return next })
	wrapped := startPool(t, remuda.Config{Name: "mill"}, remuda.Wrap(remuda.Func(func(context.Context, int) (int, error) { panic("thrown") }), pass).Do, pass)
	_, err = wrapped.Do(bg, 1)
	require.ErrorContains(t, err, "job panicked: thrown (remuda_test.TestPanicSaysWhere.func")

	require.EqualError(t, &remuda.PanicError{Value: 1}, "remuda: job panicked: 1")
	require.EqualError(t, &remuda.PanicError{Value: 1, Stack: []byte("goroutine 1\npanic(1)\n\tpanic.go:1")}, "remuda: job panicked: 1")
}

// TrySubmit never waits, and its ticket is that of Submit.
func TestTrySubmit(t *testing.T) {
	bubble(t, "a full queue", func(t *testing.T) {
		s := &stage{}
		p := startPool(t, remuda.Config{Name: "mill", Queue: remuda.Unbuffered}, s.Do)
		ticket, err := p.TrySubmit(bg, 1)
		require.NoError(t, err)
		synctest.Wait()
		_, err = p.TrySubmit(bg, 2)
		require.ErrorIs(t, err, remuda.ErrQueueFull)
		require.EqualError(t, err, "remuda: mill: queue is full: there is none, and no worker is free")
		s.let(1)
		out, err := ticket.Wait(bg)
		require.NoError(t, err)
		require.Equal(t, 2, out)
	})
	bubble(t, "its context ends", func(t *testing.T) {
		p := startPool(t, remuda.Config{Paused: true}, double)
		ctx, cancel := ending(t)
		ticket, err := p.TrySubmit(ctx, 1)
		require.NoError(t, err)
		cancel()
		synctest.Wait()
		require.Zero(t, p.Stats().Queued)
		_, err = ticket.Wait(bg)
		require.ErrorIs(t, err, context.Canceled)
		_, err = p.TrySubmit(ctx, 1)
		require.ErrorIs(t, err, context.Canceled)
	})
}

// Workers that were idle for an IdleTimeout end, with their jobs, and are made anew;
// the number of workers stays what it is.
func TestIdleTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{}
		var open atomic.Int32
		p := remuda.Must(remuda.NewWithConfig[int, int](remuda.Config{Initial: 3, IdleTimeout: time.Minute}))
		require.NoError(t, p.StartWithBuilder(remuda.JobBuilderFunc[int, int](func() remuda.Job[int, int] {
			open.Add(1)
			return closing{s, &open}
		})))
		closeAfter(t, p)
		for range 2 {
			s.mu.Lock()
			s.open, s.gates = false, nil
			s.mu.Unlock()
			for i := range 3 {
				require.NoError(t, p.Send(bg, i))
			}
			now, _ := s.on()
			require.Equal(t, 3, now)
			s.letAll()
			require.EqualValues(t, 3, open.Load())
			time.Sleep(3 * time.Minute)
			synctest.Wait()
			require.Zero(t, open.Load())
			require.Equal(t, 3, p.Current())
		}
	})
}

type closing struct {
	*stage
	open *atomic.Int32
}

func (c closing) Close() error { c.open.Add(-1); return nil }
