package middleware_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

// records is a JSON log that is read line by line.
type records struct{ bytes.Buffer }

func (r *records) logger(level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(r, &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
}

// next returns the next record, and nil if there is none.
func (r *records) next(t *testing.T) map[string]any {
	t.Helper()
	line, err := r.ReadBytes('\n')
	if err != nil {
		return nil
	}
	var got map[string]any
	require.NoError(t, json.Unmarshal(line, &got))
	return got
}

func TestLoggerAttributes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log records
		pool := startWith(t, remuda.Config{Name: "orders"}, middleware.Logger(log.logger(slog.LevelDebug)))
		require.NoError(t, pool.Send(t.Context(), lasting(time.Second, succeed)))
		require.NoError(t, pool.Send(t.Context(), lasting(2*time.Second, fail)))
		require.NoError(t, pool.Close(t.Context()))
		require.Equal(t, map[string]any{
			"level": "DEBUG", "msg": "job succeeded",
			"pool": "orders", "worker": 1.0, "run": 1.0, "attempt": 1.0,
			"queued": 0.0, "duration": 1e9,
		}, log.next(t))
		require.Equal(t, map[string]any{
			"level": "ERROR", "msg": "job failed",
			"pool": "orders", "worker": 1.0, "run": 2.0, "attempt": 1.0,
			"queued": 1e9, "duration": 2e9, "err": "job failed",
		}, log.next(t))
		require.Nil(t, log.next(t))
	})
}

func TestLoggerLogsEveryEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log records
		pool := start(t, middleware.Logger(log.logger(slog.LevelInfo)))
		cases := []struct {
			do  task
			err string // in the log; none for no record
		}{
			{succeed, ""},
			{fail, "job failed"},
			{panics, "remuda: tasks: job panicked: on purpose (middleware_test.panics"},
			{exits, "remuda: run ended its goroutine or panicked in middleware"},
			{succeed, ""},
		}
		for _, c := range cases {
			_ = run(pool, c.do)
			if r := log.next(t); c.err == "" {
				require.Nil(t, r, "debug is below info")
			} else {
				require.Contains(t, r["err"], c.err)
				require.Equal(t, "ERROR", r["level"])
			}
		}
	})
}

func TestLoggerLogsTheStackOfAPanic(t *testing.T) {
	var log records
	pool := start(t, middleware.Logger(log.logger(slog.LevelInfo)))
	wrapsPanic := func(context.Context) error {
		return fmt.Errorf("wrapped: %w", &remuda.PanicError{Value: 1, Stack: []byte("far away")})
	}
	require.Error(t, run(pool, panics))
	require.Error(t, run(pool, wrapsPanic))
	require.Error(t, run(pool, fail))
	require.Contains(t, log.next(t)["stack"], "middleware_test.panics(")
	require.Equal(t, "far away", log.next(t)["stack"])
	require.NotContains(t, log.next(t), "stack")
}

func TestLoggerLevels(t *testing.T) {
	var log records
	pool := start(t, middleware.Logger(log.logger(slog.LevelInfo), middleware.Levels(slog.LevelInfo, slog.LevelWarn)))
	require.NoError(t, run(pool, succeed))
	require.Error(t, run(pool, fail))
	require.Equal(t, "INFO", log.next(t)["level"])
	require.Equal(t, "WARN", log.next(t)["level"])
}

func TestLoggerTellsTheAttempt(t *testing.T) {
	var log records
	l := log.logger(slog.LevelDebug)
	pool := start(t, middleware.Logger(l), middleware.Retry(2), middleware.Logger(l))
	require.Error(t, run(pool, fail))
	for _, attempt := range []float64{1, 2, 3, 3} { // inside of Retry, and at last outside
		require.Equal(t, attempt, log.next(t)["attempt"])
	}
	require.Nil(t, log.next(t))
}

func TestLoggerOutsideOfAPool(t *testing.T) {
	var log records
	h := middleware.Logger(log.logger(slog.LevelDebug)).Wrap(fail)
	require.ErrorIs(t, h(t.Context()), errJob)
	r := log.next(t)
	require.NotContains(t, r, "pool")
	require.Contains(t, r, "duration")
	require.Equal(t, "job failed", r["err"])
}

// What a job works on is none of the log's business.
func TestLoggerNeverLogsThePayload(t *testing.T) {
	const secret = "4111 1111 1111 1111"
	var log records
	pool := remuda.New[string, string](middleware.Logger(log.logger(slog.LevelDebug - 4)))
	require.NoError(t, pool.Start(remuda.Func(func(_ context.Context, in string) (string, error) {
		return in, errors.New("declined")
	})))
	_, err := pool.Do(t.Context(), secret)
	require.Error(t, err)
	require.NoError(t, pool.Close(t.Context()))
	require.NotZero(t, log.Len())
	require.NotContains(t, log.String(), secret)
}

func TestLoggerWithoutALog(t *testing.T) {
	pool := start(t, middleware.Logger(nil))
	require.NoError(t, run(pool, succeed))
	require.ErrorIs(t, run(pool, fail), errJob)
}

// The handler gets the run's context, which may carry a trace.
func TestLoggerHandsTheContextOn(t *testing.T) {
	type key struct{}
	var got any
	h := handler{func(ctx context.Context) { got = ctx.Value(key{}) }}
	run := middleware.Logger(slog.New(h)).Wrap(succeed)
	require.NoError(t, run(context.WithValue(t.Context(), key{}, "trace")))
	require.Equal(t, "trace", got)
}

type handler struct{ handle func(context.Context) }

func (h handler) Enabled(context.Context, slog.Level) bool { return true }
func (h handler) WithAttrs([]slog.Attr) slog.Handler       { return h }
func (h handler) WithGroup(string) slog.Handler            { return h }
func (h handler) Handle(ctx context.Context, _ slog.Record) error {
	h.handle(ctx)
	return nil
}

// Attrs adds what the user wants of the run's context, for runs that are logged, last.
func TestLoggerAttrs(t *testing.T) {
	type requestID struct{}
	var log records
	calls := 0
	attrs := func(ctx context.Context) []slog.Attr {
		calls++
		id, _ := ctx.Value(requestID{}).(string)
		return []slog.Attr{slog.String("request", id)}
	}
	pool := start(t, middleware.Logger(log.logger(slog.LevelInfo), middleware.Attrs(attrs)))
	ctx := context.WithValue(t.Context(), requestID{}, "r-17")
	_, err := pool.Do(ctx, fail)
	require.Error(t, err)
	require.Equal(t, "r-17", log.next(t)["request"])
	_, err = pool.Do(ctx, succeed)
	require.NoError(t, err)
	require.Nil(t, log.next(t), "debug is below info")
	require.Equal(t, 1, calls, "only for what is logged")

	pool = start(t, middleware.Logger(log.logger(slog.LevelDebug), middleware.Attrs(nil)))
	require.NoError(t, run(pool, succeed))
	require.NotNil(t, log.next(t))

	pool = start(t, middleware.Logger(log.logger(slog.LevelDebug), middleware.Attrs(func(context.Context) []slog.Attr { panic("no attributes") })))
	require.ErrorContains(t, run(pool, succeed), "no attributes", "it costs its own run")
}
