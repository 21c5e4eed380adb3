package remudaotel_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/remuda-go/remuda"
	remudaotel "github.com/remuda-go/remuda/otel"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// recorder returns a provider whose spans can be seen in the exporter as soon
// as they have ended.
func recorder(opts ...sdktrace.TracerProviderOption) (*sdktrace.TracerProvider, *tracetest.InMemoryExporter) {
	exporter := tracetest.NewInMemoryExporter()
	return sdktrace.NewTracerProvider(append(opts, sdktrace.WithSyncer(exporter))...), exporter
}

// only returns the one span that has ended.
func only(t *testing.T, exporter *tracetest.InMemoryExporter) tracetest.SpanStub {
	t.Helper()
	spans := exporter.GetSpans()
	require.Len(t, spans, 1)
	return spans[0]
}

func attributesOf(span tracetest.SpanStub) map[attribute.Key]any {
	attrs := make(map[attribute.Key]any)
	for _, kv := range span.Attributes {
		attrs[kv.Key] = kv.Value.AsInterface()
	}
	return attrs
}

func TestSpanOfARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		provider, exporter := recorder()
		pool := start(t, "orders", remudaotel.Tracing(remudaotel.WithTracerProvider(provider)))
		require.NoError(t, run(t, pool, t.Context(), succeed))
		exporter.Reset()
		require.NoError(t, run(t, pool, t.Context(), func(context.Context) error {
			time.Sleep(time.Second)
			return nil
		}))
		span := only(t, exporter)
		assert.Equal(t, "run orders", span.Name)
		assert.Equal(t, trace.SpanKindInternal, span.SpanKind)
		assert.Equal(t, sdktrace.Status{Code: codes.Unset}, span.Status)
		assert.Equal(t, time.Second, span.EndTime.Sub(span.StartTime))
		assert.Equal(t, map[attribute.Key]any{
			"remuda.pool":    "orders",
			"remuda.worker":  int64(1),
			"remuda.run":     int64(2),
			"remuda.attempt": int64(1),
		}, attributesOf(span))
		assert.False(t, span.Parent.IsValid())
		assert.Empty(t, span.Links)
		assert.Equal(t, "github.com/remuda-go/remuda/otel", span.InstrumentationScope.Name)
		assert.Equal(t, semconv.SchemaURL, span.InstrumentationScope.SchemaURL)
	})
}

// Every way to hand an input over keeps the caller's span.
func TestCallersSpan(t *testing.T) {
	calls := map[string]func(ctx context.Context, pool *remuda.Pool[step, int]) error{
		"Do": func(ctx context.Context, pool *remuda.Pool[step, int]) error {
			_, err := pool.Do(ctx, succeed)
			return err
		},
		"Submit": func(ctx context.Context, pool *remuda.Pool[step, int]) error {
			ticket, err := pool.Submit(ctx, succeed)
			if err == nil {
				_, err = ticket.Wait(ctx)
			}
			return err
		},
		"Send": func(ctx context.Context, pool *remuda.Pool[step, int]) error {
			return pool.Send(ctx, succeed)
		},
		"DoAll": func(ctx context.Context, pool *remuda.Pool[step, int]) error {
			_, err := pool.DoAll(ctx, []step{succeed})
			return err
		},
		"Map": func(ctx context.Context, pool *remuda.Pool[step, int]) (err error) {
			for _, err = range pool.Map(ctx, slices.Values([]step{succeed})) {
			}
			return err
		},
		"Stream": func(ctx context.Context, pool *remuda.Pool[step, int]) (err error) {
			for r := range pool.Stream(ctx, slices.Values([]step{succeed})) {
				err = r.Err
			}
			return err
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				provider, exporter := recorder()
				child := start(t, "child", remudaotel.Tracing(remudaotel.WithTracerProvider(provider)))
				root := start(t, "root", remudaotel.Tracing(remudaotel.WithTracerProvider(provider), remudaotel.WithNewRoot()))
				ctx, caller := provider.Tracer("test").Start(t.Context(), "caller")
				require.NoError(t, call(ctx, child))
				synctest.Wait() // for Send
				require.NoError(t, call(ctx, root))
				synctest.Wait()

				spans := exporter.GetSpans()
				require.Len(t, spans, 2)
				assert.Equal(t, caller.SpanContext(), spans[0].Parent)
				assert.Empty(t, spans[0].Links)
				assert.False(t, spans[1].Parent.IsValid())
				assert.NotEqual(t, caller.SpanContext().TraceID(), spans[1].SpanContext.TraceID())
				require.Len(t, spans[1].Links, 1)
				assert.Equal(t, caller.SpanContext(), spans[1].Links[0].SpanContext)
			})
		})
	}
}

