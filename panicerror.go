package remuda

import (
	"bytes"
	"fmt"
	"path"
	"runtime/debug"
	"strings"
)

// A PanicError is the outcome of a job that panicked.
type PanicError struct {
	Value any    // what the job panicked with
	Stack []byte // the stack of the panicking goroutine, as debug.Stack formats it

	pool string // the pool whose job it was; empty for none
}

// newPanicError makes the error for a recovered value. It must be called by the
// deferred function that recovered, while the panicking frames still stand.
func newPanicError(value any) *PanicError {
	if e, ok := value.(*PanicError); ok && e != nil { // passed on by a panic of our own
		return e
	}
	return &PanicError{Value: value, Stack: debug.Stack()}
}

// in returns e with the name of its pool, unless it has one.
func (e *PanicError) in(pool string) *PanicError {
	if e == nil || e.pool != "" || pool == "" {
		return e
	}
	named := *e // somebody else may have e
	named.pool = pool
	return &named
}

// Error returns the pool's name, the panic's value and its place: the function that
// panicked, with file and line. The rest of the stack is in the field Stack. Like
// Unwrap, it may be called on a nil PanicError, which a job may return or panic
// with.
func (e *PanicError) Error() string {
	if e == nil {
		return "remuda: job panicked: <nil>"
	}
	text := fmt.Sprintf("remuda: job panicked: %v", e.Value)
	if at := origin(e.Stack); at != "" {
		text += " (" + at + ")"
	}
	return in(e.pool, text)
}

// Unwrap returns the value if the job panicked with an error, and nil if not.
func (e *PanicError) Unwrap() error {
	if e == nil {
		return nil
	}
	err, _ := e.Value.(error)
	return err
}

// origin returns the first line of a panicking goroutine's stack that is the
// program's own, as "main.charge, charge.go:42"; empty if it finds none. The stack
// has two lines for each call: those before the line of panic belong to the code
// that recovered, those right after it may belong to the runtime.
func origin(stack []byte) string {
	_, rest, ok := bytes.Cut(stack, []byte("\npanic("))
	if !ok {
		return ""
	}
	lines := strings.Split(string(rest), "\n")
	for i := 2; i+1 < len(lines); i += 2 {
		call, at := lines[i], strings.TrimSpace(lines[i+1])
		if strings.HasPrefix(call, "runtime.") {
			continue
		}
		if args := strings.LastIndexByte(call, '('); args > 0 {
			call = call[:args]
		}
		at, _, _ = strings.Cut(at, " ") // the offset in the function
		return path.Base(call) + ", " + path.Base(at)
	}
	return ""
}
