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
	"time"

	"github.com/alitto/pond/v2"

	"github.com/remuda-go/remuda/bench/programs/internal/serve"
	"github.com/remuda-go/remuda/bench/programs/internal/thumb"
)

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
	pool := pond.NewResultPool[[]byte](2, pond.WithQueueSize(8))
	seconds := expvar.NewFloat("seconds")
	expvar.Publish("pool", expvar.Func(func() any {
		return map[string]any{
			"Running":   pool.RunningWorkers(),
			"Queued":    pool.WaitingTasks(),
			"Succeeded": pool.SuccessfulTasks(),
			"Failed":    pool.FailedTasks(),
		}
	}))

	http.HandleFunc("POST /thumb", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 10<<20))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		ctx := r.Context()
		log := log.With("request", r.Header.Get("X-Request-ID"))
		task, accepted := pool.TrySubmitErr(func() ([]byte, error) {
			if err := ctx.Err(); err != nil { // the client has gone meanwhile
				return nil, err
			}
			begun := time.Now()
			out, err := thumb.Scale(ctx, body)
			took := time.Since(begun)
			seconds.Add(took.Seconds())
			if err != nil {
				log.Error("run failed", "duration", took, "err", err)
				return nil, err
			}
			log.Info("run", "duration", took)
			return out, nil
		})
		if !accepted {
			w.Header().Set("Retry-After", "1")
			http.Error(w, "too busy", http.StatusServiceUnavailable)
			return
		}
		select {
		case <-task.Done():
		case <-ctx.Done():
			return
		}
		out, err := task.Wait()
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
	pool.StopAndWait()
	return nil
}
