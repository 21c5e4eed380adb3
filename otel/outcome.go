package remudaotel

import (
	"context"
	"errors"
	"runtime/debug"

	"github.com/remuda-go/remuda"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// scope is the name of the instrumentation scope of spans and metrics.
const scope = "github.com/remuda-go/remuda/otel"

const (
	poolKey    = attribute.Key("remuda.pool")
	workerKey  = attribute.Key("remuda.worker")
	jobKey     = attribute.Key("remuda.job")
	attemptKey = attribute.Key("remuda.attempt")
)

// observe calls next, and then end with its outcome, however next ended: a run
// that ends its goroutine does not return, nor does one in which a middleware
// further inside panics. That panic goes on.
func observe(ctx context.Context, next remuda.Handler, end func(error)) error {
	returned := false
	defer func() {
		if returned {
			return
		}
		v := recover()
		if v == nil {
			end(remuda.ErrGoexit)
			return
		}
		end(&remuda.PanicError{Value: v, Stack: debug.Stack()})
		panic(v)
	}()
	err := next(ctx)
	returned = true
	end(err)
	return err
}

// errorType returns the value of error.type for a run that failed with err.
// There are as many as the program has types of errors. What an error says of
// itself comes first, by the method that semconv.ErrorType knows.
func errorType(err error) string {
	var panicked *remuda.PanicError
	var typed interface{ ErrorType() string }
	switch {
	case errors.As(err, &panicked):
		return "panic"
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
