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
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// Rule 4: Close stops intake, drains the queue, and waits for the workers.
func TestCloseDrainsTheQueue(t *testing.T) {
	for _, workers := range []int{0, 1, 3} {
		bubble(t, fmt.Sprintf("%d workers", workers), func(t *testing.T) {
			s := &stage{}
			p := startPool(t, remuda.Config{Paused: true}, s.Do)
			require.NoError(t, p.Resize(workers))
			for i := range 10 {
				require.NoError(t, p.TrySend(bg, i))
			}
			synctest.Wait()
			closing := asyncErr(func() error { return p.Close(bg) })
			require.False(t, closing.returned())
			require.Zero(t, p.Current())
			for name, err := range refusals(bg, p) {
				require.ErrorIs(t, err, remuda.ErrPoolClosed, name)
			}
			now, _ := s.on()
			require.Equal(t, max(workers, 1), now, "with one worker if there are none")

			s.letAll()
			require.True(t, closing.returned())
			require.NoError(t, closing.err)
			require.ElementsMatch(t, upTo(10), s.order())
			require.EqualValues(t, 10, p.Stats().Succeeded)
			<-p.Done()
			require.NoError(t, p.Err())
		})
	}

	bubble(t, "idle", func(t *testing.T) {
		p := startPool(t, remuda.Config{Initial: 3}, double)
		_, err := p.Do(bg, 1)
		require.NoError(t, err)
		require.NoError(t, p.Close(bg))
		<-p.Done()
	})

	bubble(t, "idle, with workers that have a goroutine and workers that have none", func(t *testing.T) {
		s := &stage{}
		p := startPool(t, remuda.Config{Initial: 5}, s.Do)
		for i := range 3 {
			require.NoError(t, p.TrySend(bg, i))
			synctest.Wait()
		}
		s.letAll()
		_, err := p.Do(bg, 3)
		require.NoError(t, err)
		require.NoError(t, p.Close(bg))
	})
}

// Senders that are blocked were not accepted: they get ErrPoolClosed.
func TestCloseRefusesBlockedSenders(t *testing.T) {
	forEachBound(t, func(t *testing.T, queue int) {
		s := &stage{}
		p := startPool(t, remuda.Config{Queue: queue}, s.Do)
		n := max(queue, 0) + 1
		for i := range n {
			require.NoError(t, p.TrySend(bg, i))
			synctest.Wait()
		}
		var blocked []*call[remuda.Void]
		for i, handOver := range append(handOvers, handOvers...) {
			blocked = append(blocked, asyncErr(func() error { return handOver(bg, p, n+i) }))
		}
		closing := asyncErr(func() error { return p.Close(bg) })
		for _, b := range blocked {
			require.True(t, b.returned())
			require.ErrorIs(t, b.err, remuda.ErrPoolClosed)
		}
		s.letAll()
		_, err := closing.wait()
		require.NoError(t, err)
		require.Equal(t, upTo(n), s.order())
	})
}

