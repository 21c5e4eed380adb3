package remudaotel_test

import (
	"context"
	"errors"
	"testing"

	"github.com/remuda-go/remuda"
	remudaotel "github.com/remuda-go/remuda/otel"
	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/otel/metric"
	noopmetric "go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	nooptrace "go.opentelemetry.io/otel/trace/noop"
)

// costs are the setups whose cost the package documentation states, with the
// allocations of a run that succeeds.
func costs() map[string]struct {
	mws    []remuda.Middleware
	allocs float64
} {
	tracing := func(tp trace.TracerProvider) []remuda.Middleware {
		return []remuda.Middleware{remudaotel.Tracing(remudaotel.WithTracerProvider(tp))}
	}
	metrics := func(mp metric.MeterProvider) []remuda.Middleware {
		return []remuda.Middleware{remudaotel.Metrics(remudaotel.WithMeterProvider(mp))}
	}
	sdk := func(s sdktrace.Sampler) trace.TracerProvider {
		return sdktrace.NewTracerProvider(sdktrace.WithSampler(s))
	}
	return map[string]struct {
		mws    []remuda.Middleware
		allocs float64
	}{
		"nothing":           {nil, 0},
		"metrics no-op":     {metrics(noopmetric.NewMeterProvider()), 0},
		"metrics no reader": {metrics(sdkmetric.NewMeterProvider()), 0},
		"metrics":           {metrics(sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))), 0},
		"tracing no-op":     {tracing(nooptrace.NewTracerProvider()), 1},       // the API's: a context with the span
		"tracing unsampled": {tracing(sdk(sdktrace.NeverSample())), 2},         // the SDK's: the span, and the context
		"tracing sampled":   {tracing(sdk(sdktrace.AlwaysSample())), recorded}, // the SDK's, but one
	}
}

// recorded stands for the allocations of a span that is recorded, which are the
// SDK's to change.
const recorded = -1

func empty(_ context.Context, in int) (int, error) { return in, nil }

func failing(_ context.Context, in int) (int, error) { return 0, errBench }

var errBench = errors.New("failed")

func TestAllocations(t *testing.T) {
	for name, c := range costs() {
		if c.allocs == recorded {
			continue
		}
		t.Run(name, func(t *testing.T) {
			pool := remuda.New[int, int](c.mws...)
			assert.NoError(t, pool.Start(remuda.Func(empty)))
			defer pool.Close(context.Background())
			ctx := context.Background()
			assert.Equal(t, c.allocs, testing.AllocsPerRun(100, func() { _, _ = pool.Do(ctx, 1) }))
		})
	}
}

func BenchmarkRun(b *testing.B) {
	for name, c := range costs() {
		b.Run(name, func(b *testing.B) { bench(b, empty, c.mws) })
		b.Run(name+" failing", func(b *testing.B) { bench(b, failing, c.mws) })
	}
}

func bench(b *testing.B, job remuda.JobFunc[int, int], mws []remuda.Middleware) {
	pool := remuda.Must(remuda.NewWithConfig[int, int](remuda.Config{Name: "bench"}, mws...))
	if err := pool.Start(job); err != nil {
		b.Fatal(err)
	}
	defer pool.Close(context.Background())
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		_, _ = pool.Do(ctx, 1)
	}
}
