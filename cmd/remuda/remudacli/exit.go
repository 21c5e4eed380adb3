package remudacli

import (
	"context"
	"errors"

	"github.com/remuda-go/remuda/cmd/remuda/internal/config"
	"github.com/remuda-go/remuda/cmd/remuda/internal/service"
	"github.com/remuda-go/remuda/tasks"
)

// The exit codes.
const (
	ExitOK        = 0
	ExitFailure   = 1  // anything that has no code of its own
	ExitUsage     = 2  // wrong arguments
	ExitConfig    = 3  // something is wrong in the config file
	ExitNotFound  = 4  // no such task, kind or entry
	ExitNotDone   = 5  // the task has not ended
	ExitEnded     = 6  // the task has ended without a result: dead, cancelled or expired
	ExitDuplicate = 7  // the ID has ended, or another task holds the key
	ExitState     = 8  // the task's state does not allow it
	ExitFull      = 9  // the kind or the store is full: try later
	ExitUnknown   = 10 // unknown whether the task is stored: push again with the same --id
)

// A usageError is a mistake of the caller.
type usageError struct{ error }

// An exitError has a code of its own.
type exitError struct {
	error
	code int
}

func (e exitError) Unwrap() error { return e.error }

func codeOf(err error) int {
	var (
		exit    exitError
		usage   usageError
		faults  config.Faults
		problem *service.Problem
	)
	switch {
	case errors.As(err, &exit):
		return exit.code
	case errors.As(err, &usage):
		return ExitUsage
	case errors.As(err, &faults):
		return ExitConfig
	case errors.Is(err, tasks.ErrNotFound):
		return ExitNotFound
	case errors.Is(err, context.Canceled):
		return ExitFailure
	case errors.As(err, &problem):
		return codeOfProblem(problem.Code)
	}
	return ExitFailure
}

func codeOfProblem(code string) int {
	switch code {
	case service.CodeInvalid:
		return ExitUsage
	case service.CodeNotFound:
		return ExitNotFound
	case service.CodeDuplicate:
		return ExitDuplicate
	case service.CodeState:
		return ExitState
	case service.CodeFull:
		return ExitFull
	case service.CodeUnknown:
		return ExitUnknown
	}
	return ExitFailure
}
