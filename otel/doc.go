// Package remudaotel traces and measures the runs of a remuda pool with
// [OpenTelemetry]. Its import path ends in /otel; its name does not, so that it
// can stand beside OpenTelemetry's own package otel:
//
//	import (
//		"github.com/remuda-go/remuda"
//		remudaotel "github.com/remuda-go/remuda/otel"
//	)
//
//	pool := remuda.New[Order, Receipt](remudaotel.Tracing(), remudaotel.Metrics())
//
// It is a module of its own and needs the OpenTelemetry API only. The SDK that the
// program sets up decides what happens to the spans and measurements, by
// otel.SetTracerProvider and otel.SetMeterProvider or by [WithTracerProvider] and
// [WithMeterProvider].
//
// # Spans
//
// [Tracing] makes a span of kind INTERNAL for each run, named after the pool:
// "run orders", or "run" if the pool has no name. It ends with the run, also when
// the job panics or ends its goroutine (runtime.Goexit).
//
//	remuda.pool           the pool's name, if it has one
//	remuda.worker         number of the worker
//	remuda.run            number of the run on that worker
//	remuda.attempt        1, and more when middleware runs the job again; the last
//	                      one if the span covers several
//	error.type            why the run failed, see below
//	exception.stacktrace  where the job panicked
//
// The status of a run that failed is Error, with the error's message. As the
// conventions have it, errors are no span events, and success leaves the status
// unset. An error whose methods panic, as those of a nil pointer do, is named by its
// type, and invalid UTF-8 is replaced, since exporters drop a whole batch because of
// it: Tracing and Metrics never change the outcome of a run.
//
// # The caller's span
//
// The span of a run is a child of the one in the context that the input came with.
// The caller's trace then shows the run whether the caller waited (Do, DoAll, Map,
// Stream, Submit) or moved on (Send), and the sampling decision of the trace holds
// for the run, too. A child may begin after its parent has ended.
//
// [WithNewRoot] makes each run the root of a trace of its own instead, linked to the
// caller's span. It is for pools whose runs are no longer a part of what their
// callers do: because they begin much later, or because the tracing backend does not
// wait for late spans.
//
// # Metrics
//
//	remuda.run.duration     histogram        s      how long runs took
//	remuda.queue.wait_time  histogram        s      how long inputs waited for a worker
//	remuda.run.active       up-down counter  {run}  runs that are under way
//
// All have the attribute remuda.pool, if the pool has a name. There is no metric for
// outcomes, as the conventions recommend: the durations of runs that failed have
// error.type and those of others do not, so the counts of the durations are the
// numbers of outcomes.
//
// Metrics measures runs. What the pool itself knows, such as its workers, how many
// of them are busy and how many inputs wait, is in [remuda.Stats], for an
// observable gauge of your own. The wait is that of [remuda.Info.Queued]: 0 for
// what Do ran on its caller's goroutine, and in a pool that is fed by a Source.
//
// The boundaries of the histograms reach from 10 µs to 5 minutes. A View of the
// SDK changes them.
//
// # error.type
//
//	panic                     the job panicked
//	dropped                   the job was not called: a middleware further inside
//	                          refused the input
//	goexit                    the job ended its goroutine
//	context.DeadlineExceeded  errors.Is says so
//	context.Canceled          errors.Is says so
//	anything else             the method ErrorType() string of the error or of one
//	                          that it wraps, else the error's type in Go, looked
//	                          for inside of what fmt.Errorf has wrapped
//
// What is dropped is what [remuda.Stats] counts as Dropped and not as Failed; the
// message of a span says who has refused it, and why. Otherwise, and except after a
// panic, an error's own ErrorType comes first. It must return one of few values.
// Metrics distinguishes at most 100 pairs of pool and error.type; further ones count
// as _OTHER.
//
// # Order
//
// Tracing before Metrics (further outside) gives measurements exemplars that lead
// to the run's span. Both before a middleware that retries cover all attempts of
// an input as one run; after it, they see each attempt, with its own error.
//
// # Cost
//
// For each run that succeeds, beside an inline Do of 45 ns, on an x86-64 VM with
// version 1.46 of the SDK:
//
//	Metrics, no-op provider or no reader        5 ns  0 allocations
//	Metrics, SDK                              550 ns  0 allocations
//	Tracing, no-op provider                    90 ns  1 allocation, the API's
//	Tracing, SDK, not sampled                 250 ns  2 allocations, the SDK's
//	Tracing, SDK, sampled, before exporting  1.2 µs  4 allocations, one of them ours
//
// [OpenTelemetry]: https://opentelemetry.io
package remudaotel