// When the context of Close ends first, Close cancels what runs, drops what is
// queued, each with an error that somebody gets, and returns at once, even if a
// job ignores its context.
func TestCloseGivesUpWhenItsContextEnds(t *testing.T) {
	for _, deaf := range []bool{false, true} {
		bubble(t, fmt.Sprintf("jobs ignore their context: %v", deaf), func(t *testing.T) {
			s := &stage{deaf: deaf}
			p := remuda.Must(remuda.NewWithConfig[int, int](remuda.Config{Queue: 5}))
			var dropped []int
			p.OnDrop(func(in int, err error) {
				assert.ErrorIs(t, err, remuda.ErrPoolClosed)
				dropped = append(dropped, in)
				p.Stats() // it is called without locks
			})
			require.NoError(t, p.Start(s))
			closeAfter(t, p)

			ctx, _ := ending(t)
			runs := async(func() (int, error) { return p.Do(ctx, 0) })
			require.NoError(t, p.TrySend(bg, 1))
			queued := async(func() (int, error) { return p.Do(ctx, 2) })
			require.NoError(t, p.Send(ctx, 3))
			ticket, err := p.Submit(bg, 4)
			require.NoError(t, err)
			require.NoError(t, p.TrySend(bg, 5))
			loop := async(func() (errs []error, _ error) {
				for _, err := range p.Map(bg, counted(3)) {
					errs = append(errs, err)
				}
				return errs, nil
			})

			closing := asyncErr(func() error { return p.CloseWithTimeout(time.Second) })
			require.False(t, closing.returned())
			require.NoError(t, s.ctx(0).Err(), "nothing is cancelled before its time")
			require.Empty(t, dropped)

			_, err = closing.wait()
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, time.Second, closing.took)
			require.Equal(t, []int{1, 3, 5}, dropped)
			require.Equal(t, context.Canceled, s.ctx(0).Err())
			_, err = queued.wait()
			require.ErrorIs(t, err, remuda.ErrPoolClosed)
			_, err = ticket.Wait(bg)
			require.ErrorIs(t, err, remuda.ErrPoolClosed)
			errs, _ := loop.wait()
			require.Len(t, errs, 1)
			require.ErrorIs(t, errs[0], remuda.ErrPoolClosed)
			require.ErrorIs(t, errs[0], remuda.ErrCutShort)
			require.EqualValues(t, 5, p.Stats().Dropped)
			require.Equal(t, []int{0}, s.order())

			if deaf {
				select {
				case <-p.Done():
					t.Error("a run is under way")
				default:
				}
				require.False(t, runs.returned())
				require.Equal(t, remuda.ErrPoolClosed, context.Cause(s.ctx(0)))
				s.letAll()
				_, err := runs.wait()
				require.NoError(t, err, "a run that went on to its end has its outcome")
			} else {
				_, err := runs.wait()
				require.ErrorIs(t, err, remuda.ErrPoolClosed, "the cause, as the job saw it")
			}
			<-p.Done()
		})
	}
}

// A context that has ended already lets Close wait for nothing.
func TestCloseWithEndedContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{deaf: true}
		p := startPool(t, remuda.Config{}, s.Do)
		require.NoError(t, p.TrySend(bg, 0))
		synctest.Wait()
		require.NoError(t, p.TrySend(bg, 1))
		ended, cancel := ending(t)
		cancel()
		closing := asyncErr(func() error { return p.Close(ended) })
		require.True(t, closing.returned())
		require.ErrorIs(t, closing.err, context.Canceled)
		require.EqualValues(t, 1, p.Stats().Dropped)
		s.letAll()
		<-p.Done()
	})
}

// A second Close waits within its own context and returns ErrPoolClosed. It may
// give up while the first is patient.
func TestSecondClose(t *testing.T) {
	bubble(t, "waits as the first does", func(t *testing.T) {
		s := &stage{}
		p := startPool(t, remuda.Config{}, s.Do)
		require.NoError(t, p.TrySend(bg, 0))
		first := asyncErr(func() error { return p.Close(bg) })
		second := asyncErr(func() error { return p.Close(bg) })
		require.False(t, first.returned())
		require.False(t, second.returned())
		s.letAll()
		_, err := first.wait()
		require.NoError(t, err)
		_, err = second.wait()
		require.ErrorIs(t, err, remuda.ErrPoolClosed)
		require.ErrorIs(t, p.Close(bg), remuda.ErrPoolClosed)
	})

	bubble(t, "gives up on its own account", func(t *testing.T) {
		s := &stage{deaf: true}
		p := startPool(t, remuda.Config{}, s.Do)
		require.NoError(t, p.TrySend(bg, 0))
		synctest.Wait()
		require.NoError(t, p.TrySend(bg, 1))
		first := asyncErr(func() error { return p.Close(bg) })
		second := asyncErr(func() error { return p.CloseWithTimeout(time.Second) })
		_, err := second.wait()
		require.ErrorIs(t, err, remuda.ErrPoolClosed)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Second, second.took)
		require.Error(t, s.ctx(0).Err(), "that cancels the runs")
		require.EqualValues(t, 1, p.Stats().Dropped, "and drops what is queued")
		require.False(t, first.returned())
		s.letAll()
		_, err = first.wait()
		require.NoError(t, err)
	})
}

