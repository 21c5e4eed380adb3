package remudaotel_test

import (
	"context"
	"errors"
	"fmt"
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
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// A meter is a provider whose measurements can be read.
type meter struct {
	*sdkmetric.MeterProvider
	reader *sdkmetric.ManualReader
}

func newMeter() meter {
	reader := sdkmetric.NewManualReader()
	return meter{sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)), reader}
}

func (m meter) middleware() remuda.Middleware {
	return remudaotel.Metrics(remudaotel.WithMeterProvider(m))
}

// collect returns what was measured, by the instrument's name.
func (m meter) collect(t *testing.T) map[string]metricdata.Metrics {
	t.Helper()
	var data metricdata.ResourceMetrics
	require.NoError(t, m.reader.Collect(context.Background(), &data))
	found := make(map[string]metricdata.Metrics)
	for _, scope := range data.ScopeMetrics {
		assert.Equal(t, "github.com/remuda-go/remuda/otel", scope.Scope.Name)
		assert.Equal(t, semconv.SchemaURL, scope.Scope.SchemaURL)
		for _, m := range scope.Metrics {
			found[m.Name] = m
		}
	}
	return found
}

// A series is a histogram's number of values and their sum.
type series struct {
	count uint64
	sum   time.Duration
}

// histogram returns the series of a histogram by their attributes.
func (m meter) histogram(t *testing.T, name string) map[string]series {
	t.Helper()
	data, ok := m.collect(t)[name].Data.(metricdata.Histogram[float64])
	require.True(t, ok, "%s is a histogram", name)
	found := make(map[string]series)
	for _, p := range data.DataPoints {
		sum := time.Duration(p.Sum * float64(time.Second)).Round(time.Microsecond)
		found[p.Attributes.Encoded(attribute.DefaultEncoder())] = series{p.Count, sum}
	}
	return found
}

// active returns the runs under way, by attributes.
func (m meter) active(t *testing.T) map[string]int64 {
	t.Helper()
	data, ok := m.collect(t)["remuda.run.active"].Data.(metricdata.Sum[int64])
	require.True(t, ok)
	assert.False(t, data.IsMonotonic)
	found := make(map[string]int64)
	for _, p := range data.DataPoints {
		found[p.Attributes.Encoded(attribute.DefaultEncoder())] = p.Value
	}
	return found
}

func TestMetricsOfARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeter()
		pool := start(t, "orders", m.middleware())
		sleep := func(context.Context) error {
			time.Sleep(time.Second)
			return nil
		}
		for range 3 { // on one worker: the second waits 1 s, the third 2 s
			require.NoError(t, pool.Send(t.Context(), sleep))
		}
		time.Sleep(time.Second / 2)
		assert.Equal(t, map[string]int64{"remuda.pool=orders": 1}, m.active(t))
		time.Sleep(3 * time.Second)
		assert.Equal(t, map[string]int64{"remuda.pool=orders": 0}, m.active(t))
		assert.Equal(t, map[string]series{"remuda.pool=orders": {3, 3 * time.Second}},
			m.histogram(t, "remuda.run.duration"))
		assert.Equal(t, map[string]series{"remuda.pool=orders": {3, 3 * time.Second}},
			m.histogram(t, "remuda.queue.wait_time"))
	})
}

func TestInstruments(t *testing.T) {
	m := newMeter()
	require.NoError(t, run(t, start(t, "p", m.middleware()), t.Context(), succeed))
	found := m.collect(t)
	require.Len(t, found, 3)
	for name, unit := range map[string]string{
		"remuda.run.duration": "s", "remuda.queue.wait_time": "s", "remuda.run.active": "{run}",
	} {
		assert.Equal(t, unit, found[name].Unit, name)
		assert.NotEmpty(t, found[name].Description, name)
	}
	bounds := found["remuda.run.duration"].Data.(metricdata.Histogram[float64]).DataPoints[0].Bounds
	assert.Equal(t, 1e-5, bounds[0])
	assert.Equal(t, 300.0, bounds[len(bounds)-1])
}

