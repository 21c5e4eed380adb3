package browser_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/cmd/remuda/internal/browser"
	"github.com/remuda-go/remuda/middleware"
	"github.com/remuda-go/remuda/monitor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	soon    = 30 * time.Second
	hostile = `<img src=x onerror="document.title='owned'">`
)

// The page of package monitor, which belongs to a module that has no browser in its tests,
// shows what pools do as they do it, without a reload, and can be read.
func TestMonitor(t *testing.T) {
	t.Parallel()
	b := browser.Open(t, 4*soon)
	faults := b.Faults()
	m := monitor.New()
	hold := make(chan struct{})
	orders := pool(t, "orders", 4, func(ctx context.Context, n int) (int, error) {
		switch {
		case n < 0:
			<-hold
		case n%40 == 0:
			return 0, fmt.Errorf("charge of order %d: dial tcp 10.0.0.7:5432: connection refused", n)
		case n == 7:
			return 0, errors.New(hostile)
		case n == 8:
			panic("index out of range [3] with length 3")
		}
		return n, nil
	}, m, middleware.Retry(1))
	mails := pool(t, "mails-of-the-newsletter", 64, func(context.Context, int) (int, error) { return 0, nil }, m)
	rows, err := remuda.StartBatches(3, 10, time.Millisecond, func(_ context.Context, ns []int) ([]int, error) {
		<-hold
		return ns, nil
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, rows.Close(context.Background())) })
	mux := http.NewServeMux()
	mux.Handle("/debug/pools/", m.Handler(orders, mails, rows, pool(t, "", 1, func(context.Context, int) (int, error) { return 0, nil })))
	s := httptest.NewServer(mux)
	t.Cleanup(func() {
		close(hold)
		shutdown, cancel := context.WithTimeout(context.Background(), soon)
		defer cancel()
		assert.NoError(t, s.Config.Shutdown(shutdown), "the page holds it up")
		s.Close()
	})

	b.View(1200, 900, "light")
	b.Go(s.URL + "/debug/pools/")
	b.Until(`document.querySelector("#link").dataset.up === "true" && document.querySelectorAll("article").length === 4`)
	browser.Eval[any](b, `window.same = true`)
	b.Until(`document.querySelector("#failures-note").textContent.startsWith("Nothing")`)
	for n := range 400 {
		_, _ = orders.Do(t.Context(), n)
		_, _ = mails.Do(t.Context(), n)
	}
	for range 10 { // four run, six wait
		require.NoError(t, orders.Send(t.Context(), -1))
	}
	for n := range 15 {
		require.NoError(t, rows.Send(t.Context(), n))
	}
	b.Until(`(([, , r]) => r.textContent.includes("2 of 3") && r.textContent.includes("Inputs that run in batches: 15."))(document.querySelectorAll("article"))`)
	b.Until(`(([o]) => o.textContent.includes("4 of 4") && o.querySelector("[data-part=queued]").textContent === "6" && o.querySelector("[data-part=run99]").textContent.endsWith("s"))(document.querySelectorAll("article"))`)
	b.Until(`document.querySelector("[data-part=failed]").textContent !== "0" && document.querySelector("[data-part=chart-queued] .bars").getAttribute("d")`)
	b.Until(`["connection refused", "<img src=x", "index out of range", "panicked"].every((text) => document.querySelector("#failures tbody").textContent.includes(text))`)
	assert.Equal(t, 0, browser.Eval[int](b, `document.querySelectorAll("img").length`))
	assert.Equal(t, "Pools", browser.Eval[string](b, `document.title`))

	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{320, 480, 768, 1600} {
			where := fmt.Sprintf("%s, %d pixels", scheme, width)
			b.View(width, 900, scheme)
			assert.Empty(t, b.Look(), where)
			unnamed, named := b.Unnamed()
			assert.Empty(t, unnamed, where)
			assert.Greater(t, named, 10)
			if dir := os.Getenv("REMUDA_SCREENSHOTS"); dir != "" {
				require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("monitor-%d-%s.png", width, scheme)), b.Shot(true), 0o600))
			}
		}
	}

	s.CloseClientConnections()
	b.Until(`document.querySelector("#link").dataset.up === "false"`)
	b.Until(`document.querySelector("#link").dataset.up === "true"`)
	assert.True(t, browser.Eval[bool](b, `window.same`), "the page was loaded again")
	assert.Empty(t, faults())
}

func pool(t *testing.T, name string, workers int, f func(context.Context, int) (int, error), mws ...remuda.Middleware) *remuda.Pool[int, int] {
	t.Helper()
	p, err := remuda.StartWithConfig(remuda.Config{Name: name, Initial: workers, Queue: 100}, f, mws...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close(context.Background())) })
	return p
}
