package remudaprom_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/herdhttp"
	remudaprom "github.com/remuda-go/remuda/prometheus"
)

const herdMetrics = `# HELP gofherd_failure_total Units that failed.
# TYPE gofherd_failure_total counter
gofherd_failure_total 1
# HELP gofherd_retry_total Times that a unit was sent back to be tried again.
# TYPE gofherd_retry_total counter
gofherd_retry_total 2
# HELP gofherd_success_total Units that succeeded.
# TYPE gofherd_success_total counter
gofherd_success_total 3
`

// work runs a herd that succeeds with three units and fails with one, which it
// tries three times. The herd is closed with the test.
func work(t *testing.T) *remuda.Herd[bool, remuda.Void] {
	t.Helper()
	herd := remuda.NewHerd(func(w *remuda.Work[bool, remuda.Void]) remuda.Status {
		if w.Body {
			return remuda.Success
		}
		return remuda.Retry
	})
	herd.SetHerdSize(2)
	require.NoError(t, herd.SetMaxRetries(2))
	require.NoError(t, herd.Start())
	t.Cleanup(func() { _ = herd.Close(t.Context()) })
	for _, good := range []bool{true, true, false, true} {
		require.NoError(t, herd.SendWork(remuda.Work[bool, remuda.Void]{Body: good}))
	}
	herd.CloseInputChan()
	for range herd.OutputChan() {
	}
	return herd
}

func TestHerdMetrics(t *testing.T) {
	herd := work(t)
	reg := prometheus.NewPedanticRegistry()
	c, err := remudaprom.RegisterHerd(reg, herd.Stats)
	require.NoError(t, err)
	requireMetrics(t, reg, herdMetrics)

	_, err = remudaprom.RegisterHerd(reg, herd.Stats)
	var taken prometheus.AlreadyRegisteredError
	require.ErrorAs(t, err, &taken)
	require.True(t, reg.Unregister(c))

	reg = prometheus.NewPedanticRegistry()
	for _, name := range []string{"north", "south"} {
		_, err = remudaprom.RegisterHerd(prometheus.WrapRegistererWith(prometheus.Labels{"herd": name}, reg), herd.Stats)
		require.NoError(t, err)
	}
}

// The herd serves its metrics beside its controls.
func TestHerdHandler(t *testing.T) {
	herd := work(t)
	server := httptest.NewServer(herdhttp.Handler(herd, herdhttp.WithMetrics(remudaprom.HerdHandler(herd.Stats))))
	defer server.Close()
	resp, err := server.Client().Get(server.URL + "/metrics")
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Contains(t, resp.Header.Get("Content-Type"), "text/plain")
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, herdMetrics, string(body))
}

func TestHerdHandlerOfNothing(t *testing.T) {
	require.PanicsWithError(t, "remudaprom: stats is nil", func() { remudaprom.HerdHandler(nil) })
}

// The herd's pool is a pool like others.
func TestHerdPool(t *testing.T) {
	herd := work(t)
	reg := prometheus.NewRegistry()
	_, err := remudaprom.Register(reg, "herd", func() remuda.Stats { return herd.Stats().Pool }, nil)
	require.NoError(t, err)
	families, err := reg.Gather()
	require.NoError(t, err)
	require.NotEmpty(t, families)
}
