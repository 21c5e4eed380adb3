package api_test

import (
	"context"
	"errors"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

// An echo is the job whose output is its input, if that is not bad.
type echo struct{}

func (echo) Do(_ context.Context, in []byte) ([]byte, error) {
	if string(in) == "bad" {
		return nil, middleware.Permanent(errors.New("no good"))
	}
	return in, nil
}

var noConfig remuda.Config