func TestMetricsOfFailures(t *testing.T) {
	for name, failure := range failures() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMeter()
				pool := start(t, "p", m.middleware())
				for _, do := range []step{failure.job, succeed, failure.job} {
					_ = run(t, pool, t.Context(), func(ctx context.Context) error {
						time.Sleep(time.Second)
						return do(ctx)
					})
				}
				assert.Equal(t, map[string]series{
					"remuda.pool=p": {1, time.Second},
					"error.type=" + failure.errorType + ",remuda.pool=p": {2, 2 * time.Second},
				}, m.histogram(t, "remuda.run.duration"))
				assert.Equal(t, map[string]int64{"remuda.pool=p": 0}, m.active(t))
				assert.Equal(t, uint64(3), m.histogram(t, "remuda.queue.wait_time")["remuda.pool=p"].count)
			})
		})
	}
}

func TestMetricsWhenAMiddlewarePanics(t *testing.T) {
	m := newMeter()
	pool := start(t, "p", m.middleware(), broken)
	assertPanicGoesOn(t, run(t, pool, t.Context(), succeed))
	assert.Equal(t, uint64(1), m.histogram(t, "remuda.run.duration")["error.type=panic,remuda.pool=p"].count)
	assert.Equal(t, map[string]int64{"remuda.pool=p": 0}, m.active(t))
}

func TestMetricsAndRetries(t *testing.T) {
	failOnce := func(ctx context.Context) error {
		if info, _ := remuda.InfoFrom(ctx); info.Attempt == 1 {
			return errJob
		}
		return nil
	}
	const failed, succeeded = "error.type=*errors.errorString,remuda.pool=p", "remuda.pool=p"
	counts := func(m meter, name string) map[string]uint64 {
		found := make(map[string]uint64)
		for attrs, s := range m.histogram(t, name) {
			found[attrs] = s.count
		}
		return found
	}
	t.Run("inside", func(t *testing.T) {
		m := newMeter()
		require.NoError(t, run(t, start(t, "p", retry(3), m.middleware()), t.Context(), failOnce))
		assert.Equal(t, map[string]uint64{failed: 1, succeeded: 1}, counts(m, "remuda.run.duration"))
		assert.Equal(t, map[string]uint64{succeeded: 1}, counts(m, "remuda.queue.wait_time"), "an input waits once")
	})
	t.Run("outside", func(t *testing.T) {
		m := newMeter()
		require.NoError(t, run(t, start(t, "p", m.middleware(), retry(3)), t.Context(), failOnce))
		assert.Equal(t, map[string]uint64{succeeded: 1}, counts(m, "remuda.run.duration"))
		assert.Equal(t, map[string]uint64{succeeded: 1}, counts(m, "remuda.queue.wait_time"))
	})
}

// However many types of errors there are, the number of series is bounded, and
// no run is lost.
func TestErrorTypesAreBounded(t *testing.T) {
	m := newMeter()
	mw := m.middleware()
	pools := []*remuda.Pool[step, int]{start(t, "a", mw), start(t, "b", mw)}
	const types, bound = 150, 100
	for _, pool := range pools {
		for i := range 2 * types {
			_ = run(t, pool, t.Context(), func(context.Context) error {
				return typedError{fmt.Sprint("type-", i%types)}
			})
		}
		require.NoError(t, run(t, pool, t.Context(), succeed))
	}
	found := m.histogram(t, "remuda.run.duration")
	assert.Len(t, found, bound+2 /* others */ +2 /* successes */)
	assert.Equal(t, uint64(2), found["error.type=type-0,remuda.pool=a"].count)
	assert.Equal(t, uint64(2*(types-bound)), found["error.type=_OTHER,remuda.pool=a"].count)
	assert.Equal(t, uint64(2*types), found["error.type=_OTHER,remuda.pool=b"].count)
	assert.Equal(t, uint64(1), found["remuda.pool=b"].count)
}

