package monitor_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/remuda-go/remuda"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// soon bounds what has to come, and is never waited for in a test that passes.
const soon = 20 * time.Second

// A state is what the page is told.
type state struct {
	Pools []struct {
		Name                                           string
		Workers, Busy, Running, Queued                 int
		Accepted, Succeeded, Failed, Panicked, Dropped uint64
		Rate                                           *float64
		FailRate                                       *float64 `json:"fail_rate"`
		Run, Wait                                      *struct{ P50, P99 float64 }
	}
	Failures []struct {
		Pool, Outcome, Text string
		Worker, Attempt     int
	}
	Unkept uint64
}

// get asks as a program on this machine does.
func get(t testing.TB, h http.Handler, target string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, request(t, "GET", target))
	return w
}

func request(t testing.TB, method, target string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(arrived(t.Context(), "127.0.0.1"), method, "http://localhost:6060"+target, nil)
	return r
}

// arrived is the context of a request that came in at an address.
func arrived(ctx context.Context, ip string) context.Context {
	return context.WithValue(ctx, http.LocalAddrContextKey, &net.TCPAddr{IP: net.ParseIP(ip), Port: 6060})
}

func stateOf(t testing.TB, h http.Handler) (s state) {
	t.Helper()
	w := get(t, h, "/debug/pools/state")
	require.Equal(t, http.StatusOK, w.Code)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &s))
	return s
}

// start starts a pool of one worker with the name.
func start(t testing.TB, name string, f func(context.Context, int) (int, error), mws ...remuda.Middleware) *remuda.Pool[int, int] {
	t.Helper()
	pool, err := remuda.StartWithConfig(remuda.Config{Name: name}, f, mws...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close(context.Background())) })
	return pool
}
