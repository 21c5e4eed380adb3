package middleware

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/internal/safeerr"
)

// A LoggerOption changes what [Logger] does.
type LoggerOption func(*logger)

// Levels sets the levels of runs that succeed and of runs that fail. The
// default is [slog.LevelDebug] and [slog.LevelError].
func Levels(success, failure slog.Level) LoggerOption {
	return func(l *logger) { l.success, l.failure = success, failure }
}

// Attrs adds to each record what f returns for the context of the run: an identifier
// of the request, say, or a field of the input, which [remuda.InfoFrom] has. Logger
// calls f only for runs whose level is enabled, on the goroutine of the run, and
// must be safe for concurrent use. A nil f adds nothing.
func Attrs(f func(ctx context.Context) []slog.Attr) LoggerOption {
	return func(l *logger) { l.attrs = f }
}

// Logger logs each run when it has ended. A nil log discards everything, at no
// cost.
//
// The attributes are duration and, inside of a pool, pool, worker, run (which is the
// number of the run on that worker), attempt and queued; a run that failed, or was
// dropped since a middleware further inside refused it, also has err, and one that
// failed with a [*remuda.PanicError] the panic's stack. Input and output are not
// logged, except for what an error or a stack says of them; [Attrs] adds what you
// want. The context goes to the handler, which may find more in it.
//
// If the log's handler, or the function of Attrs, panics, the run that it logs fails
// with a [*remuda.PanicError], joined with the error of the job if it had one.
//
// It keeps no state, neither for a worker nor shared, except log. A run whose level
// is disabled costs one reading of the clock, in case it fails, and no allocation.
func Logger(log *slog.Logger, options ...LoggerOption) remuda.Middleware {
	l := &logger{log: log, success: slog.LevelDebug, failure: slog.LevelError}
	for _, set := range options {
		set(l)
	}
	return l
}

type logger struct {
	log              *slog.Logger
	success, failure slog.Level
	attrs            func(context.Context) []slog.Attr // nil for none
}

// errEnded stands for the error of a run that did not return.
var errEnded = errors.New("remuda: run ended its goroutine or panicked in middleware")

// WantsQueueTime makes a pool take the time of inputs from the first one on:
// see [remuda.Info.Queued].
func (l *logger) WantsQueueTime() bool { return l.log != nil }

func (l *logger) Wrap(next remuda.Handler) remuda.Handler {
	if l.log == nil {
		return next
	}
	base := clock{time.Now()}
	return func(ctx context.Context) error {
		begin := base.now()
		returned := false
		defer func() {
			if !returned {
				_ = l.tell(ctx, base.now()-begin, errEnded) // what ended the run matters more than what is wrong with the log
			}
		}()
		err := next(ctx)
		returned = true
		if broken := l.tell(ctx, base.now()-begin, err); broken != nil {
			return errors.Join(err, broken)
		}
		return err
	}
}

// tell logs a run that has ended with err. It returns what the log has panicked
// with.
func (l *logger) tell(ctx context.Context, took time.Duration, err error) (broken error) {
	returned := false
	defer func() {
		if !returned { // of no consequence after runtime.Goexit, since nobody gets it
			broken = &remuda.PanicError{Value: recover(), Stack: debug.Stack()}
		}
	}()
	level := l.success
	if err != nil {
		level = l.failure
	}
	if l.log.Enabled(ctx, level) {
		l.write(ctx, level, took, err)
	}
	returned = true
	return nil
}

func (l *logger) write(ctx context.Context, level slog.Level, took time.Duration, err error) {
	attrs := make([]slog.Attr, 0, 8)
	if info, ok := remuda.InfoFrom(ctx); ok {
		attrs = append(attrs,
			slog.String("pool", info.Pool),
			slog.Int("worker", info.Worker),
			slog.Uint64("run", info.Run),
			slog.Int("attempt", info.Attempt),
			slog.Duration("queued", info.Queued()),
		)
	}
	attrs = append(attrs, slog.Duration("duration", took))
	msg := "job succeeded"
	if err != nil {
		if msg = "job failed"; isDropped(ctx, err) {
			msg = "job dropped"
		}
		attrs = append(attrs, slog.Any("err", err))
		if p, ok := safeerr.AsType[*remuda.PanicError](err); ok && p != nil {
			attrs = append(attrs, slog.String("stack", string(p.Stack)))
		}
	}
	if l.attrs != nil {
		attrs = append(attrs, l.attrs(ctx)...)
	}
	l.log.LogAttrs(ctx, level, msg, attrs...)
}