func TestMetricsOfAWrappedJob(t *testing.T) {
	m := newMeter()
	job := remuda.Wrap(remuda.Func(func(ctx context.Context, do step) (int, error) { return 0, do(ctx) }), m.middleware())
	_, err := job.Do(t.Context(), succeed)
	require.NoError(t, err)
	assert.Equal(t, uint64(1), m.histogram(t, "remuda.run.duration")[""].count)
	assert.NotContains(t, m.collect(t), "remuda.queue.wait_time", "it waited for no worker")

	pool := remuda.Must(remuda.NewWithConfig[step, int](remuda.Config{Name: "p"}))
	require.NoError(t, pool.Start(job))
	defer pool.Close(context.Background())
	require.NoError(t, run(t, pool, t.Context(), succeed))
	assert.Equal(t, uint64(1), m.histogram(t, "remuda.run.duration")["remuda.pool=p"].count)
}

// Metrics inside of Tracing gives exemplars that lead to the run's span.
func TestExemplars(t *testing.T) {
	m := newMeter()
	provider, exporter := recorder(sdktrace.WithSampler(sdktrace.AlwaysSample()))
	pool := start(t, "p", remudaotel.Tracing(remudaotel.WithTracerProvider(provider)), m.middleware())
	require.NoError(t, run(t, pool, t.Context(), succeed))
	points := m.collect(t)["remuda.run.duration"].Data.(metricdata.Histogram[float64]).DataPoints
	require.Len(t, points[0].Exemplars, 1)
	id := only(t, exporter).SpanContext.SpanID()
	assert.Equal(t, id[:], points[0].Exemplars[0].SpanID)
}

// A provider that measures nothing costs no clock either.
func TestDisabledMetrics(t *testing.T) {
	wants := func(mp metric.MeterProvider) bool {
		return remudaotel.Metrics(remudaotel.WithMeterProvider(mp)).(interface{ WantsQueueTime() bool }).WantsQueueTime()
	}
	assert.True(t, wants(newMeter()))
	assert.False(t, wants(noop.NewMeterProvider()))
	assert.False(t, wants(sdkmetric.NewMeterProvider()), "without a reader")
	pool := start(t, "p", remudaotel.Metrics(remudaotel.WithMeterProvider(noop.NewMeterProvider())))
	assert.ErrorIs(t, run(t, pool, t.Context(), func(context.Context) error { return errJob }), errJob)
}

// faulty is a provider that makes no instruments.
type faulty struct{ noop.MeterProvider }

type faultyMeter struct{ noop.Meter }

var errInstrument = errors.New("no instrument")

func (faulty) Meter(string, ...metric.MeterOption) metric.Meter { return faultyMeter{} }

func (faultyMeter) Float64Histogram(string, ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	return nil, errInstrument
}

func (faultyMeter) Int64UpDownCounter(string, ...metric.Int64UpDownCounterOption) (metric.Int64UpDownCounter, error) {
	return nil, errInstrument
}

func TestInstrumentsThatCannotBeMade(t *testing.T) {
	var reported []error
	before := otel.GetErrorHandler()
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { reported = append(reported, err) }))
	defer otel.SetErrorHandler(before)
	pool := start(t, "p", remudaotel.Metrics(remudaotel.WithMeterProvider(faulty{})))
	assert.Equal(t, []error{errInstrument, errInstrument, errInstrument}, reported)
	assert.NoError(t, run(t, pool, t.Context(), succeed))
}

// globalMetrics is made once, for the same reason as globalTracing.
var globalMetrics = sync.OnceValues(func() (remuda.Middleware, meter) {
	metrics := remudaotel.Metrics(remudaotel.WithMeterProvider(nil))
	m := newMeter()
	otel.SetMeterProvider(m.MeterProvider)
	return metrics, m
})

func TestGlobalMeterProvider(t *testing.T) {
	metrics, m := globalMetrics()
	require.NoError(t, run(t, start(t, "global", metrics), t.Context(), succeed))
	assert.Positive(t, m.histogram(t, "remuda.run.duration")["remuda.pool=global"].count)
}
