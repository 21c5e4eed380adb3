// Httpservice takes events over HTTP, answers immediately, and works on them
// afterwards. Its queue is bounded: when it is full, the answer is 503 and the
// client comes again later, which is better than to take in what cannot be worked
// on. On SIGTERM it stops listening, finishes what it has accepted, and says what it
// had to drop if that takes too long.
//
//	go run ./examples/httpservice -addr localhost:8080
//	curl -i -d '{"hello": "world"}' localhost:8080/events     # in another terminal
package main

import (
	"bytes"
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
	"sync"
	"syscall"
	"time"

	"github.com/remuda-go/remuda"
)

const usage = `usage: httpservice [flags]

It accepts JSON events over HTTP and writes them to standard output, until Ctrl-C.
While its queue is full it answers 503.

Try:
  go run ./examples/httpservice -addr localhost:8080
  curl -i -d '{"hello": "world"}' localhost:8080/events     # in another terminal

Flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "httpservice:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("httpservice", flag.ExitOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", "localhost:0", "`address` to listen on")
	workers := flags.Int("workers", 4, "number of workers")
	queue := flags.Int("queue", 100, "events that may wait for a worker")
	grace := flags.Duration("grace", 10*time.Second, "how long a shutdown may take")
	flags.Usage = func() { fmt.Fprint(stderr, usage); flags.PrintDefaults() }
	_ = flags.Parse(args) // or it ends the program

	log := slog.New(slog.NewTextHandler(stderr, nil))
	pool, err := remuda.NewWithConfig[event, remuda.Void](remuda.Config{Name: "events", Initial: *workers, Queue: *queue})
	if err != nil {
		return err
	}
	pool.OnDrop(func(e event, err error) { log.Error("dropped", "event", string(e), "error", err) })
	store := &store{w: stdout}
	if err := pool.Start(remuda.NoOutput(store.add)); err != nil {
		return err
	}
	serveErr := serve(ctx, *addr, *grace, log, handler(pool))

	// Nobody sends any more; now finish what is queued.
	log.Info("closing", "queued", pool.Stats().Queued)
	return errors.Join(serveErr, pool.CloseWithTimeout(*grace))
}

// serve serves h until ctx ends, and then finishes the requests under way.
func serve(ctx context.Context, addr string, grace time.Duration, log *slog.Logger, h http.Handler) error {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	log.Info("listening", "addr", ln.Addr())
	srv := &http.Server{Handler: h, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	return srv.Shutdown(ctx)
}

func handler(pool *remuda.Pool[event, remuda.Void]) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /events", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil || !json.Valid(body) {
			http.Error(w, "the body must be JSON of at most 1 MiB", http.StatusBadRequest)
			return
		}
		switch err := pool.TrySend(r.Context(), body); {
		case err == nil:
			w.WriteHeader(http.StatusAccepted)
		case errors.Is(err, remuda.ErrQueueFull):
			w.Header().Set("Retry-After", "1")
			http.Error(w, "too busy, come again", http.StatusServiceUnavailable)
		default:
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("GET /stats", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(pool.Stats()) // the client may be gone
	})
	return mux
}

// An event is a JSON document.
type event []byte

// A store keeps events, one a line.
type store struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *store) add(_ context.Context, e event) error {
	var line bytes.Buffer
	if err := json.Compact(&line, e); err != nil {
		return err
	}
	line.WriteByte('\n')
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.w.Write(line.Bytes())
	return err
}
