package remudaprom_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
	remudaprom "github.com/remuda-go/remuda/prometheus"
)

func Example() {
	var metrics middleware.Metrics
	pool := remuda.New[string, string](&metrics, middleware.Retry(3))
	registry := prometheus.NewRegistry()
	if _, err := remudaprom.Register(registry, "shout", pool.Stats, &metrics); err != nil {
		fmt.Println(err)
		return
	}
	_ = pool.Start(remuda.NoError(func(_ context.Context, s string) string { return strings.ToUpper(s) }))
	_, _ = pool.DoAll(context.Background(), []string{"gee", "haw"})
	_ = pool.Close(context.Background())

	// http.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	show(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}), "remuda_jobs_total")
	// Output:
	// remuda_jobs_total{outcome="dropped",pool="shout"} 0
	// remuda_jobs_total{outcome="failed",pool="shout"} 0
	// remuda_jobs_total{outcome="panicked",pool="shout"} 0
	// remuda_jobs_total{outcome="succeeded",pool="shout"} 2
}

// A herd serves its metrics beside its controls.
func ExampleHerdHandler() {
	herd := remuda.NewHerd(func(w *remuda.Work[string, int]) remuda.Status {
		w.SetResult(len(w.Body))
		return remuda.Success
	})
	herd.SetHerdSize(1)
	metrics := remudaprom.HerdHandler(herd.Stats)
	// herdhttp.Serve(herd, "localhost:2112", herdhttp.WithMetrics(metrics)) serves them
	_ = herd.Start()
	_ = herd.SendWork(remuda.Work[string, int]{ID: "1", Body: "giddyup"})
	herd.CloseInputChan()
	for w := range herd.OutputChan() {
		fmt.Println(w.ID, w.Result())
	}
	show(metrics, "gofherd_")
	_ = herd.Close(context.Background())
	// Output:
	// 1 7
	// gofherd_failure_total 0
	// gofherd_retry_total 0
	// gofherd_success_total 1
}

// show prints what a handler of metrics serves under names with that prefix.
func show(handler http.Handler, prefix string) {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.Host = "localhost"
	handler.ServeHTTP(w, r)
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, prefix) {
			fmt.Print(line)
		}
	}
}
