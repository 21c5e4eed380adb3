package remudaotel

import (
	"context"

	"github.com/remuda-go/remuda"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// A TracingOption changes what [Tracing] does.
type TracingOption func(*tracing)

// WithTracerProvider makes the spans come from provider instead of the global
// one, otel.GetTracerProvider(). A nil provider is ignored.
func WithTracerProvider(provider trace.TracerProvider) TracingOption {
	return func(t *tracing) {
		if provider != nil {
			t.provider = provider
		}
	}
}

// WithNewRoot makes each run the root of a trace of its own, with a link to the
// caller's span, instead of a child of it. It is for pools whose callers move
// on: see the package documentation.
func WithNewRoot() TracingOption {
	return func(t *tracing) { t.newRoot = true }
}

// Tracing returns a middleware that makes a span of kind INTERNAL for each run,
// a child of the caller's span, if the context that the input came with has one.
// The job finds its span in its context, so that what it does becomes a part of
// it. The package documentation lists the attributes.
//
// Inside of a middleware that retries, each attempt gets a span; outside, they
// share one.
//
// Without options the spans come from the global TracerProvider, also if that is
// set later. The result is safe for concurrent use, by several pools too; it
// keeps a few words for each worker.
func Tracing(opts ...TracingOption) remuda.Middleware {
	t := tracing{provider: otel.GetTracerProvider()}
	for _, opt := range opts {
		opt(&t)
	}
	t.child = []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindInternal)}
	t.tracer = t.provider.Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL))
	return t
}

type tracing struct {
	provider trace.TracerProvider
	tracer   trace.Tracer
	newRoot  bool
	child    []trace.SpanStartOption // for spans that are not new roots
}

func (t tracing) Wrap(next remuda.Handler) remuda.Handler {
	w := &workerTracer{tracing: t, next: next, name: "run"}
	return w.run
}

// A workerTracer traces the runs of one worker.
type workerTracer struct {
	tracing
	next remuda.Handler

	// The spans' name, made anew only when the pool changes, which happens to a
	// job from remuda.Wrap.
	pool string
	name string
}

func (t *workerTracer) run(ctx context.Context) error {
	info, _ := remuda.InfoFrom(ctx)
	if info.Pool != t.pool {
		t.pool, t.name = info.Pool, spanName(info.Pool)
	}
	ctx, span := t.tracer.Start(ctx, t.name, t.options(ctx)...)
	// Not among the options: there they would cost an allocation even if the
	// span is not sampled. A sampler finds the pool in the span's name.
	if span.IsRecording() {
		span.SetAttributes(runAttributes(info)...)
	}
	return observe(ctx, t.next, func(err error) {
		if now, _ := remuda.InfoFrom(ctx); now.Attempt != info.Attempt {
			span.SetAttributes(attemptKey.Int(now.Attempt)) // a retry inside of this span
		}
		end(span, info, err)
	})
}

func spanName(pool string) string {
	if pool == "" {
		return "run"
	}
	return "run " + valid(pool)
}

// options returns how to start a span in ctx.
func (t *workerTracer) options(ctx context.Context) []trace.SpanStartOption {
	if !t.newRoot {
		return t.child
	}
	opts := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindInternal), trace.WithNewRoot()}
	if link := trace.LinkFromContext(ctx); link.SpanContext.IsValid() {
		opts = append(opts, trace.WithLinks(link))
	}
	return opts
}

// runAttributes are those that tell which run a span is of. They are none
// outside of a pool.
func runAttributes(info remuda.Info) []attribute.KeyValue {
	if info.Worker == 0 {
		return nil
	}
	attrs := make([]attribute.KeyValue, 0, 4)
	if info.Pool != "" {
		attrs = append(attrs, poolKey.String(valid(info.Pool)))
	}
	return append(attrs, workerKey.Int(info.Worker), runKey.Int64(int64(info.Run)), attemptKey.Int(info.Attempt))
}

// end ends the span of a run. Errors become its status and attributes and not
// events, which the conventions advise against.
func end(span trace.Span, info remuda.Info, err error) {
	defer span.End()
	if err == nil || !span.IsRecording() {
		return
	}
	span.SetStatus(codes.Error, message(err))
	attrs := []attribute.KeyValue{semconv.ErrorTypeKey.String(errorType(info, err))}
	if stack := stackOf(err); stack != "" {
		attrs = append(attrs, semconv.ExceptionStacktrace(stack))
	}
	span.SetAttributes(attrs...)
}
