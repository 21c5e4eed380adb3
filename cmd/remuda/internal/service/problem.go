package service

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/tasks"
)

// Codes of problems.
const (
	CodeInvalid   = "invalid"         // the request is wrong
	CodeNotFound  = "not_found"       // no such task, kind or entry
	CodeDuplicate = "duplicate"       // the ID has ended, or another task holds the key
	CodeState     = "state"           // the task's state does not allow it
	CodeFull      = "queue_full"      // later
	CodeTooLarge  = "too_large"       // body or payload
	CodeUnknown   = "outcome_unknown" // stored or not: push it again under the same ID
	CodeDenied    = "denied"          // token, origin, or control is not allowed
	CodeBusy      = "busy"            // too many requests
	CodeInternal  = "internal"        // the store is in trouble
)

// A Problem is an error with what it means to the caller.
type Problem struct {
	Status int      `json:"-"` // of HTTP
	Code   string   `json:"code"`
	Text   string   `json:"error"`
	ID     tasks.ID `json:"id,omitempty"` // of the task that it is about
}

func (p *Problem) Error() string { return p.Text }

// Invalid says what is wrong with a request.
func Invalid(format string, args ...any) *Problem {
	return &Problem{Status: http.StatusBadRequest, Code: CodeInvalid, Text: fmt.Sprintf(format, args...)}
}

// NotFound says what there is not.
func NotFound(format string, args ...any) *Problem {
	return &Problem{Status: http.StatusNotFound, Code: CodeNotFound, Text: fmt.Sprintf(format, args...)}
}

func tooLarge(format string, args ...any) *Problem {
	return &Problem{Status: http.StatusRequestEntityTooLarge, Code: CodeTooLarge, Text: fmt.Sprintf(format, args...)}
}

// ProblemOf says in a Problem what an error of package tasks means.
func ProblemOf(err error) *Problem {
	var (
		problem   *Problem
		duplicate *tasks.DuplicateError
		unknown   *tasks.OutcomeUnknownError
		large     *http.MaxBytesError
	)
	as := func(status int, code string, id tasks.ID) *Problem {
		return &Problem{Status: status, Code: code, Text: err.Error(), ID: id}
	}
	switch {
	case errors.As(err, &problem):
		return problem
	case errors.As(err, &duplicate):
		return as(http.StatusConflict, CodeDuplicate, duplicate.ID)
	case errors.As(err, &unknown):
		return as(http.StatusGatewayTimeout, CodeUnknown, unknown.ID)
	case errors.As(err, &large), errors.Is(err, tasks.ErrTooLarge):
		return as(http.StatusRequestEntityTooLarge, CodeTooLarge, "")
	case errors.Is(err, tasks.ErrNotFound):
		return as(http.StatusNotFound, CodeNotFound, "")
	case errors.Is(err, tasks.ErrEnded):
		return as(http.StatusConflict, CodeState, "")
	case errors.Is(err, remuda.ErrQueueFull):
		return as(http.StatusServiceUnavailable, CodeFull, "")
	case errors.Is(err, tasks.ErrInvalidName), errors.Is(err, remuda.ErrInvalidInput):
		return as(http.StatusBadRequest, CodeInvalid, "")
	case errors.Is(err, context.DeadlineExceeded):
		return as(http.StatusGatewayTimeout, CodeInternal, "")
	}
	return as(http.StatusInternalServerError, CodeInternal, "")
}
