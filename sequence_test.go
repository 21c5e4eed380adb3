package remuda_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// A package's variables are made by a goroutine that is locked to the main
// thread. The second of these is never used: it must hold no goroutine, which
// goleak looks for.
var (
	packageSequence = remuda.FromSeq(counted(100))
	_               = remuda.FromSeq(counted(100))
)

// Whatever thread the users of a sequence are locked to, it can be used.
// With iter.Pull the program ended: "coro: OS thread locking must match".
func TestSequenceOfASourceAndThreads(t *testing.T) {
	locking := func(ctx context.Context, n int) (int, error) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		return n, nil
	}
	staying := func(ctx context.Context, n int) (int, error) {
		runtime.LockOSThread() // the worker is locked from here on, in Next too
		return n, nil
	}
	run := func(t *testing.T, src remuda.Source[int], job func(context.Context, int) (int, error)) {
		t.Helper()
		p := remuda.Must(remuda.NewFrom[int, int](src, remuda.Config{Initial: 3}))
		require.NoError(t, p.Run(bg, remuda.Func(job)))
		require.EqualValues(t, 100, p.Stats().Succeeded)
	}

	t.Run("as a variable of a package", func(t *testing.T) {
		defer func() { packageSequence = remuda.FromSeq(counted(100)) }() // for -count
		run(t, packageSequence, double)
	})
	t.Run("made by a goroutine that is locked", func(t *testing.T) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		run(t, remuda.FromSeq(counted(100)), double)
	})
	t.Run("with a job that locks its thread for a while", func(t *testing.T) {
		run(t, remuda.FromSeq(counted(100)), locking)
	})
	t.Run("with a job that locks its thread for good", func(t *testing.T) {
		run(t, remuda.FromSeq(counted(100)), staying)
	})
	t.Run("that locks a thread itself", func(t *testing.T) {
		run(t, remuda.FromSeq(func(yield func(int) bool) {
			runtime.LockOSThread()
			counted(100)(yield)
		}), staying)
	})
	t.Run("closed by a goroutine that is locked", func(t *testing.T) {
		src := remuda.FromSeq(counted(100))
		_, err := src.Next(bg)
		require.NoError(t, err)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		require.NoError(t, src.(interface{ Close() error }).Close())
	})
}

// A sequence that nobody asks for anything has no goroutine, whoever forgets to
// close it; one that was begun has none after its pool.
func TestSequenceOfASourceLeavesNothingBehind(t *testing.T) {
	bubble(t, "not used, not closed", func(t *testing.T) {
		remuda.FromSeq(counted(3))
		synctest.Wait()
		require.Empty(t, goroutines())
	})
	bubble(t, "closed while it waits to go on", func(t *testing.T) {
		stopped := false
		src := remuda.FromSeq(func(yield func(int) bool) {
			defer func() { stopped = true }()
			counted(3)(yield)
		})
		in, err := src.Next(bg)
		require.NoError(t, err)
		require.Equal(t, 0, in)
		require.NoError(t, src.(interface{ Close() error }).Close())
		require.True(t, stopped, "Close waits until the sequence has returned")
		synctest.Wait()
		require.Empty(t, goroutines())
		require.NoError(t, src.(interface{ Close() error }).Close())
		_, err = src.Next(bg)
		require.ErrorContains(t, err, "EOF")
	})
}

// What goes wrong when a sequence is made to stop is an error of closing it.
func TestSequenceOfASourceThatCannotStop(t *testing.T) {
	broken := errors.New("cannot stop")
	for name, tt := range map[string]struct {
		stop func()
		want error
	}{
		"a panic":       {func() { panic(broken) }, broken},
		"Goexit":        {runtime.Goexit, remuda.ErrGoexit},
		"going on, too": {func() {}, nil},
	} {
		bubble(t, name, func(t *testing.T) {
			src := remuda.FromSeq(func(yield func(int) bool) {
				for i := 0; ; i++ {
					if !yield(i) {
						tt.stop()
						if tt.want == nil {
							yield(i)
						}
						return
					}
				}
			})
			p := startFrom(t, src, remuda.Config{}, func(ctx context.Context, in int) (int, error) {
				time.Sleep(time.Second)
				return in, nil
			})
			synctest.Wait()
			require.NoError(t, p.Close(bg))
			<-p.Done()
			require.Error(t, p.Err())
			if tt.want != nil {
				require.ErrorIs(t, p.Err(), tt.want)
			}
		})
	}
}

// Whoever comes after a sequence has broken sees that, and not its end.
func TestSequenceOfASourceStaysBroken(t *testing.T) {
	src := remuda.FromSeq(func(func(int) bool) { panic("broken") })
	for range 2 {
		require.Panics(t, func() { _, _ = src.Next(bg) })
	}
	src = remuda.FromSeq(func(func(int) bool) { runtime.Goexit() })
	for range 2 {
		exited := make(chan bool)
		go func() {
			returned := false
			defer func() { exited <- !returned }()
			_, _ = src.Next(bg)
			returned = true
		}()
		require.True(t, <-exited)
	}
}

// The stack of a panic is that of the sequence.
func TestStackOfASequenceThatPanics(t *testing.T) {
	p := remuda.Must(remuda.NewFrom[int, int](remuda.FromSeq(brokenSequence(errors.New("broken"))), remuda.Config{}))
	var panicked *remuda.PanicError
	require.ErrorAs(t, p.Run(bg, remuda.Func(double)), &panicked)
	require.Contains(t, string(panicked.Stack), "brokenSequence")
}
