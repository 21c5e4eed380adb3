package middleware

import (
	"context"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/internal/safeerr"
)

// isDropped reports whether a run that has returned err has not come to its job:
// a middleware further inside has refused the input. It says what [remuda.Stats]
// does. Outside of a pool nobody can tell, and it is false.
func isDropped(ctx context.Context, err error) bool {
	if err == nil {
		return false
	}
	info, ok := remuda.InfoFrom(ctx)
	return ok && !info.Entered() && !isPanic(err)
}

// isPanic reports whether err is or wraps a panic.
func isPanic(err error) bool {
	_, ok := safeerr.AsType[*remuda.PanicError](err)
	return ok
}
