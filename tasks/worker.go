package tasks

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// A Worker runs tasks. Add what it handles with [Kind.Handle], before or while it
// runs. It also does its part of the work that keeps the store in order: it moves
// what has come due into the queues, and looks each minute for what a process that
// was killed has left. All methods are safe for concurrent use.
type Worker struct {
	client   *Client
	watching sync.WaitGroup // goroutines that wait for a pool to end

	mu       sync.Mutex // guards what follows; never held across a call of a pool's Close
	handlers map[string]*Handler
	state    workerState
	failed   chan error    // holds the first error that ends Run
	ending   chan struct{} // closed by Close
	ended    chan struct{} // closed when Run has returned; nil unless it runs
}

type workerState int

const (
	idle workerState = iota
	running
	closed
)

// NewWorker returns a worker without handlers.
func NewWorker(c *Client) *Worker {
	return &Worker{
		client: c, handlers: make(map[string]*Handler),
		failed: make(chan error, 1), ending: make(chan struct{}),
	}
}

// Run runs tasks until ctx ends or the worker is closed. When ctx ends, it takes no
// more tasks, finishes those that run, however long that takes, and returns nil.
// For a bound call Close. It returns an error if the connection is closed for good.
// A worker runs once: then Run returns [ErrWorkerClosed].
func (w *Worker) Run(ctx context.Context) error {
	handlers, err := w.begin()
	if err != nil {
		return err
	}
	defer close(w.ended)
	defer w.watching.Wait()
	upkeep, stop := context.WithCancel(context.WithoutCancel(ctx))
	var keeping sync.WaitGroup
	keeping.Go(func() { w.client.moveDue(upkeep) })
	keeping.Go(func() { w.client.sweepRegularly(upkeep) })
	defer keeping.Wait()
	defer stop()
	for _, h := range handlers {
		w.launch(h)
	}
	select {
	case <-ctx.Done():
		return w.closeAll(context.WithoutCancel(ctx))
	case <-w.ending:
		return nil
	case err := <-w.failed:
		return errors.Join(err, w.closeAll(context.WithoutCancel(ctx)))
	}
}

func (w *Worker) begin() ([]*Handler, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.state != idle {
		return nil, ErrWorkerClosed
	}
	w.state = running
	w.ended = make(chan struct{})
	return w.allLocked(), nil
}

func (w *Worker) allLocked() []*Handler {
	all := make([]*Handler, 0, len(w.handlers))
	for _, h := range w.handlers {
		all = append(all, h)
	}
	return all
}

// launch starts a handler, and ends Run if it fails.
func (w *Worker) launch(h *Handler) {
	fail := func(err error) {
		if err == nil {
			return
		}
		select {
		case w.failed <- fmt.Errorf("remuda: kind %s: %w", h.kind, err):
		default: // the first one ends the worker
		}
	}
	if err := h.start(); err != nil {
		fail(err)
		return
	}
	w.watching.Go(func() {
		<-h.pool.Done()
		fail(h.pool.Err())
	})
}

// add puts a handler into the worker.
func (w *Worker) add(h *Handler) error {
	w.mu.Lock()
	switch {
	case w.state == closed:
		w.mu.Unlock()
		return ErrWorkerClosed
	case w.handlers[h.kind] != nil:
		w.mu.Unlock()
		return fmt.Errorf("remuda: the worker handles the kind %s already: close that handler first", h.kind)
	}
	w.handlers[h.kind] = h
	begun := w.state == running
	w.mu.Unlock()
	if begun {
		w.launch(h)
	}
	return nil
}

func (w *Worker) drop(h *Handler) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.handlers[h.kind] == h {
		delete(w.handlers, h.kind)
	}
}

// Remove closes the handler of the kind, as [Handler.Close] does. It returns nil if
// there is none.
func (w *Worker) Remove(ctx context.Context, kind string) error {
	w.mu.Lock()
	h := w.handlers[kind]
	w.mu.Unlock()
	if h == nil {
		return nil
	}
	return h.Close(ctx)
}

// Close takes no more tasks and waits for those that run. When ctx ends first, it
// cancels them and gives them back, which costs no attempt, waits a moment for
// those that honour their context, and returns the error of ctx. Run returns then,
// too. Close the client after the worker.
func (w *Worker) Close(ctx context.Context) error {
	err := w.closeAll(ctx)
	w.mu.Lock()
	ended := w.ended
	select {
	case <-w.ending:
	default:
		close(w.ending)
	}
	w.mu.Unlock()
	if ended != nil {
		<-ended
	}
	return err
}

func (w *Worker) closeAll(ctx context.Context) error {
	w.mu.Lock()
	w.state = closed
	all := w.allLocked()
	w.mu.Unlock()
	errs := make([]error, len(all))
	var closing sync.WaitGroup
	for i, h := range all {
		closing.Go(func() { errs[i] = h.Close(ctx) })
	}
	closing.Wait()
	return errors.Join(errs...)
}
