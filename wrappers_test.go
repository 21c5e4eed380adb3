package remuda_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

var (
	errJob   = errors.New("job failed")
	errClose = errors.New("close failed")
)

// runOnce runs a job of a pool once, on its worker.
func runOnce[In, Out any](t *testing.T, job remuda.Job[In, Out], in In) (Out, error) {
	t.Helper()
	pool := remuda.New[In, Out]()
	require.NoError(t, pool.Start(job))
	defer func() { require.NoError(t, pool.Close(context.Background())) }()
	return pool.Do(t.Context(), in)
}

// endedContext is a context that has ended.
func endedContext() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func lengthOf(_ context.Context, s string) (int, error) { return len(s), nil }

func parseInt(_ context.Context, s string) (int, error) { return strconv.Atoi(s) }

func half(_ context.Context, n int) (float64, error) {
	if n == 0 {
		return 0, errJob
	}
	return float64(n) / 2, nil
}

func TestSignatures(t *testing.T) {
	t.Run("NoError", func(t *testing.T) {
		out, err := runOnce(t, remuda.NoError(func(_ context.Context, s string) int { return len(s) }), "abc")
		require.NoError(t, err)
		require.Equal(t, 3, out)
	})
	t.Run("NoInput", func(t *testing.T) {
		out, err := runOnce(t, remuda.NoInput(func(context.Context) (int, error) { return 7, errJob }), remuda.Void{})
		require.ErrorIs(t, err, errJob)
		require.Equal(t, 7, out)
	})
	t.Run("NoOutput", func(t *testing.T) {
		var got string
		_, err := runOnce(t, remuda.NoOutput(func(_ context.Context, s string) error { got = s; return errJob }), "abc")
		require.ErrorIs(t, err, errJob)
		require.Equal(t, "abc", got)
	})
	t.Run("NoContext", func(t *testing.T) {
		out, err := runOnce(t, remuda.NoContext(strconv.Atoi), "42")
		require.NoError(t, err)
		require.Equal(t, 42, out)
	})
	t.Run("Loop", func(t *testing.T) {
		pool := remuda.Must(remuda.NewLoop(remuda.Config{StopOnErrors: true}))
		runs := 0
		err := pool.Run(t.Context(), remuda.Loop(func(context.Context) error {
			if runs++; runs == 3 {
				return errJob
			}
			return nil
		}))
		require.ErrorIs(t, err, errJob)
		require.Equal(t, 3, runs)
	})
}

func TestThen(t *testing.T) {
	job := remuda.Then(remuda.Func(parseInt), remuda.Func(half))
	t.Run("hands on", func(t *testing.T) {
		out, err := runOnce(t, job, "5")
		require.NoError(t, err)
		require.Equal(t, 2.5, out)
	})
	t.Run("stops at the first error", func(t *testing.T) {
		_, err := runOnce(t, job, "five")
		require.ErrorIs(t, err, strconv.ErrSyntax)
	})
	t.Run("returns the second's error", func(t *testing.T) {
		_, err := runOnce(t, job, "0")
		require.ErrorIs(t, err, errJob)
	})
	t.Run("stops when the context has ended in between", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		second := false
		job := remuda.Then(
			remuda.NoError(func(context.Context, int) int { cancel(); return 1 }),
			remuda.NoError(func(context.Context, int) int { second = true; return 2 }),
		)
		_, err := job.Do(ctx, 0)
		require.ErrorIs(t, err, context.Canceled)
		require.False(t, second)
	})
}

func TestTap(t *testing.T) {
	type seen struct {
		in  string
		out int
		err error
	}
	cases := map[string]struct {
		job   func(context.Context, string) (int, error)
		out   int
		check func(t *testing.T, err error)
	}{
		"success": {
			job:   lengthOf,
			out:   3,
			check: func(t *testing.T, err error) { require.NoError(t, err) },
		},
		"failure": {
			job:   func(context.Context, string) (int, error) { return 9, errJob },
			out:   9,
			check: func(t *testing.T, err error) { require.ErrorIs(t, err, errJob) },
		},
		"panic": {
			job: func(context.Context, string) (int, error) { panicInJob(); return 0, nil },
			check: func(t *testing.T, err error) {
				var p *remuda.PanicError
				require.ErrorAs(t, err, &p)
				require.Equal(t, "on purpose", p.Value)
				require.Contains(t, string(p.Stack), "panicInJob", "the stack is the job's own")
			},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var got []seen
			tapped := remuda.Tap(remuda.Func(c.job), func(_ context.Context, in string, out int, err error) {
				got = append(got, seen{in, out, err})
			})
			out, err := runOnce(t, tapped, "abc")
			c.check(t, err)
			require.Equal(t, c.out, out)
			require.Len(t, got, 1)
			require.Equal(t, seen{"abc", c.out, err}, got[0])
		})
	}
	t.Run("end of the goroutine", func(t *testing.T) {
		var got error
		tapped := remuda.Tap(remuda.NoContext(func(int) (int, error) { runtime.Goexit(); return 0, nil }),
			func(_ context.Context, _, _ int, err error) { got = err })
		pool := remuda.New[int, int]()
		require.NoError(t, pool.Start(tapped))
		ticket, err := pool.Submit(t.Context(), 1)
		require.NoError(t, err)
		_, err = ticket.Wait(t.Context())
		require.ErrorIs(t, err, remuda.ErrGoexit)
		require.ErrorIs(t, got, remuda.ErrGoexit)
		require.NoError(t, pool.Close(t.Context()))
	})
	t.Run("a panic of the tap is its own", func(t *testing.T) {
		calls := 0
		tapped := remuda.Tap(remuda.Func(lengthOf), func(context.Context, string, int, error) {
			calls++
			panicInJob()
		})
		require.PanicsWithValue(t, "on purpose", func() { _, _ = tapped.Do(t.Context(), "abc") })
		require.Equal(t, 1, calls)
	})
}

