package remudaotel_test

import (
	"context"
	"testing"

	"github.com/remuda-go/remuda"
	remudaotel "github.com/remuda-go/remuda/otel"
	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// The span of a run that happens elsewhere leads to the one of whoever asked for it.
func TestInjectAndExtract(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	pushing, push := provider.Tracer("test").Start(t.Context(), "push")
	stored := remudaotel.Inject(pushing)
	push.End()
	require.NotEmpty(t, stored["traceparent"])
	require.Empty(t, remudaotel.Inject(t.Context()))

	header := func(_ context.Context, name string) string { return stored[name] }
	for _, row := range []struct {
		name   string
		opts   []remudaotel.TracingOption
		linked bool
	}{
		{"child", nil, false},
		{"linked", []remudaotel.TracingOption{remudaotel.WithNewRoot()}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			job := remuda.Wrap(remuda.Func(func(context.Context, int) (int, error) { return 1, nil }),
				remudaotel.Extract(header), remudaotel.Tracing(append(row.opts, remudaotel.WithTracerProvider(provider))...))
			_, err := job.Do(context.Background(), 1)
			require.NoError(t, err)
			ended := spans.Ended()
			run := ended[len(ended)-1]
			if row.linked {
				require.Len(t, run.Links(), 1)
				require.Equal(t, push.SpanContext().SpanID(), run.Links()[0].SpanContext.SpanID())
				require.NotEqual(t, push.SpanContext().TraceID(), run.SpanContext().TraceID())
				return
			}
			require.Equal(t, push.SpanContext().SpanID(), run.Parent().SpanID())
			require.Equal(t, push.SpanContext().TraceID(), run.SpanContext().TraceID())
		})
	}
}
