package tasks

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

// A Handler runs the tasks of one kind in a Worker, on a pool of its own. All
// methods are safe for concurrent use.
type Handler struct {
	client *Client
	worker *Worker
	kind   string
	set    *settings
	queue  *queue
	pool   *remuda.Pool[*delivery, remuda.Void]
	job    remuda.Job[*delivery, remuda.Void]
	source *source

	mu     sync.Mutex // guards what follows
	closed bool
	subs   []*nats.Subscription
	active map[ID]*active
}

// An active run is one that can be cancelled.
type active struct {
	run    *Run
	cancel context.CancelCauseFunc
}

// Handle makes w run the tasks of the kind with job, on workers of their own as cfg
// says, with mws around each run, the first outermost. If w runs already, they start
// immediately.
//
// Config.Name is the kind if it is empty; Queue and Inline have no effect here.
// Middleware may retry a job, but that does not replace the kind's Attempts. A job
// that returns [middleware.Permanent] or [remuda.ErrInvalidInput] is not tried
// again: the task is dead immediately.
//
// Handle returns the errors of [remuda.NewFrom], [ErrMismatch], [ErrWorkerClosed],
// and an error if w handles the kind already.
func (k Kind[In, Out]) Handle(w *Worker, job remuda.Job[In, Out], cfg remuda.Config, mws ...remuda.Middleware) (*Handler, error) {
	if err := k.check(); err != nil {
		return nil, err
	}
	if job == nil {
		return nil, fmt.Errorf("%w (kind %s)", remuda.ErrNilJob, k.name)
	}
	wrapped := remuda.Wrap(job, append(slices.Clip(mws), plain)...)
	run := func(ctx context.Context, d *delivery) ([]byte, error) {
		var in In
		if err := k.set.codec.Decode(d.body, &in); err != nil {
			return nil, fmt.Errorf("%w: input of task %s: %w", remuda.ErrInvalidInput, d.id, err)
		}
		out, err := wrapped.Do(ctx, in)
		if err != nil {
			return nil, err
		}
		output, err := k.set.codec.Encode(out)
		if err != nil {
			return nil, middleware.Permanent(fmt.Errorf("output of task %s: %w", d.id, err))
		}
		return output, nil
	}
	return w.handle(k.name, k.set, run, cfg)
}

// plain is a middleware that does nothing, but makes Wrap turn the job's panics
// into errors that have the stack.
var plain = remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler { return next }) //nolint:gochecknoglobals // a constant

func (w *Worker) handle(kind string, set *settings, run runFunc, cfg remuda.Config) (*Handler, error) {
	ctx, cancel := context.WithTimeout(context.Background(), pushPatience)
	defer cancel()
	q, err := w.client.queueFor(ctx, kind, set)
	if err != nil {
		return nil, err
	}
	if cfg.Name == "" {
		cfg.Name = kind
	}
	h := &Handler{client: w.client, worker: w, kind: kind, set: set, queue: q, active: make(map[ID]*active)}
	h.source = &source{handler: h, puller: w.client.newPuller(queueStream(kind), workConsumer)}
	h.job = h.jobOf(run)
	if h.pool, err = remuda.NewFrom[*delivery, remuda.Void](h.source, cfg); err != nil {
		return nil, err
	}
	return h, w.add(h)
}

// start begins to take tasks, unless the handler was closed before.
func (h *Handler) start() error {
	var subs []*nats.Subscription
	for subject, answer := range map[string]nats.MsgHandler{
		askSubjects + h.kind + ".*":    h.answer,
		cancelSubjects + h.kind + ".*": h.cancelled,
		wakeSubjects + h.kind:          func(*nats.Msg) { h.source.puller.kick() },
	} {
		sub, err := h.client.nc.Subscribe(subject, answer)
		if err != nil {
			unsubscribe(subs)
			return fmt.Errorf("remuda: kind %s: %w", h.kind, err)
		}
		subs = append(subs, sub)
	}
	h.mu.Lock()
	closed := h.closed
	if !closed {
		h.subs = subs
	}
	h.mu.Unlock()
	if closed {
		unsubscribe(subs)
		return nil
	}
	if err := h.pool.Start(h.job); !errors.Is(err, remuda.ErrPoolClosed) {
		return err
	}
	return nil
}

// unsubscribe fails only with the connection.
func unsubscribe(subs []*nats.Subscription) {
	for _, sub := range subs {
		_ = sub.Unsubscribe()
	}
}

// cancelled ends a run whose task was cancelled. If the message gets lost, the run
// goes on, and its result is refused.
func (h *Handler) cancelled(msg *nats.Msg) {
	id, _, _ := parseSubject(msg.Subject, cancelSubjects)
	h.mu.Lock()
	a := h.active[id]
	h.mu.Unlock()
	if a != nil {
		a.cancel(ErrCancelled)
	}
}

// More adds a worker, as [remuda.Pool.More] does. Until the worker runs, More, Less
// and Resize return [remuda.ErrNotStarted].
func (h *Handler) More() error { return h.pool.More() }

// Less removes a worker, which finishes its task first. See [remuda.Pool.Less].
func (h *Handler) Less() error { return h.pool.Less() }

// Resize sets the number of workers, as [remuda.Pool.Resize] does.
func (h *Handler) Resize(n int) error { return h.pool.Resize(n) }

// Stats returns the numbers of this handler's runs, as [remuda.Pool.Stats] does.
func (h *Handler) Stats() remuda.Stats { return h.pool.Stats() }

// Kind returns the name of the kind.
func (h *Handler) Kind() string { return h.kind }

// Close removes the handler from its worker: it takes no more tasks and waits for
// those that run. When ctx ends first, it cancels them and gives them back, which
// costs no attempt, waits a moment for those that honour their context, and returns
// the error of ctx. A second Close waits like the first. Called by a job of the
// handler, with the job's context, Close does not wait, since it would wait for its
// caller.
func (h *Handler) Close(ctx context.Context) error {
	h.worker.drop(h)
	return h.close(ctx)
}

// giveBackTime is how long Close waits for runs that it has cancelled.
const giveBackTime = 2 * time.Second

func (h *Handler) close(ctx context.Context) error {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	err := h.pool.Close(ctx)
	if errors.Is(err, remuda.ErrNotStarted) || errors.Is(err, remuda.ErrPoolClosed) && ctx.Err() == nil {
		err = nil // there is nothing to close, any more
	}
	if handlerOf(ctx) != h { // or whoever watches the pool releases what it has
		h.settled()
		h.release()
	}
	if err != nil {
		return fmt.Errorf("remuda: kind %s: %w", h.kind, err)
	}
	return nil
}

// release gives back what the handler has of the connection. A second call does nothing.
func (h *Handler) release() {
	h.mu.Lock()
	subs := h.subs
	h.subs = nil
	h.mu.Unlock()
	unsubscribe(subs)
	h.source.puller.close()
}

// settled waits a moment until every run has been settled, and what was taken by then
// with them.
func (h *Handler) settled() {
	timer := time.NewTimer(giveBackTime)
	defer timer.Stop()
	select {
	case <-h.pool.Done():
	case <-timer.C:
	}
}
