package remuda_test

import (
	"context"
	"io"
	"iter"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// With GODEBUG=panicnil=1, as programs of old Go versions have it by default,
// recover returns nil after panic(nil): what panics, what returns and what ends
// its goroutine can then be told apart only by whether the call has returned.
// The setting holds for a process, hence the child.
func TestPanicNil(t *testing.T) {
	if !strings.Contains(os.Getenv("GODEBUG"), "panicnil=1") {
		self, err := os.Executable()
		require.NoError(t, err)
		cmd := exec.Command(self, "-test.run=^TestPanicNil$", "-test.v")
		cmd.Env = append(os.Environ(), "GODEBUG=panicnil=1")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Contains(t, string(out), "--- PASS: TestPanicNil")
		return
	}
	func() {
		defer func() { require.Nil(t, recover()) }()
		panic(nil)
	}()

	broken := func(context.Context, int) (int, error) { panic(nil) }
	breaking := remuda.MiddlewareFunc(func(remuda.Handler) remuda.Handler {
		return func(context.Context) error { panic(nil) }
	})
	endable, cancel := context.WithCancel(bg)
	defer cancel()
	ways := map[string]func(p *remuda.Pool[int, int]) error{
		"Do inline":       func(p *remuda.Pool[int, int]) error { _, err := p.Do(bg, 1); return err },
		"Do by hand-off":  func(p *remuda.Pool[int, int]) error { _, err := p.Do(endable, 1); return err },
		"Submit and Wait": func(p *remuda.Pool[int, int]) error { return nestedCalls["Submit and Wait"](bg, p, 1) },
		"Map":             func(p *remuda.Pool[int, int]) error { return nestedCalls["Map"](bg, p, 1) },
	}
	panicked := func(t *testing.T, err error) {
		t.Helper()
		var broke *remuda.PanicError
		require.ErrorAs(t, err, &broke)
		require.Nil(t, broke.Value)
	}
	for name, call := range ways {
		for where, start := range map[string]func(t *testing.T) *remuda.Pool[int, int]{
			"the job": func(t *testing.T) *remuda.Pool[int, int] { return startPool(t, remuda.Config{}, broken) },
			"the job, inside of middleware": func(t *testing.T) *remuda.Pool[int, int] {
				return startPool(t, remuda.Config{}, broken, idleLayers(1)...)
			},
			"a middleware": func(t *testing.T) *remuda.Pool[int, int] { return startPool(t, remuda.Config{}, double, breaking) },
			"a builder": func(t *testing.T) *remuda.Pool[int, int] {
				return startBuilt(t, remuda.Config{}, func() remuda.Job[int, int] { panic(nil) })
			},
		} {
			t.Run(name+", "+where, func(t *testing.T) {
				p := start(t)
				for range 100 { // a second goroutine on a worker would be a data race
					panicked(t, call(p))
				}
				s := p.Stats()
				require.EqualValues(t, 100, s.Panicked)
				assertIdle(t, s)
			})
		}
	}

	t.Run("sent", func(t *testing.T) {
		p := startPool(t, remuda.Config{Initial: 2}, broken, idleLayers(1)...)
		for range 100 {
			require.NoError(t, p.Send(bg, 1))
		}
		require.NoError(t, p.Close(bg))
		require.EqualValues(t, 100, p.Stats().Panicked)
	})

	t.Run("a sequence", func(t *testing.T) {
		p := startPool(t, remuda.Config{}, double)
		var seq iter.Seq[int] = func(func(int) bool) { panic(nil) }
		var went any
		func() {
			defer func() { went = recover() }()
			for range p.Map(bg, seq) {
			}
		}()
		require.IsType(t, &remuda.PanicError{}, went)
	})

	t.Run("a source", func(t *testing.T) {
		p := remuda.Must(remuda.NewFrom[int, int](sourceFunc(func(context.Context) (int, error) { panic(nil) }), remuda.Config{}))
		panicked(t, p.Run(bg, remuda.Func(double)))
	})

	t.Run("a job fed by a source", func(t *testing.T) {
		n := 0
		p := remuda.Must(remuda.NewFrom[int, int](sourceFunc(func(context.Context) (int, error) {
			if n++; n > 100 {
				return 0, io.EOF
			}
			return n, nil
		}), remuda.Config{}))
		require.NoError(t, p.Run(bg, remuda.Func(broken)))
		require.EqualValues(t, 100, p.Stats().Panicked)
	})

	t.Run("closing a job", func(t *testing.T) {
		p := startBuilt(t, remuda.Config{}, func() remuda.Job[int, int] { return brokenCloser{} })
		_, err := p.Do(bg, 1)
		require.NoError(t, err)
		require.NoError(t, p.Close(bg))
		panicked(t, p.Err())
	})

	t.Run("a job inside of Tap and Wrap", func(t *testing.T) {
		var seen error
		job := remuda.Tap(remuda.Func(broken), func(_ context.Context, _, _ int, err error) { seen = err })
		_, err := remuda.Wrap(job, idleLayers(1)...).Do(bg, 1)
		panicked(t, err)
		panicked(t, seen)
	})

	t.Run("what is told of drops", func(t *testing.T) {
		begun := make(chan struct{})
		p := startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
			close(begun)
			return untilCancelled(ctx, n)
		})
		told := 0
		p.OnDrop(func(int, error) { told++; panic(nil) })
		require.NoError(t, p.Send(bg, 0))
		<-begun
		for i := range 3 {
			require.NoError(t, p.Send(bg, i))
		}
		func() {
			defer func() { _ = recover() }()
			_ = cut(p)
		}()
		require.Equal(t, 3, told)
	})
}

// brokenCloser is a job that can't be closed.
type brokenCloser struct{}

func (brokenCloser) Do(_ context.Context, n int) (int, error) { return n, nil }
func (brokenCloser) Close() error                             { panic(nil) }
