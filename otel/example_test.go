package remudaotel_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/remuda-go/remuda"
	remudaotel "github.com/remuda-go/remuda/otel"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

func charge(_ context.Context, order int) (string, error) {
	if order == 2 {
		return "", errors.New("card declined")
	}
	return "paid", nil
}

// The spans of runs are children of the caller's. A program would give the
// provider an exporter that sends them somewhere, and set it as the global one.
func ExampleTracing() {
	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))

	pool := remuda.Must(remuda.NewWithConfig[int, string](remuda.Config{Name: "orders"},
		remudaotel.Tracing(remudaotel.WithTracerProvider(provider))))
	if err := pool.Start(remuda.Func(charge)); err != nil {
		fmt.Println(err)
		return
	}
	defer pool.CloseWithTimeout(time.Second)

	ctx, request := provider.Tracer("shop").Start(context.Background(), "POST /orders")
	for order := range 3 {
		_, _ = pool.Do(ctx, order)
	}
	request.End()

	for _, span := range spans.GetSpans() {
		child := span.Parent.SpanID() == request.SpanContext().SpanID()
		fmt.Printf("%s, child: %t, status: %s %q\n", span.Name, child, span.Status.Code, span.Status.Description)
	}
	// Output:
	// run orders, child: true, status: Unset ""
	// run orders, child: true, status: Unset ""
	// run orders, child: true, status: Error "card declined"
	// POST /orders, child: false, status: Unset ""
}

// A run is the root of a trace of its own, which leads back to the caller.
func ExampleWithNewRoot() {
	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))

	pool := remuda.New[int, string](remudaotel.Tracing(
		remudaotel.WithTracerProvider(provider), remudaotel.WithNewRoot()))
	if err := pool.Start(remuda.Func(charge)); err != nil {
		fmt.Println(err)
		return
	}

	ctx, request := provider.Tracer("shop").Start(context.Background(), "POST /orders")
	if err := pool.Send(ctx, 1); err != nil {
		fmt.Println(err)
	}
	if err := pool.CloseWithTimeout(time.Second); err != nil {
		fmt.Println(err)
	}

	run := spans.GetSpans()[0]
	fmt.Println("has a parent:", run.Parent.IsValid())
	fmt.Println("leads to the caller:", run.Links[0].SpanContext.Equal(request.SpanContext()))
	// Output:
	// has a parent: false
	// leads to the caller: true
}

// The counts of the duration are the runs by outcome.
func ExampleMetrics() {
	reader := sdkmetric.NewManualReader()
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))

	pool := remuda.Must(remuda.NewWithConfig[int, string](remuda.Config{Name: "orders"},
		remudaotel.Metrics(remudaotel.WithMeterProvider(provider))))
	if err := pool.Start(remuda.Func(charge)); err != nil {
		fmt.Println(err)
		return
	}
	defer pool.CloseWithTimeout(time.Second)
	for order := range 3 {
		_, _ = pool.Do(context.Background(), order)
	}

	var data metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &data); err != nil {
		fmt.Println(err)
	}
	for _, m := range data.ScopeMetrics[0].Metrics {
		duration, ok := m.Data.(metricdata.Histogram[float64])
		if !ok || m.Name != "remuda.run.duration" {
			continue
		}
		for _, point := range duration.DataPoints {
			errorType, _ := point.Attributes.Value("error.type")
			fmt.Printf("%s: %d with error.type %q\n", m.Name, point.Count, errorType.AsString())
		}
	}
	// Unordered output:
	// remuda.run.duration: 2 with error.type ""
	// remuda.run.duration: 1 with error.type "*errors.errorString"
}
