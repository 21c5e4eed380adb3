package tasks

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Errors to be checked with errors.Is. [github.com/remuda-go/remuda.ErrQueueFull]
// says that a kind, or the store, holds as much as it may.
var (
	// ErrNotDone is returned by Result for a task that has not ended.
	ErrNotDone = errors.New("remuda: task is not done")

	// ErrNotFound says that no task has the ID: it was never pushed, it was
	// deleted, or it ended longer ago than Keep.
	ErrNotFound = errors.New("remuda: no such task")

	// ErrCancelled is the outcome of a task that [Client.Cancel] ended, and the
	// cause ([context.Cause]) of the context of its run.
	ErrCancelled = errors.New("remuda: task was cancelled")

	// ErrExpired is the outcome of a task that had not ended at the time given
	// to [Expires].
	ErrExpired = errors.New("remuda: task expired")

	// ErrEnded is returned by Cancel and Redrive for a task whose state does not
	// allow it.
	ErrEnded = errors.New("remuda: the task's state does not allow it")

	// ErrTooLarge says that an input or a result does not fit into a message.
	ErrTooLarge = errors.New("remuda: too large")

	// ErrLocked is returned by embedded.Open for a directory that another
	// process has open.
	ErrLocked = errors.New("remuda: store is open in another process")

	// ErrInvalidName says that the name of a kind, a task, a key or a cron entry is
	// empty, too long, or has invalid characters.
	ErrInvalidName = errors.New("remuda: invalid name")

	// ErrMismatch says that a stream exists with settings other than those asked
	// for. A process never changes a stream that exists.
	ErrMismatch = errors.New("remuda: existing settings differ")

	// ErrWorkerClosed is returned by a worker that was closed, and by Run of one
	// that runs already.
	ErrWorkerClosed = errors.New("remuda: worker is closed or already running")

	// errStale: the record has been written by somebody else since it was read.
	errStale = errors.New("remuda: the record has changed")

	// errForeign: somebody else has written what is no record.
	errForeign = errors.New("remuda: not a record")
)

// A DuplicateError is returned by Push if the ID has ended already, or if the
// unique key is held by another task.
type DuplicateError struct {
	ID ID // the task that is there
}

func (e *DuplicateError) Error() string {
	return fmt.Sprintf("remuda: duplicate: task %s is there already", e.ID)
}

// An OutcomeUnknownError is returned by Push if the server did not answer: the
// task may be stored or not. Push again with [WithID] and e.ID.Name(): it is one
// task.
type OutcomeUnknownError struct {
	ID  ID
	Err error
}

func (e *OutcomeUnknownError) Error() string {
	return fmt.Sprintf("remuda: task %s: not known whether it is stored; push it again with the same ID: %v", e.ID, e.Err)
}

func (e *OutcomeUnknownError) Unwrap() error { return e.Err }

// A TaskError is the outcome of a task that ended without a result. It is
// [ErrCancelled] or [ErrExpired] to errors.Is if the task ended in that way.
type TaskError struct {
	ID       ID
	State    State // Dead, Cancelled or Expired
	Attempts int
	Reason   string
}

func (e *TaskError) Error() string {
	s := fmt.Sprintf("remuda: task %s is %s after %d attempts", e.ID, e.State, e.Attempts)
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	return s
}

// Is reports whether target is the sentinel of the state.
func (e *TaskError) Is(target error) bool {
	return e.State == Cancelled && target == ErrCancelled || e.State == Expired && target == ErrExpired
}

func isDuplicate(err error) bool {
	var d *DuplicateError
	return errors.As(err, &d)
}

// Codes of the server that are no constants in the client.
const (
	codeWrongLast        = 10071
	codeWrongLastCluster = 10164
	codeDuplicateInWork  = 10158 // the first copy is still under way
	codeStoreFailed      = 10077 // full, or the subject is taken: the text tells
	codeAccountFull      = 10002
	codeServerFull       = 10023
	codeStorageFull      = 10047
)

func apiError(err error) *jetstream.APIError {
	if api, ok := errors.AsType[*jetstream.APIError](err); ok {
		return api
	}
	if known, ok := errors.AsType[jetstream.JetStreamError](err); ok {
		return known.APIError()
	}
	return nil
}

func isStale(err error) bool {
	api := apiError(err)
	return api != nil && (api.ErrorCode == codeWrongLast || api.ErrorCode == codeWrongLastCluster)
}

func isFull(err error) bool {
	api := apiError(err)
	if api == nil {
		return false
	}
	switch api.ErrorCode {
	case codeAccountFull, codeServerFull, codeStorageFull:
		return true
	case codeStoreFailed:
		return api.Description == "maximum messages exceeded" || api.Description == "maximum bytes exceeded"
	}
	return false
}

// isTaken: another message has the subject.
func isTaken(err error) bool {
	api := apiError(err)
	return api != nil && api.ErrorCode == codeStoreFailed && api.Description == "maximum messages per subject exceeded"
}

// isPassingTrouble: the same may work in a while, without anybody's doing or with
// that of whoever frees space.
func isPassingTrouble(err error) bool {
	api := apiError(err)
	return api == nil || isFull(err) || api.Code == http.StatusServiceUnavailable
}

// unanswered: the server did not answer, so that what was asked of it may have
// happened or not.
func unanswered(err error) bool {
	return apiError(err) == nil && !errors.Is(err, nats.ErrMaxPayload)
}
