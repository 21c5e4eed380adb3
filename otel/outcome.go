package remudaotel

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/remuda-go/remuda"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// scope is the name of the instrumentation scope of spans and metrics.
const scope = "github.com/remuda-go/remuda/otel"

const (
	poolKey    = attribute.Key("remuda.pool")
	workerKey  = attribute.Key("remuda.worker")
	runKey     = attribute.Key("remuda.run")
	attemptKey = attribute.Key("remuda.attempt")
)

// observe calls next, and then end with its outcome, however next ended: a run
// that ends its goroutine does not return, nor does one in which a middleware
// further inside panics. That panic goes on.
func observe(ctx context.Context, next remuda.Handler, end func(error)) (err error) {
	told := false
	tell := func(err error) { told = true; end(err) }
	defer func() {
		if !told {
			tell(remuda.ErrGoexit)
		}
	}()
	if returned := attempt(ctx, next, &err, tell); !returned { // it has recovered from panic(nil): see GODEBUG=panicnil=1
		var broke any = new(runtime.PanicNilError)
		tell(&remuda.PanicError{Value: broke, Stack: debug.Stack()})
		panic(broke)
	}
	tell(err)
	return err
}

// attempt calls next, and tells of its panic, which goes on.
func attempt(ctx context.Context, next remuda.Handler, err *error, tell func(error)) (returned bool) {
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil {
			tell(&remuda.PanicError{Value: v, Stack: debug.Stack()})
			panic(v)
		}
	}()
	*err = next(ctx)
	return true
}

// dropped is the error.type of a run that has not come to its job.
const dropped = "dropped"

// errorType returns the value of error.type for the run info that failed with err.
// There are as many as the program has types of errors. What an error says of
// itself comes first, by the method that semconv.ErrorType knows.
func errorType(info remuda.Info, err error) (kind string) {
	defer func() {
		if recover() != nil { // a method of err has panicked: it is a nil pointer, say
			kind = reflect.TypeOf(err).String()
		}
		kind = valid(kind)
	}()
	pooled := info.Worker != 0
	var typed interface{ ErrorType() string }
	switch {
	case isPanic(err):
		return "panic"
	case pooled && !info.Entered() && !errors.Is(err, remuda.ErrGoexit):
		return dropped
	case errors.As(err, &typed):
	case errors.Is(err, remuda.ErrGoexit):
		return "goexit"
	case errors.Is(err, context.DeadlineExceeded):
		return "context.DeadlineExceeded"
	case errors.Is(err, context.Canceled):
		return "context.Canceled"
	}
	return semconv.ErrorType(err).Value.AsString()
}

func isPanic(err error) bool {
	_, ok := errors.AsType[*remuda.PanicError](err)
	return ok
}

// stackOf returns the stack of the panic that err is or wraps, if it is one.
func stackOf(err error) (stack string) {
	defer func() { _ = recover() }()
	if panicked, ok := errors.AsType[*remuda.PanicError](err); ok && panicked != nil {
		return valid(string(panicked.Stack))
	}
	return ""
}

// message returns what err says, and that it cannot say anything if its method
// panics: middleware that watches a run must not change its outcome.
func message(err error) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprintf("%T: its Error method panics", err)
		}
		text = valid(text)
	}()
	return err.Error()
}

// valid makes s what OpenTelemetry takes: exporters drop all that they are about
// to send because of one string that is not UTF-8.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
