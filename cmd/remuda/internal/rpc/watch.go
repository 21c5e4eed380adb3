package rpc

import (
	"context"
	"sync"
	"time"

	"github.com/remuda-go/remuda/client/remudav1"
	"github.com/remuda-go/remuda/client/remudav1/remudav1connect"
)

// heartbeat is how often a watcher gets a sign of life, so that what is between does
// not close the connection.
const heartbeat = 15 * time.Second

// Watch sends a sign of life once it listens: whatever the caller does after that will
// be seen.
func (h *handler) Watch(ctx context.Context, r *remudav1.WatchRequest, stream remudav1connect.TaskServiceWatchServerStream) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	events, err := h.service.Watch(ctx, r.GetKind())
	if err != nil {
		return err
	}
	var beats sync.WaitGroup
	defer beats.Wait()
	defer stop()
	w := &watcher{stream: stream}
	if err := w.send(nil); err != nil {
		return err
	}
	beats.Go(func() {
		defer stop() // one that does not read is let go
		w.beat(ctx)
	})
	for e, err := range events {
		if err == nil {
			err = w.send(eventOf(e))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// A watcher is written by two goroutines.
type watcher struct {
	mu     sync.Mutex // guards stream
	stream remudav1connect.TaskServiceWatchServerStream
}

func (w *watcher) send(e *remudav1.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stream.Send(&remudav1.WatchResponse{Event: e})
}

func (w *watcher) beat(ctx context.Context) {
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if w.send(nil) != nil {
				return
			}
		}
	}
}
