// Observability is a service whose pool can be watched from outside: Prometheus
// scrapes its metrics, and OpenTelemetry traces each run as a part of the request
// that it is for. The pool's part in that are two middlewares and one call of
// Register; the rest is what any program does to have metrics and traces.
//
//	go run ./examples/observability -addr localhost:8080
//	curl localhost:8080/factors/600851475143     # in another terminal
//	curl localhost:8080/metrics
//
// Here the traces go to standard output, one JSON document for each span.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
	remudaotel "github.com/remuda-go/remuda/otel"
	remudaprom "github.com/remuda-go/remuda/prometheus"
)

const usage = `usage: observability [flags]

It factors numbers over HTTP until Ctrl-C. It has metrics for Prometheus, and writes
a trace of each request to standard output.

Try:
  go run ./examples/observability -addr localhost:8080
  curl localhost:8080/factors/600851475143     # in another terminal
  curl localhost:8080/metrics

Flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "observability:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("observability", flag.ExitOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", "localhost:0", "`address` to listen on")
	timeout := flags.Duration("timeout", 10*time.Second, "most time for a number")
	flags.Usage = func() { fmt.Fprint(stderr, usage); flags.PrintDefaults() }
	_ = flags.Parse(args) // or it ends the program

	exporter, err := stdouttrace.New(stdouttrace.WithWriter(stdout))
	if err != nil {
		return err
	}
	traces := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter))

	var metrics middleware.Metrics
	pool, err := remuda.NewWithConfig[uint64, []uint64](remuda.Config{Name: "factors", Initial: 4},
		remudaotel.Tracing(remudaotel.WithTracerProvider(traces)),
		&metrics,
		middleware.Timeout(*timeout),
	)
	if err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	if _, err := remudaprom.Register(registry, "factors", pool.Stats, &metrics); err != nil {
		return err
	}
	if err := pool.Start(remuda.Func(factors)); err != nil {
		return err
	}

	mux := http.NewServeMux()
	mux.Handle("GET /factors/{n}", traced(traces.Tracer("observability"), handler(pool)))
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	err = serve(ctx, *addr, slog.New(slog.NewTextHandler(stderr, nil)), mux)

	// First what makes spans, then what takes them.
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return errors.Join(err, pool.Close(end), traces.Shutdown(end))
}

// traced makes a span of each request. A program would leave that to a library.
func traced(tracer trace.Tracer, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, span := tracer.Start(r.Context(), r.Pattern, trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func handler(pool *remuda.Pool[uint64, []uint64]) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.ParseUint(r.PathValue("n"), 10, 64)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		// The context carries the span to the run, and the client's patience.
		primes, err := pool.Do(r.Context(), n)
		switch {
		case err == nil:
			_ = json.NewEncoder(w).Encode(primes) // the client may be gone
		case errors.Is(err, errNone):
			http.Error(w, err.Error(), http.StatusNotFound)
		default:
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		}
	})
}

// serve serves h until ctx ends, and then finishes the requests under way.
func serve(ctx context.Context, addr string, log *slog.Logger, h http.Handler) error {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	log.Info("listening", "addr", ln.Addr())
	srv := &http.Server{Handler: h, ReadTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return srv.Shutdown(end)
}
