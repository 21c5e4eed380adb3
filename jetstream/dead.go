package remudajetstream

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

// OnDead calls f for each message that is not delivered again although its run has
// not succeeded: the error is final, or this was the last delivery that the
// consumer's MaxDeliver allows, whether the run failed or the pool cancelled it. F
// gets the error of the run. It can keep the message, by publishing it to another
// subject, say:
//
//	remudajetstream.New[Receipt](consumer, cfg, remudajetstream.OnDead(
//		func(ctx context.Context, msg jetstream.Msg, err error) error {
//			_, err = js.Publish(ctx, "dead."+msg.Subject(), msg.Data())
//			return err
//		}), middleware.Logger(log), middleware.Retry(2))
//
// Give it to [New], before a middleware that retries: it sees what comes out of
// all that is after it. F is called on the worker, before the message is settled,
// with a context that has the run's values and does not end. It must be safe for
// concurrent use.
//
// When f returns an error, panics or ends its goroutine, the message is delivered
// again if it can be, so that f has another chance; the run's error tells of both.
//
// F is not called for the message of a process that has died or lost its server
// during the last delivery, nor for one that the server sent to a worker that ended
// at the same moment. The server announces those by an advisory,
// $JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES, and keeps the message in the stream.
//
// A nil f is ignored.
func OnDead(f func(ctx context.Context, msg jetstream.Msg, err error) error) remuda.Middleware {
	return remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
		if f == nil {
			return next
		}
		return func(ctx context.Context) error {
			returned := false
			defer func() {
				if !returned && isLast(ctx) {
					_ = bury(ctx, f, errNotReturned) // what ended the run goes on
				}
			}()
			err := next(ctx)
			returned = true
			if err == nil || !isLast(ctx) && (ctx.Err() != nil || !isFinal(err)) {
				return err
			}
			return bury(ctx, f, err)
		}
	})
}

// errNotReturned stands for the error of a run that did not return.
var errNotReturned = errors.New("remudajetstream: run ended its goroutine or panicked in middleware")

// bury calls f, and returns the error of the run: err, with what f returned. If
// that leaves the message to be told of again, it is not final.
func bury(ctx context.Context, f func(context.Context, jetstream.Msg, error) error, err error) error {
	msg, ok := MessageFrom(ctx)
	if !ok {
		return err
	}
	failed := f(context.WithoutCancel(ctx), msg, err)
	switch {
	case failed == nil:
		return err
	case isLast(ctx):
		return errors.Join(err, fmt.Errorf("remudajetstream: OnDead: %w", failed))
	default:
		return fmt.Errorf("remudajetstream: OnDead: %w (the run: %v)", failed, err) //nolint:errorlint // not %w: err is final
	}
}

// isFinal reports whether err says that another delivery would be of no use.
func isFinal(err error) bool {
	return errors.Is(err, middleware.ErrNotRetryable) || errors.Is(err, remuda.ErrInvalidInput)
}

type lastKey struct{}

// withLast marks the context of the last delivery of a message.
func withLast(ctx context.Context) context.Context {
	return context.WithValue(ctx, lastKey{}, true)
}

func isLast(ctx context.Context) bool { return ctx.Value(lastKey{}) != nil }
