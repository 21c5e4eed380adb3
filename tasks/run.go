package tasks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// A Run is one run of a task, as its job sees it through [RunFrom].
type Run struct {
	ID      ID
	Kind    string
	Attempt int       // 1 is the first
	Pushed  time.Time // by the server's clock

	header  nats.Header
	client  *Client
	handler *Handler
	share   *share
}

type runKey struct{}

// RunFrom returns the run that ctx belongs to, and false if that is no run of a
// task.
func RunFrom(ctx context.Context) (Run, bool) {
	r, ok := ctx.Value(runKey{}).(*Run)
	if !ok {
		return Run{}, false
	}
	return *r, true
}

// handlerOf returns the handler whose run ctx belongs to; nil if that is none.
func handlerOf(ctx context.Context) *Handler {
	if r, ok := ctx.Value(runKey{}).(*Run); ok {
		return r.handler
	}
	return nil
}

// Header returns the first value that [Header] gave the task under the name.
func (r Run) Header(name string) string { return r.header.Get(name) }

// Progress tells watchers how far the run has come: a fraction from 0 to 1, and a
// note, which may be empty. It is not stored, does not wait, and returns an error
// only if the connection is closed.
func (r Run) Progress(fraction float64, note string) error {
	body, err := json.Marshal(progress{Fraction: fraction, Note: note, Attempt: r.Attempt})
	if err != nil {
		return fmt.Errorf("remuda: progress of task %s: %w", r.ID, err)
	}
	r.share.progress.Store(&progress{Fraction: fraction, Note: note, Attempt: r.Attempt})
	if err := r.client.nc.Publish(eventSubject(r.ID), body); err != nil {
		return fmt.Errorf("remuda: progress of task %s: %w", r.ID, err)
	}
	return nil
}

type progress struct {
	Fraction float64 `json:"fraction"`
	Note     string  `json:"note,omitempty"`
	Attempt  int     `json:"attempt"`
}

// Snooze returns an error with which a job postpones its task: it runs again after
// d, and the run does not count as an attempt.
func Snooze(d time.Duration) error { return &snoozeError{delay: d} }

type snoozeError struct{ delay time.Duration }

func (e *snoozeError) Error() string { return fmt.Sprintf("remuda: snoozed for %v", e.delay) }

// RetryAfter wraps the error of a run so that the task waits for d, in place of its
// Backoff, as an HTTP response's Retry-After asks for. The run counts as an attempt
// like any other: at the limit the task is dead. RetryAfter returns nil if err is
// nil.
func RetryAfter(err error, d time.Duration) error {
	if err == nil {
		return nil
	}
	return &retryAfterError{error: err, delay: d}
}

type retryAfterError struct {
	error
	delay time.Duration
}

func (e *retryAfterError) Unwrap() error { return e.error }

// errGiveBack is the outcome of a run that had to end with its worker.
var errGiveBack = errors.New("remuda: given back")