// A linkSampler samples everything and sees the links that spans start with.
type linkSampler struct{ links *[]trace.Link }

func (linkSampler) Description() string { return "links" }

func (s linkSampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	*s.links = append(*s.links, p.Links...)
	return sdktrace.SamplingResult{Decision: sdktrace.RecordAndSample}
}

func TestNewRootWithoutCaller(t *testing.T) {
	var links []trace.Link
	provider, exporter := recorder(sdktrace.WithSampler(linkSampler{&links}))
	pool := start(t, "p", remudaotel.Tracing(remudaotel.WithTracerProvider(provider), remudaotel.WithNewRoot()))
	require.NoError(t, run(t, pool, t.Context(), succeed))
	assert.Equal(t, trace.SpanKindInternal, only(t, exporter).SpanKind)
	assert.Empty(t, links)
}

func TestJobFindsItsSpan(t *testing.T) {
	provider, exporter := recorder()
	pool := start(t, "outer", remudaotel.Tracing(remudaotel.WithTracerProvider(provider)))
	require.NoError(t, run(t, pool, t.Context(), func(ctx context.Context) error {
		info, ok := remuda.InfoFrom(ctx)
		assert.True(t, ok)
		assert.Equal(t, "outer", info.Pool)
		trace.SpanFromContext(ctx).SetAttributes(attribute.String("order", "A-7"))
		_, err := pool.Do(ctx, succeed)
		return err
	}))
	spans := exporter.GetSpans()
	require.Len(t, spans, 2)
	inner, outer := spans[0], spans[1]
	assert.Equal(t, outer.SpanContext.SpanID(), inner.Parent.SpanID())
	assert.Equal(t, "A-7", attributesOf(outer)["order"])
}

func TestSpanOfAFailure(t *testing.T) {
	for name, failure := range failures() {
		t.Run(name, func(t *testing.T) {
			provider, exporter := recorder()
			pool := start(t, "p", remudaotel.Tracing(remudaotel.WithTracerProvider(provider)))
			require.Error(t, run(t, pool, t.Context(), failure.job))
			span := only(t, exporter)
			assert.Equal(t, codes.Error, span.Status.Code)
			assert.True(t, strings.HasPrefix(span.Status.Description, failure.message), span.Status.Description)
			attrs := attributesOf(span)
			assert.Equal(t, failure.errorType, attrs["error.type"])
			assert.Empty(t, span.Events, "the conventions advise against error events")
			if name == "panic" {
				assert.Contains(t, attrs["exception.stacktrace"], "main_test.go")
			} else {
				assert.NotContains(t, attrs, attribute.Key("exception.stacktrace"))
			}

			require.NoError(t, run(t, pool, t.Context(), succeed), "the worker lives on")
		})
	}
}

func TestSpanEndsWhenAMiddlewarePanics(t *testing.T) {
	provider, exporter := recorder()
	pool := start(t, "p", remudaotel.Tracing(remudaotel.WithTracerProvider(provider)), broken)
	assertPanicGoesOn(t, run(t, pool, t.Context(), succeed))
	span := only(t, exporter)
	assert.Equal(t, "panic", attributesOf(span)["error.type"])
	assert.Equal(t, codes.Error, span.Status.Code)
}