func panicInJob() { panic("on purpose") }

func TestFallback(t *testing.T) {
	calls := 0
	guess := func(_ context.Context, in string, err error) (int, error) {
		calls++
		if in == "no idea" {
			return 0, err
		}
		return len(in), nil
	}
	job := remuda.Fallback(remuda.Func(parseInt), guess)
	cases := map[string]struct {
		ctx   context.Context
		in    string
		out   int
		err   error
		calls int
	}{
		"not needed":         {context.Background(), "42", 42, nil, 0},
		"takes over":         {context.Background(), "four", 4, nil, 1},
		"cannot help":        {context.Background(), "no idea", 0, strconv.ErrSyntax, 1},
		"is not for the end": {endedContext(), "four", 0, strconv.ErrSyntax, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			calls = 0
			out, err := job.Do(c.ctx, c.in)
			require.ErrorIs(t, err, c.err)
			require.Equal(t, c.out, out)
			require.Equal(t, c.calls, calls)
		})
	}
	t.Run("is not for a panic", func(t *testing.T) {
		calls = 0
		job := remuda.Fallback(remuda.NoContext(func(string) (int, error) { panic("on purpose") }), guess)
		require.PanicsWithValue(t, "on purpose", func() { _, _ = job.Do(context.Background(), "four") })
		require.Zero(t, calls)
	})
}

func TestValidate(t *testing.T) {
	errEmpty := errors.New("empty")
	ran := false
	job := remuda.Validate(
		remuda.NoError(func(_ context.Context, s string) int { ran = true; return len(s) }),
		func(s string) error {
			if s == "" {
				return errEmpty
			}
			return nil
		},
	)
	out, err := runOnce(t, job, "abc")
	require.NoError(t, err)
	require.Equal(t, 3, out)

	ran = false
	_, err = runOnce(t, job, "")
	require.ErrorIs(t, err, remuda.ErrInvalidInput)
	require.ErrorIs(t, err, errEmpty)
	require.True(t, strings.HasPrefix(err.Error(), "remuda: "), err)
	require.False(t, ran)
}

// closable is a job that is to be closed.
type closable struct {
	remuda.JobFunc[int, int]
	closed *[]string
	name   string
	err    error
}

func (c closable) Close() error {
	*c.closed = append(*c.closed, c.name)
	return c.err
}

// What is around a built job must not keep the pool from closing it.
func TestWrappersPassCloseOn(t *testing.T) {
	var closed []string
	add := func(_ context.Context, n int) (int, error) { return n + 1, nil }
	build := func(name string, err error) remuda.Job[int, int] {
		return closable{add, &closed, name, err}
	}
	cases := map[string]struct {
		job    remuda.Job[int, int]
		closed []string
		err    error
	}{
		"Then":     {remuda.Then(build("a", nil), build("b", errClose)), []string{"a", "b"}, errClose},
		"Tap":      {remuda.Tap(build("a", nil), func(context.Context, int, int, error) {}), []string{"a"}, nil},
		"Validate": {remuda.Validate(build("a", nil), func(int) error { return nil }), []string{"a"}, nil},
		"Fallback": {
			remuda.Fallback(build("a", io.EOF), func(_ context.Context, n int, err error) (int, error) { return n, err }),
			[]string{"a"}, io.EOF,
		},
		"Wrap": {
			remuda.Wrap(build("a", nil), remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler { return next })),
			[]string{"a"}, nil,
		},
		"none to close": {remuda.Then(remuda.Func(add), remuda.Func(add)), nil, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			closed = nil
			pool := remuda.New[int, int]()
			require.NoError(t, pool.StartWithBuilder(remuda.JobBuilderFunc[int, int](func() remuda.Job[int, int] { return c.job })))
			_, err := pool.Do(t.Context(), 1)
			require.NoError(t, err)
			require.NoError(t, pool.Close(t.Context()))
			require.Equal(t, c.closed, closed)
			require.ErrorIs(t, pool.Err(), c.err)
		})
	}
}

// What is wrong with closing one part must not keep the others open.
func TestEachPartIsClosed(t *testing.T) {
	for name, fault := range map[string]func() error{
		"a panic":      func() error { panic("cannot close") },
		"a nil panic":  func() error { panic(nil) },
		"Goexit":       func() error { runtime.Goexit(); return nil },
		"only returns": func() error { return errors.New("cannot close") },
	} {
		t.Run(name, func(t *testing.T) {
			var closed []string
			job := remuda.Then(
				remuda.Tap(remuda.Job[int, int](&faultyCloser{JobFunc: double, fault: fault}), func(context.Context, int, int, error) {}),
				remuda.Job[int, int](closable{JobFunc: double, closed: &closed, name: "second", err: errClose}))
			pool := remuda.New[int, int]()
			require.NoError(t, pool.StartWithBuilder(remuda.JobBuilderFunc[int, int](func() remuda.Job[int, int] { return job })))
			_, err := pool.Do(t.Context(), 1)
			require.NoError(t, err)
			require.NoError(t, pool.Close(t.Context()))
			require.Equal(t, []string{"second"}, closed)
			require.Error(t, pool.Err())
			if name != "Goexit" {
				require.ErrorIs(t, pool.Err(), errClose, "and their errors are told, too")
			}
		})
	}
}

type faultyCloser struct {
	remuda.JobFunc[int, int]
	fault func() error
}

func (c *faultyCloser) Close() error { return c.fault() }
