package failsafe_test

import (
	"context"
	"errors"
	"testing"

	"github.com/remuda-go/remuda"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errJob = errors.New("job failed")

// A step is what a job does with its context.
type step = func(ctx context.Context) error

// start returns a running pool of n workers whose inputs are what the job does,
// inside of mw. The pool is closed at the end of the test.
func start(t *testing.T, n int, mw ...remuda.Middleware) *remuda.Pool[step, remuda.Void] {
	t.Helper()
	pool := remuda.Must(remuda.NewWithConfig[step, remuda.Void](remuda.Config{Name: "test", Initial: n}, mw...))
	require.NoError(t, pool.Start(remuda.Func(func(ctx context.Context, do step) (remuda.Void, error) {
		return remuda.Void{}, do(ctx)
	})))
	t.Cleanup(func() { require.NoError(t, pool.Close(context.Background())) })
	return pool
}

// run runs do on the pool and returns its outcome.
func run(t *testing.T, pool *remuda.Pool[step, remuda.Void], do step) error {
	t.Helper()
	_, err := pool.Do(t.Context(), do)
	return err
}

// submit hands do to the pool without waiting for it.
func submit(t *testing.T, pool *remuda.Pool[step, remuda.Void], do step) *remuda.Ticket[remuda.Void] {
	t.Helper()
	ticket, err := pool.Submit(t.Context(), do)
	require.NoError(t, err)
	return ticket
}

// outcome waits for the ticket.
func outcome(ticket *remuda.Ticket[remuda.Void]) error {
	_, err := ticket.Wait(context.Background())
	return err
}

func succeed(context.Context) error { return nil }

func fail(context.Context) error { return errJob }
