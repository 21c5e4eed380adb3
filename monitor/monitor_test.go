package monitor_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
	"github.com/remuda-go/remuda/monitor"
)

// faulty is an error whose text can't be had.
type faulty struct{}

func (*faulty) Error() string { panic("no text") }

// Each run that fails is told of with its error, and what kind of failure it was; its
// input is not.
func TestFailures(t *testing.T) {
	m := monitor.New()
	refuse := remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
		return func(ctx context.Context) error {
			if info, _ := remuda.InfoFrom(ctx); info.Input() == 3 {
				return errors.New("no token left")
			}
			return next(ctx)
		}
	})
	pool := start(t, "orders", func(_ context.Context, n int) (int, error) {
		switch n {
		case 1:
			return 0, errors.New("connection refused" + strings.Repeat(".", 1000))
		case 2:
			panic("out of range")
		case 5:
			runtime.Goexit()
		}
		return n, nil
	}, m, middleware.Retry(2), refuse)
	for n := range 6 {
		ticket, err := pool.Submit(t.Context(), n)
		require.NoError(t, err)
		_, _ = ticket.Wait(t.Context())
	}
	s := stateOf(t, m.Handler(pool))
	require.Len(t, s.Failures, 4)
	for i, want := range []struct{ outcome, text string }{
		{"failed", "ended"}, {"refused", "no token left"}, {"panicked", "out of range"}, {"failed", "connection refused"},
	} {
		f := s.Failures[i]
		assert.Equal(t, "orders", f.Pool)
		assert.Equal(t, want.outcome, f.Outcome, f.Text)
		assert.Contains(t, f.Text, want.text)
		assert.LessOrEqual(t, len(f.Text), 503)
		assert.Positive(t, f.Worker)
	}
	assert.Equal(t, 3, s.Failures[3].Attempt)
	p := s.Pools[0]
	assert.Equal(t, []uint64{6, 2, 3, 1}, []uint64{p.Accepted, p.Succeeded, p.Failed, p.Dropped})
}

// An error whose text can't be had costs its own line.
func TestAnErrorThatPanics(t *testing.T) {
	m := monitor.New()
	pool := start(t, "orders", func(context.Context, int) (int, error) { return 0, &faulty{} }, m)
	_, err := pool.Do(t.Context(), 1)
	require.Error(t, err)
	s := stateOf(t, m.Handler(pool))
	require.Len(t, s.Failures, 1)
	assert.Contains(t, s.Failures[0].Text, "could not be read")
}

// A pool that fails all the time is not slowed down by the texts of its errors, and does
// not push out what failed in others.
func TestAFloodOfFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := monitor.New()
		fails := func(context.Context, int) (int, error) { return 0, errors.New("oh") }
		few, many := start(t, "few", fails, m), start(t, "many", fails, m)
		_, _ = few.Do(t.Context(), 1)
		time.Sleep(time.Second)
		for range 1000 {
			_, _ = many.Do(t.Context(), 1)
		}
		s := stateOf(t, m.Handler(few, many))
		require.Len(t, s.Failures, 21)
		assert.Equal(t, uint64(980), s.Unkept)
		assert.Equal(t, "few", s.Failures[20].Pool, "the oldest comes last")
		time.Sleep(2 * time.Second)
		for range 1000 {
			_, _ = many.Do(t.Context(), 1)
		}
		assert.Equal(t, uint64(1960), stateOf(t, m.Handler(many)).Unkept)
	})
}

// Pools are shown in their order, with or without the middleware, with or without a name.
func TestPools(t *testing.T) {
	m := monitor.New()
	double := func(_ context.Context, n int) (int, error) { return 2 * n, nil }
	with, without, nameless := start(t, "with", double, m), start(t, "without", double), start(t, "", double)
	var zero remuda.Pool[int, int]
	other := monitor.Named("herd", func() remuda.Stats { return remuda.Stats{Workers: 7} })
	_, err := with.Do(t.Context(), 1)
	require.NoError(t, err)
	s := stateOf(t, m.Handler(with, without, nameless, &zero, other))
	var names []string
	for _, p := range s.Pools {
		names = append(names, p.Name)
		assert.Nil(t, p.Rate, "there is one sample")
	}
	assert.Equal(t, []string{"with", "without", "pool 3, without a name", "pool 4, without a name", "herd"}, names)
	assert.Equal(t, uint64(1), s.Pools[0].Succeeded)
	assert.Equal(t, 7, s.Pools[4].Workers)
	assert.Empty(t, stateOf(t, m.Handler()).Pools)
}

// Workers that are busy are told from inputs that run, which are more in a pool of batches.
func TestBusyWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool, err := remuda.StartBatches(3, 10, time.Second, func(_ context.Context, ns []int) ([]int, error) {
			time.Sleep(time.Minute)
			return ns, nil
		})
		require.NoError(t, err)
		for n := range 15 {
			require.NoError(t, pool.Send(t.Context(), n))
		}
		time.Sleep(2 * time.Second)
		s := stateOf(t, monitor.New().Handler(pool))
		assert.Equal(t, []int{3, 2, 15, 0}, []int{s.Pools[0].Workers, s.Pools[0].Busy, s.Pools[0].Running, s.Pools[0].Queued})
		require.NoError(t, pool.Close(t.Context()))
	})
}

func TestANilPoolIsRefused(t *testing.T) {
	m := monitor.New()
	var none *remuda.Pool[int, int]
	for _, p := range []monitor.Pool{nil, none, monitor.Named("x", nil)} {
		assert.PanicsWithValue(t, "remuda: monitor: pool 2 is nil", func() { m.Handler(&remuda.Pool[int, int]{}, p) })
	}
}

// A run that does not fail costs no allocation.
func TestNoAllocations(t *testing.T) {
	pool := start(t, "p", func(_ context.Context, n int) (int, error) { return n, nil }, monitor.New())
	ctx := context.Background()
	assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = pool.Do(ctx, 1) }))
}

func BenchmarkRun(b *testing.B) {
	for name, mw := range map[string][]remuda.Middleware{"alone": nil, "metrics": {&middleware.Metrics{}}, "monitor": {monitor.New()}} {
		for _, fails := range []error{nil, errors.New("oh")} {
			b.Run(fmt.Sprintf("%s/fails=%t", name, fails != nil), func(b *testing.B) {
				pool := start(b, "p", func(_ context.Context, n int) (int, error) { return n, fails }, mw...)
				b.ReportAllocs()
				for b.Loop() {
					_, _ = pool.Do(context.Background(), 1)
				}
			})
		}
	}
}