// Rule 3: Close waits for the workers that Less has retired, too.
func TestCloseWaitsForRetiredWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{}
		p := startPool(t, remuda.Config{Initial: 2}, s.Do)
		require.NoError(t, p.TrySend(bg, 0))
		synctest.Wait()
		require.NoError(t, p.TrySend(bg, 1))
		synctest.Wait()
		require.NoError(t, p.Resize(0))
		closing := asyncErr(func() error { return p.Close(bg) })
		require.False(t, closing.returned())
		s.let(0)
		require.False(t, closing.returned())
		require.NoError(t, s.ctx(1).Err(), "Less lets a run go on")
		s.let(1)
		require.True(t, closing.returned())
		require.NoError(t, closing.err)
	})
}

// Rule 1: whether an input is accepted is decided in one place. A hand-over that
// races with a Close runs or is refused, and what was accepted is dropped only
// with an error that somebody gets.
func TestHandOverRacesClose(t *testing.T) {
	for _, patient := range []bool{true, false} {
		for _, queue := range bounds {
			t.Run(fmt.Sprintf("queue %d, patient %v", queue, patient), func(t *testing.T) {
				for range 30 {
					raceClose(t, queue, patient)
				}
			})
		}
	}
}

func raceClose(t *testing.T, queue int, patient bool) {
	var ran, dropped, accepted atomic.Int64
	warm := make(chan struct{})
	p := remuda.Must(remuda.NewWithConfig[int, int](remuda.Config{Queue: queue, Initial: 2}))
	p.OnDrop(func(int, error) { dropped.Add(1) })
	require.NoError(t, p.Start(remuda.Func(func(context.Context, int) (int, error) {
		if ran.Add(1) == 10 {
			close(warm)
		}
		runtime.Gosched()
		return 0, nil
	})))
	ctx, cancel := context.WithCancel(bg)
	defer cancel()
	var senders sync.WaitGroup
	// Each sender goes on until it is refused: the pool closes under its hands.
	until := func(handOver func() error) {
		senders.Go(func() {
			for {
				switch err := handOver(); {
				case err == nil:
					accepted.Add(1)
				case errors.Is(err, remuda.ErrQueueFull):
					runtime.Gosched()
				default:
					assert.ErrorIs(t, err, remuda.ErrPoolClosed)
					return
				}
			}
		})
	}
	until(func() error { return p.TrySend(bg, 1) })
	until(func() error { return p.Send(bg, 1) })
	until(func() error { return p.Send(ctx, 1) })
	until(func() error {
		ticket, err := p.Submit(ctx, 1)
		if err != nil {
			return err
		}
		if _, err = ticket.Wait(ctx); err != nil {
			accepted.Add(1)
			dropped.Add(1)
		}
		return err
	})
	<-warm
	if patient {
		require.NoError(t, p.Close(bg))
	} else {
		ended, end := context.WithCancel(bg)
		end()
		_ = p.Close(ended)
		<-p.Done()
	}
	senders.Wait()
	if patient {
		assert.Zero(t, dropped.Load())
	}
	assert.Equal(t, accepted.Load(), ran.Load()+dropped.Load())
	assert.EqualValues(t, accepted.Load(), p.Stats().Accepted)
	assert.EqualValues(t, dropped.Load(), p.Stats().Dropped)
	assertIdle(t, p.Stats())
}

