package client

import (
	"errors"
	"fmt"
	"strings"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"
	"github.com/remuda-go/remuda/client/remudav1"
)

var (
	// ErrNotDone is returned by Result for a task that has not ended.
	ErrNotDone = errors.New("remuda: task is not done")

	// ErrNotFound says that there is no such task or kind at this address.
	ErrNotFound = errors.New("remuda: not found")

	// ErrQueueFull says that the kind or the store is full.
	ErrQueueFull = errors.New("remuda: queue is full")
)

// A TaskError is the outcome of a task that ended without a result.
type TaskError struct {
	ID       string
	State    remudav1.TaskState // dead, cancelled or expired
	Attempts int
	Reason   string
}

func (e *TaskError) Error() string {
	state := strings.ToLower(strings.TrimPrefix(e.State.String(), "TASK_STATE_"))
	text := fmt.Sprintf("remuda: task %s is %s after %d attempts", e.ID, state, e.Attempts)
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

// A DuplicateError is returned by Push if the task has ended already, or another one
// holds the key.
type DuplicateError struct{ ID string }

func (e *DuplicateError) Error() string { return "remuda: duplicate of task " + e.ID }

// An OutcomeUnknownError is returned by Push if the answer did not come: the task may
// be stored or not. Push again with [Name] and e.Name: it is one task.
type OutcomeUnknownError struct {
	Kind, Name string
	Err        error
}

func (e *OutcomeUnknownError) Error() string {
	return fmt.Sprintf("remuda: not known whether task %s.%s is stored: push it again under the same name: %v", e.Kind, e.Name, e.Err)
}

func (e *OutcomeUnknownError) Unwrap() error { return e.Err }

func isNotDone(err error) bool { return errors.Is(err, ErrNotDone) }

// outcome is the error of a task that is not done.
func outcome(t *remudav1.Task) error {
	switch t.GetState() {
	case remudav1.TaskState_TASK_STATE_DEAD, remudav1.TaskState_TASK_STATE_CANCELLED, remudav1.TaskState_TASK_STATE_EXPIRED:
		return &TaskError{ID: t.GetId(), State: t.GetState(), Attempts: int(t.GetAttempts()), Reason: t.GetReason()}
	}
	return fmt.Errorf("%w: %s", ErrNotDone, t.GetId())
}

// problemOf is the detail of an error, if the server itself refused.
func problemOf(err error) *remudav1.Problem {
	var e *connect.Error
	if !errors.As(err, &e) {
		return nil
	}
	for _, detail := range e.Details() {
		if msg, err := connectproto.UnmarshalErrorDetail(detail); err == nil {
			if p, ok := msg.(*remudav1.Problem); ok {
				return p
			}
		}
	}
	return nil
}

// typed adds what the error is. [connect.CodeOf] works on it all the same.
func typed(err error) error {
	switch problemOf(err).GetCode() {
	case "not_found":
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	case "queue_full":
		return fmt.Errorf("%w: %w", ErrQueueFull, err)
	}
	return fmt.Errorf("remuda: %w", err)
}

// pushError tells a refusal from an answer that did not come.
func pushError(r *remudav1.PushRequest, err error) error {
	p := problemOf(err)
	switch {
	case p.GetCode() == "duplicate":
		return &DuplicateError{ID: p.GetId()}
	case p != nil && p.GetCode() != "outcome_unknown" && p.GetCode() != "internal":
		return typed(err)
	case p == nil && refused(connect.CodeOf(err)):
		return typed(err)
	}
	return &OutcomeUnknownError{Kind: r.GetKind(), Name: r.GetName(), Err: err}
}

// refused: the guard at the door gives these codes, before anything is stored.
func refused(code connect.Code) bool {
	switch code {
	case connect.CodeUnauthenticated, connect.CodePermissionDenied, connect.CodeInvalidArgument, connect.CodeResourceExhausted, connect.CodeUnimplemented:
		return true
	}
	return false
}
