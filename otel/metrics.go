package remudaotel

import (
	"context"
	"time"

	"github.com/remuda-go/remuda"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// A MetricsOption changes what [Metrics] does.
type MetricsOption func(*metrics)

// WithMeterProvider makes the instruments come from provider instead of the
// global one, otel.GetMeterProvider(). A nil provider is ignored.
func WithMeterProvider(provider metric.MeterProvider) MetricsOption {
	return func(m *metrics) {
		if provider != nil {
			m.provider = provider
		}
	}
}

// Metrics returns a middleware that measures runs:
//
//	remuda.run.duration     histogram        s      how long runs took
//	remuda.queue.wait_time  histogram        s      how long inputs waited for a worker
//	remuda.run.active       up-down counter  {run}  runs that are under way
//
// Each has the attribute remuda.pool, and the duration of a run that failed has
// error.type, so that its count gives the number of runs by outcome. The package
// documentation says more about both.
//
// Inside of a middleware that retries, each attempt counts as a run; outside,
// they are one. An input's wait is recorded once either way.
//
// Without options the instruments come from the global MeterProvider, also if
// that is set later. An instrument that the provider cannot make is reported to
// the global error handler (otel.Handle) and measures nothing.
//
// The result is safe for concurrent use, by several pools too, which share its
// instruments; it keeps a pointer for each worker.
func Metrics(opts ...MetricsOption) remuda.Middleware {
	m := &metrics{provider: otel.GetMeterProvider()}
	for _, opt := range opts {
		opt(m)
	}
	m.instrument(m.provider.Meter(scope, metric.WithSchemaURL(semconv.SchemaURL)))
	return m
}

type metrics struct {
	provider metric.MeterProvider
	duration metric.Float64Histogram
	wait     metric.Float64Histogram
	active   metric.Int64UpDownCounter
	labels   labels
}

func (m *metrics) instrument(meter metric.Meter) {
	m.duration = histogram(meter, "remuda.run.duration", "Duration of runs.")
	m.wait = histogram(meter, "remuda.queue.wait_time", "Time that inputs waited for a worker after they had been accepted.")
	var err error
	m.active, err = meter.Int64UpDownCounter("remuda.run.active",
		metric.WithDescription("Number of runs that are under way."), metric.WithUnit("{run}"))
	if err != nil {
		otel.Handle(err)
		m.active = noop.Int64UpDownCounter{}
	}
}

// histogram makes a histogram of seconds. The default boundaries of the SDK are
// made for milliseconds; those here reach from 10 µs to 5 minutes.
func histogram(meter metric.Meter, name, description string) metric.Float64Histogram {
	h, err := meter.Float64Histogram(name,
		metric.WithDescription(description), metric.WithUnit("s"),
		metric.WithExplicitBucketBoundaries(1e-5, 1e-4, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
			0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300))
	if err != nil {
		otel.Handle(err)
		return noop.Float64Histogram{}
	}
	return h
}

// WantsQueueTime tells a pool to take the time of the very first input too.
func (m *metrics) WantsQueueTime() bool { return m.wait.Enabled(context.Background()) }

func (m *metrics) Wrap(next remuda.Handler) remuda.Handler {
	w := &workerMeter{metrics: m, next: next}
	return w.run
}

// A workerMeter measures the runs of one worker.
type workerMeter struct {
	*metrics
	next remuda.Handler

	// The attributes of all runs that do not fail, looked up anew only when the
	// pool changes, which happens to a job from remuda.Wrap.
	pool string
	ok   *attributes
}

func (m *workerMeter) run(ctx context.Context) error {
	timed, counted := m.duration.Enabled(ctx), m.active.Enabled(ctx)
	waited := m.wait.Enabled(ctx)
	if !timed && !counted && !waited {
		return m.next(ctx)
	}
	info, pooled := remuda.InfoFrom(ctx)
	if m.ok == nil || info.Pool != m.pool {
		m.pool, m.ok = info.Pool, m.labels.of(info.Pool, "")
	}
	ok := m.ok
	if waited && pooled && info.Attempt == 1 {
		m.wait.Record(ctx, info.Queued().Seconds(), ok.record...)
	}
	m.active.Add(ctx, 1, ok.add...)
	began := time.Now()
	return observe(ctx, m.next, func(err error) {
		took := time.Since(began)
		m.active.Add(ctx, -1, ok.add...)
		outcome := ok
		if err != nil {
			outcome = m.labels.of(info.Pool, errorType(info, err))
		}
		m.duration.Record(ctx, took.Seconds(), outcome.record...)
	})
}
