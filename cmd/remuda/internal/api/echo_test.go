package api_test

import (
	"context"

	"github.com/remuda-go/remuda"
)

// An echo is the job whose output is its input.
type echo struct{}

func (echo) Do(_ context.Context, in []byte) ([]byte, error) { return in, nil }

var noConfig remuda.Config
