package middleware_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

// faulty is an error whose methods panic when it is a nil pointer, as that of a
// function does that returns a variable of a concrete type.
type faulty struct{ err error }

func (f *faulty) Error() string   { return f.err.Error() }
func (f *faulty) Unwrap() error   { return f.err }
func (f *faulty) Is(e error) bool { return f.err == e }

// mute is an error that cannot be read, nil or not.
type mute struct{}

func (mute) Error() string { panic("Error panics") }
func (mute) Unwrap() error { panic("Unwrap panics") }

// oddErrors are errors that cannot be looked into without care.
var oddErrors = map[string]error{
	"a nil pointer":     (*faulty)(nil),
	"a nil PanicError":  (*remuda.PanicError)(nil),
	"panics":            mute{},
	"not UTF-8":         errors.New("\xff\xfe"),
	"two, one of them":  errors.Join(errJob, (*faulty)(nil)),
	"of several lines":  errors.New("a\nlevel=ERROR msg=forged"),
	"wrapped a nil one": &faulty{(*faulty)(nil)},
}

// observers are the middleware that only watches, and those that look at errors
// but have nothing to do with these.
func observers(log *slog.Logger) map[string]remuda.Middleware {
	return map[string]remuda.Middleware{
		"Counter": &middleware.Counter{},
		"Elapsed": &middleware.Elapsed{},
		"Metrics": &middleware.Metrics{},
		"Logger":  middleware.Logger(log),
		"Retry":   middleware.Retry(1),
		"Timeout": middleware.Timeout(time.Hour),
	}
}

// The outcome of a run is what the job has returned, whatever that is.
func TestObserversChangeNothing(t *testing.T) {
	var out bytes.Buffer
	for kind, log := range map[string]*slog.Logger{
		"text": slog.New(slog.NewTextHandler(&out, nil)),
		"JSON": slog.New(slog.NewJSONHandler(&out, nil)),
	} {
		for name, mw := range observers(log) {
			if name != "Logger" && kind == "JSON" {
				continue
			}
			for what, odd := range oddErrors {
				t.Run(name+" "+kind+", "+what, func(t *testing.T) {
					out.Reset()
					run := mw.Wrap(func(context.Context) error { return odd })
					got := run(t.Context())
					if name == "Retry" && what != "a nil PanicError" { // it says how often it has tried
						got = errors.Unwrap(got)
					}
					same := got == odd // require.Equal would look into them
					require.True(t, same, "%T", got)
					if name == "Logger" {
						require.Equal(t, 1, bytes.Count(out.Bytes(), []byte("\n")), "one line: %s", &out)
						require.Contains(t, out.String(), "job failed")
					}
				})
			}
		}
	}
}

// A panic with something odd is a panic as any other.
func TestObserversOfOddPanics(t *testing.T) {
	var out bytes.Buffer
	for name, mw := range observers(slog.New(slog.NewTextHandler(&out, nil))) {
		for what, odd := range oddErrors {
			t.Run(name+", "+what, func(t *testing.T) {
				err := run(start(t, mw), func(context.Context) error { panic(odd) })
				p, ok := err.(*remuda.PanicError)
				require.True(t, ok, "%T", err)
				require.NotNil(t, p)
				require.Contains(t, p.Error(), "remuda: tasks: job panicked: ")
				if what == "a nil PanicError" {
					require.NotErrorIs(t, p, context.Canceled)
				}
				if m, ok := mw.(*middleware.Metrics); ok {
					require.Positive(t, m.Snapshot().Panicked)
				}
			})
		}
	}
}

// A log that breaks costs the run that it was to write of, and no other; what the
// job has returned is not lost.
func TestLoggerWhoseHandlerBreaks(t *testing.T) {
	broken := errors.New("log is broken")
	for name, do := range map[string]task{"success": succeed, "failure": fail, "panic": panics, "Goexit": exits} {
		t.Run(name, func(t *testing.T) {
			breaks := true
			pool := start(t, middleware.Logger(slog.New(handler{func(context.Context) {
				if breaks {
					breaks = false
					panic(broken)
				}
			}})))
			err := run(pool, do)
			require.Error(t, err)
			switch name {
			case "success":
				require.ErrorIs(t, err, broken)
			case "failure":
				require.ErrorIs(t, err, broken)
				require.ErrorIs(t, err, errJob)
			case "panic":
				require.ErrorIs(t, err, broken)
				require.ErrorContains(t, err, "on purpose")
			case "Goexit":
				require.ErrorIs(t, err, remuda.ErrGoexit)
			}
			require.NoError(t, run(pool, succeed))
		})
	}
	t.Run("and ends its goroutine", func(t *testing.T) {
		pool := start(t, middleware.Logger(slog.New(handler{func(context.Context) { runtime.Goexit() }})))
		require.ErrorIs(t, run(pool, succeed), remuda.ErrGoexit)
		require.ErrorIs(t, run(pool, fail), remuda.ErrGoexit)
	})
}
