package remudaotel_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/remuda-go/remuda"
	remudaotel "github.com/remuda-go/remuda/otel"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
)

// brittle is an error whose methods panic when it is a nil pointer.
type brittle struct{ err error }

func (f *brittle) Error() string     { return f.err.Error() }
func (f *brittle) Unwrap() error     { return f.err }
func (f *brittle) ErrorType() string { return f.err.Error() }

// mute is an error none of whose methods can be called.
type mute struct{}

func (mute) Error() string { panic("Error panics") }
func (mute) Unwrap() error { panic("Unwrap panics") }

// oddErrors are errors that cannot be told of without care, and what is told.
var oddErrors = map[string]struct {
	err           error
	message, kind string
}{
	"a nil pointer":       {(*brittle)(nil), "*remudaotel_test.brittle: its Error method panics", "*remudaotel_test.brittle"},
	"one that panics":     {mute{}, "remudaotel_test.mute: its Error method panics", "remudaotel_test.mute"},
	"one beside others":   {errors.Join(errJob, (*brittle)(nil)), "*errors.joinError: its Error method panics", "*errors.joinError"},
	"a nil PanicError":    {(*remuda.PanicError)(nil), "remuda: job panicked: <nil>", "panic"},
	"not UTF-8":           {errors.New("a\xff"), "a\uFFFD", "*errors.errorString"},
	"not UTF-8 as type":   {typedError{"card\xff"}, "typed", "card\uFFFD"},
	"of more than a line": {errors.New("a\nb"), "a\nb", "*errors.errorString"},
}

// Whatever error a job returns is the outcome of its run, and its span and its
// measurements tell of it as well as can be.
func TestErrorsThatCannotBeTold(t *testing.T) {
	for name, tt := range oddErrors {
		t.Run(name, func(t *testing.T) {
			provider, exporter := recorder()
			m := newMeter()
			pool := start(t, "odd\xff", remudaotel.Tracing(remudaotel.WithTracerProvider(provider)), m.middleware())
			got := run(t, pool, t.Context(), func(context.Context) error { return tt.err })
			require.True(t, got == tt.err, "%T", got) //nolint:testifylint // it is the very error, not one that is equal

			span := only(t, exporter)
			assert.Equal(t, "run odd\uFFFD", span.Name)
			assert.Equal(t, codes.Error, span.Status.Code)
			assert.Equal(t, tt.message, span.Status.Description)
			attrs := attributesOf(span)
			assert.Equal(t, "odd\uFFFD", attrs["remuda.pool"])
			assert.Equal(t, tt.kind, attrs["error.type"])
			assert.NotContains(t, attrs, "exception.stacktrace")
			for key := range m.histogram(t, "remuda.run.duration") {
				assert.True(t, utf8.ValidString(key), "%q", key)
				assert.Contains(t, key, tt.kind)
			}
		})
	}
}

// A panic with any of them is a panic.
func TestPanicsThatCannotBeTold(t *testing.T) {
	for name, tt := range oddErrors {
		t.Run(name, func(t *testing.T) {
			provider, exporter := recorder()
			pool := start(t, "", remudaotel.Tracing(remudaotel.WithTracerProvider(provider)))
			got := run(t, pool, t.Context(), func(context.Context) error { panic(tt.err) })
			_, ok := got.(*remuda.PanicError)
			require.True(t, ok, "%T", got)
			span := only(t, exporter)
			assert.Equal(t, "panic", attributesOf(span)["error.type"])
			assert.NotEmpty(t, attributesOf(span)["exception.stacktrace"])
			assert.True(t, strings.HasPrefix(span.Status.Description, "remuda: job panicked: "), span.Status.Description)
			assert.True(t, utf8.ValidString(span.Status.Description))
		})
	}
}

// A run that did not come to its job is told from one that failed, as in Stats.
func TestRefusedRuns(t *testing.T) {
	refuse := remuda.MiddlewareFunc(func(remuda.Handler) remuda.Handler {
		return func(context.Context) error { return typedError{"breaker_open"} }
	})
	provider, exporter := recorder()
	m := newMeter()
	pool := start(t, "orders", remudaotel.Tracing(remudaotel.WithTracerProvider(provider)), m.middleware(), refuse)
	require.Error(t, run(t, pool, t.Context(), succeed))
	require.EqualValues(t, 1, pool.Stats().Dropped)
	span := only(t, exporter)
	assert.Equal(t, "dropped", attributesOf(span)["error.type"])
	assert.Equal(t, "typed", span.Status.Description)
	for key := range m.histogram(t, "remuda.run.duration") {
		assert.Contains(t, key, "dropped")
	}
}
