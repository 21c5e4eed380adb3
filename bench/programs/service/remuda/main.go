// Service makes thumbnails over HTTP, and answers 503 when it has enough to do.
package main

import (
	"context"
	"expvar"
	"io"
	"log"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/bench/programs/internal/serve"
	"github.com/remuda-go/remuda/bench/programs/internal/thumb"
	"github.com/remuda-go/remuda/middleware"
)

type requestID struct{}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1])
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, addr string) error {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	withID := middleware.Attrs(func(ctx context.Context) []slog.Attr {
		return []slog.Attr{slog.Any("request", ctx.Value(requestID{}))}
	})
	var metrics middleware.Metrics
	pool, err := remuda.StartWithConfig(remuda.Config{Name: "thumbs", Initial: 2, Queue: 8}, thumb.Scale,
		middleware.Logger(log, withID, middleware.Levels(slog.LevelInfo, slog.LevelError)), &metrics)
	if err != nil {
		return err
	}
	expvar.Publish("runs", &metrics)
	expvar.Publish("pool", expvar.Func(func() any { return pool.Stats() }))

	http.HandleFunc("POST /thumb", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 10<<20))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		ctx := context.WithValue(r.Context(), requestID{}, r.Header.Get("X-Request-ID"))
		ticket, err := pool.TrySubmit(ctx, body)
		if err != nil {
			w.Header().Set("Retry-After", "1")
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		out, err := ticket.Wait(ctx)
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write(out)
	})
	if err := serve.Until(ctx, addr, log); err != nil {
		return err
	}
	return pool.Close(context.Background())
}
