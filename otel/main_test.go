package remudaotel_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/remuda-go/remuda"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A step is what a job does with its context.
type step = func(ctx context.Context) error

// start returns a running pool of one worker whose inputs are what the job does,
// inside of mws. The pool is closed at the end of the test.
func start(t *testing.T, name string, mws ...remuda.Middleware) *remuda.Pool[step, int] {
	t.Helper()
	pool := remuda.Must(remuda.NewWithConfig[step, int](remuda.Config{Name: name}, mws...))
	require.NoError(t, pool.Start(remuda.Func(func(ctx context.Context, do step) (int, error) {
		return 0, do(ctx)
	})))
	t.Cleanup(func() { require.NoError(t, pool.Close(context.Background())) })
	return pool
}

// run runs do on the pool's worker, not on this goroutine, and returns its
// outcome.
func run(t *testing.T, pool *remuda.Pool[step, int], ctx context.Context, do step) error {
	t.Helper()
	ticket, err := pool.Submit(ctx, do)
	require.NoError(t, err)
	_, err = ticket.Wait(context.Background())
	return err
}

func succeed(context.Context) error { return nil }

// retry runs a job up to n times, as a middleware does that retries.
func retry(n int) remuda.Middleware {
	return remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
		return func(ctx context.Context) (err error) {
			for i := range n {
				remuda.SetAttempt(ctx, i+1)
				if err = next(ctx); err == nil {
					return nil
				}
			}
			return err
		}
	})
}

// broken is a middleware that panics.
var broken = remuda.MiddlewareFunc(func(remuda.Handler) remuda.Handler {
	return func(context.Context) error { panic("middleware") }
})

var errJob = errors.New("job failed")

type typedError struct{ kind string }

func (typedError) Error() string       { return "typed" }
func (e typedError) ErrorType() string { return e.kind }

type plainError struct{}

func (*plainError) Error() string { return "plain" }

// failures are the ways in which a job can fail, with what error.type says.
func failures() map[string]struct {
	job       step
	errorType string
	message   string
} {
	fail := func(err error) step { return func(context.Context) error { return err } }
	return map[string]struct {
		job       step
		errorType string
		message   string
	}{
		"sentinel":  {fail(errJob), "*errors.errorString", "job failed"},
		"wrapped":   {fail(fmt.Errorf("charge: %w", &plainError{})), "*remudaotel_test.plainError", "charge: plain"},
		"typed":     {fail(fmt.Errorf("charge: %w", typedError{"card_declined"})), "card_declined", "charge: typed"},
		"cancelled": {fail(fmt.Errorf("charge: %w", context.Canceled)), "context.Canceled", "charge: context canceled"},
		"deadline": {
			fail(errors.Join(errJob, context.DeadlineExceeded)), "context.DeadlineExceeded",
			"job failed\ncontext deadline exceeded",
		},
		"panic": {
			func(context.Context) error { panic(typedError{"not told"}) }, "panic",
			"remuda: p: job panicked: typed (otel_test.failures.func2",
		},
		"goexit": {
			func(context.Context) error {
				runtime.Goexit()
				return nil
			}, "goexit", remuda.ErrGoexit.Error(),
		},
	}
}

func assertPanicGoesOn(t *testing.T, err error) {
	t.Helper()
	var panicked *remuda.PanicError
	require.ErrorAs(t, err, &panicked)
	assert.Equal(t, "middleware", panicked.Value)
}
