package middleware

import (
	"errors"

	"github.com/remuda-go/remuda"
)

// panics tells whether an error is a panic, on behalf of one worker. That
// errors.As gets a variable that is there already saves an allocation for each
// failure.
type panics struct{ found *remuda.PanicError }

// in reports whether err is or wraps a panic.
func (p *panics) in(err error) bool {
	found := errors.As(err, &p.found)
	p.found = nil // an idle worker keeps nothing alive
	return found
}
