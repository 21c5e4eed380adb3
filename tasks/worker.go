package tasks

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// A Worker runs tasks. Add what it handles with [Kind.Handle], before or while it
// runs. It also does its share of the store's housekeeping: it moves tasks that are
// due into the queues, and looks every minute for what killed processes left behind.
// All methods are safe for concurrent use.
type Worker struct {
	client   *Client
	watching sync.WaitGroup // goroutines that wait for a pool to end

	// patience ends when a Close has given up waiting for jobs: nobody else waits then.
	patience context.Context
	giveUp   context.CancelFunc

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
	w := &Worker{
		client: c, handlers: make(map[string]*Handler),
		failed: make(chan error, 1), ending: make(chan struct{}),
	}
	w.patience, w.giveUp = context.WithCancel(context.Background())
	return w
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
	defer w.awaitPools()
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
		err = nil
	case <-w.ending:
		err = nil
	case err = <-w.failed:
	}
	if closeErr := w.closeAll(w.patience); w.patience.Err() == nil {
		err = errors.Join(err, closeErr)
	}
	return err
}

// awaitPools waits until all pools have ended, or a Close has given up.
func (w *Worker) awaitPools() {
	ended := make(chan struct{})
	go func() {
		w.watching.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-w.patience.Done():
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
		h.release()
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
// too. Close the client after the worker. Called by a job of the worker, with the job's
// context, Close does not wait, since it would wait for its caller.
func (w *Worker) Close(ctx context.Context) error {
	if h := handlerOf(ctx); h != nil && h.worker == w {
		w.end() // Run closes the handlers
		return nil
	}
	err := w.closeAll(ctx)
	if ctx.Err() != nil {
		w.giveUp()
	}
	if ended := w.end(); ended != nil {
		<-ended
	}
	return err
}

// end makes Run end. It returns what is closed when Run has returned, and nil if it was
// not called.
func (w *Worker) end() (ended <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.ending:
	default:
		close(w.ending)
	}
	return w.ended
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
