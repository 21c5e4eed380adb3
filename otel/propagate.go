package remudaotel

import (
	"context"

	"github.com/remuda-go/remuda"
	"go.opentelemetry.io/otel/propagation"
)

// Inject returns the headers that a task, or a message, has to carry so that the
// span of its run can be linked to the span of ctx: the headers of the W3C's Trace
// Context. It returns an empty map if ctx has no span. With package tasks:
//
//	id, err := Charge.Push(ctx, client, order, tasks.Headers(remudaotel.Inject(ctx)))
func Inject(ctx context.Context) map[string]string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier
}

// Extract is a middleware that puts the span that Inject recorded into the context
// of the run, as a remote parent. Header returns a header of the run's task. Inside
// of it, Tracing makes spans that are children of the pusher's span or, with
// WithNewRoot, linked to it, which suits tasks that run much later:
//
//	header := func(ctx context.Context, name string) string {
//		run, _ := tasks.RunFrom(ctx)
//		return run.Header(name)
//	}
//	_, err := Charge.Handle(worker, job, cfg, remudaotel.Extract(header), remudaotel.Tracing(remudaotel.WithNewRoot()))
//
// Header must be safe for concurrent use, as the result is then.
func Extract(header func(ctx context.Context, name string) string) remuda.Middleware {
	return remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
		return func(ctx context.Context) error {
			return next(propagation.TraceContext{}.Extract(ctx, headers{ctx, header}))
		}
	})
}

// headers is what a propagator reads from.
type headers struct {
	ctx    context.Context
	header func(context.Context, string) string
}

func (h headers) Get(name string) string { return h.header(h.ctx, name) }
func (h headers) Set(string, string)     {}
func (h headers) Keys() []string         { return propagation.TraceContext{}.Fields() }