func TestTracingAndRetries(t *testing.T) {
	fail := func(context.Context) error { return errJob }
	t.Run("inside", func(t *testing.T) {
		provider, exporter := recorder()
		pool := start(t, "p", retry(3), remudaotel.Tracing(remudaotel.WithTracerProvider(provider)))
		require.ErrorIs(t, run(t, pool, t.Context(), fail), errJob)
		var got []any
		for _, span := range exporter.GetSpans() {
			got = append(got, attributesOf(span)["remuda.attempt"])
		}
		assert.Equal(t, []any{int64(1), int64(2), int64(3)}, got, "a span for each attempt")
	})
	t.Run("outside", func(t *testing.T) {
		provider, exporter := recorder()
		pool := start(t, "p", remudaotel.Tracing(remudaotel.WithTracerProvider(provider)), retry(3))
		require.ErrorIs(t, run(t, pool, t.Context(), fail), errJob)
		assert.Equal(t, int64(3), attributesOf(only(t, exporter))["remuda.attempt"], "one span, which tells the last attempt")
	})
}

func TestUnsampledSpanReachesTheJob(t *testing.T) {
	provider, exporter := recorder(sdktrace.WithSampler(sdktrace.NeverSample()))
	pool := start(t, "p", remudaotel.Tracing(remudaotel.WithTracerProvider(provider)))
	assert.ErrorIs(t, run(t, pool, t.Context(), func(ctx context.Context) error {
		span := trace.SpanContextFromContext(ctx)
		assert.True(t, span.IsValid(), "so that calls to other services carry the decision")
		assert.False(t, span.IsSampled())
		return errJob
	}), errJob)
	assert.Empty(t, exporter.GetSpans())
}

func TestOneTracingForSeveralPools(t *testing.T) {
	provider, exporter := recorder()
	tracing := remudaotel.Tracing(remudaotel.WithTracerProvider(provider))
	for _, name := range []string{"a", "b", ""} {
		require.NoError(t, run(t, start(t, name, tracing), t.Context(), succeed))
	}
	var names []string
	for _, span := range exporter.GetSpans() {
		names = append(names, span.Name)
	}
	assert.Equal(t, []string{"run a", "run b", "run"}, names)
	assert.NotContains(t, attributesOf(exporter.GetSpans()[2]), attribute.Key("remuda.pool"))
}

func TestTracingAWrappedJob(t *testing.T) {
	provider, exporter := recorder()
	job := remuda.Wrap(remuda.Func(func(ctx context.Context, do step) (int, error) { return 0, do(ctx) }),
		remudaotel.Tracing(remudaotel.WithTracerProvider(provider)))
	_, err := job.Do(t.Context(), succeed)
	require.NoError(t, err)
	span := only(t, exporter)
	assert.Equal(t, "run", span.Name)
	assert.Empty(t, span.Attributes, "there is no pool to tell of")

	exporter.Reset()
	pool := remuda.Must(remuda.NewWithConfig[step, int](remuda.Config{Name: "p"}))
	require.NoError(t, pool.Start(job))
	defer pool.Close(context.Background())
	require.NoError(t, run(t, pool, t.Context(), succeed))
	assert.Equal(t, "run p", only(t, exporter).Name)
}

// globalTracing is made once, as the global provider can only be set once for
// those who asked for it before.
var globalTracing = sync.OnceValues(func() (remuda.Middleware, *tracetest.InMemoryExporter) {
	tracing := remudaotel.Tracing(remudaotel.WithTracerProvider(nil))
	provider, exporter := recorder()
	otel.SetTracerProvider(provider)
	return tracing, exporter
})

func TestGlobalTracerProvider(t *testing.T) {
	tracing, exporter := globalTracing()
	exporter.Reset()
	require.NoError(t, run(t, start(t, "p", tracing), t.Context(), succeed))
	only(t, exporter)
}
