package middleware

import (
	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/internal/safeerr"
)

// isPanic reports whether err is or wraps a panic.
func isPanic(err error) bool {
	_, ok := safeerr.AsType[*remuda.PanicError](err)
	return ok
}
