package api

import (
	"context"
	"encoding/json"
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

func invalid(format string, args ...any) *Problem {
	return &Problem{Status: http.StatusBadRequest, Code: CodeInvalid, Text: fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) *Problem {
	return &Problem{Status: http.StatusNotFound, Code: CodeNotFound, Text: fmt.Sprintf(format, args...)}
}

// problemOf says in a Problem what an error of package tasks means.
func problemOf(err error) *Problem {
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

func writeProblem(w http.ResponseWriter, err error) {
	p := problemOf(err)
	if p.Code == CodeFull || p.Code == CodeBusy {
		w.Header().Set("Retry-After", "1")
	}
	writeJSON(w, p.Status, p)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // whoever asked has gone
}