func TestOnDrop(t *testing.T) {
	bubble(t, "is not needed", func(t *testing.T) {
		p := startPool(t, remuda.Config{}, untilCancelled)
		require.NoError(t, p.TrySend(bg, 0))
		require.NoError(t, p.TrySend(bg, 1))
		synctest.Wait()
		ended, cancel := ending(t)
		cancel()
		require.Error(t, p.Close(ended))
		require.EqualValues(t, 1, p.Stats().Dropped)
	})

	bubble(t, "may panic: that costs nobody his outcome", func(t *testing.T) {
		p := remuda.New[int, int]()
		p.OnDrop(func(int, error) { panic("drop") })
		require.NoError(t, p.Start(remuda.Func(untilCancelled)))
		closeAfter(t, p)
		require.NoError(t, p.TrySend(bg, 0))
		synctest.Wait()
		require.NoError(t, p.TrySend(bg, 1))
		ticket, err := p.Submit(bg, 2)
		require.NoError(t, err)
		do := async(func() (int, error) { return p.Do(bg, 3) })
		synctest.Wait()
		ended, cancel := ending(t)
		cancel()
		require.PanicsWithValue(t, "drop", func() { _ = p.Close(ended) })
		select {
		case <-ticket.Done():
		default:
			t.Fatal("the ticket waits forever")
		}
		_, err = ticket.Wait(bg)
		require.ErrorIs(t, err, remuda.ErrPoolClosed)
		_, err = do.wait()
		require.ErrorIs(t, err, remuda.ErrPoolClosed)
		<-p.Done()
	})
}

// untilCancelled is a job that holds its worker until somebody ends its run.
func untilCancelled(ctx context.Context, n int) (int, error) {
	<-ctx.Done()
	return n, ctx.Err()
}

// A job may close its own pool. With the job's context, Close does not wait,
// since it would wait for its caller.
func TestCloseFromInsideAJob(t *testing.T) {
	bubble(t, "with the job's context", func(t *testing.T) {
		var p *remuda.Pool[int, int]
		p = startPool(t, remuda.Config{Paused: true}, func(ctx context.Context, n int) (int, error) {
			if n == 0 {
				sub, cancel := context.WithCancel(ctx)
				defer cancel()
				assert.NoError(t, p.Close(sub))
				assert.ErrorIs(t, p.Close(ctx), remuda.ErrPoolClosed)
				assert.ErrorIs(t, p.TrySend(bg, 9), remuda.ErrPoolClosed)
				assert.NoError(t, ctx.Err(), "the job goes on")
			}
			return n, nil
		})
		for i := range 3 {
			require.NoError(t, p.TrySend(bg, i))
		}
		require.NoError(t, p.More())
		<-p.Done()
		require.EqualValues(t, 3, p.Stats().Succeeded, "what was accepted runs")
	})

	bubble(t, "with a time limit, which it waits for", func(t *testing.T) {
		var p *remuda.Pool[int, int]
		p = startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
			assert.ErrorIs(t, p.CloseWithTimeout(time.Second), context.DeadlineExceeded)
			assert.ErrorIs(t, context.Cause(ctx), remuda.ErrPoolClosed)
			return n, nil
		})
		_, err := p.Do(bg, 1)
		require.NoError(t, err)
		<-p.Done()
	})
}

// Rule 2: a run of a source-fed pool goes on to its end, and nothing more is taken.
// Only a Close that gives up cancels it.
func TestCloseLetsTheRunsOfASourceFinish(t *testing.T) {
	for _, patient := range []bool{true, false} {
		bubble(t, fmt.Sprintf("patient: %v", patient), func(t *testing.T) {
			ch := make(chan int, 3)
			p := remuda.Must(remuda.NewFrom[int, int](remuda.FromChan(ch), remuda.Config{Initial: 2}))
			s := &stage{}
			require.NoError(t, p.Start(s))
			for i := range 3 {
				ch <- i
			}
			require.Len(t, s.order(), 2)
			ctx, cancel := context.WithTimeout(bg, time.Minute)
			defer cancel()
			closing := asyncErr(func() error { return p.Close(ctx) })
			require.False(t, closing.returned())
			require.NoError(t, s.ctx(0).Err())
			require.NoError(t, s.ctx(1).Err())
			if patient {
				s.letAll()
				require.True(t, closing.returned())
				require.NoError(t, closing.err)
				require.EqualValues(t, 2, p.Stats().Succeeded)
			} else {
				_, err := closing.wait()
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.Equal(t, remuda.ErrPoolClosed, context.Cause(s.ctx(0)))
				require.Equal(t, remuda.ErrPoolClosed, context.Cause(s.ctx(1)))
			}
			require.Len(t, s.order(), 2)
			require.Len(t, ch, 1, "what is in the channel stays there")
			<-p.Done()
			require.NoError(t, p.Err())
		})
	}
}
