package webhook_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/remuda-go/remuda/cmd/remuda/internal/webhook"
	"github.com/remuda-go/remuda/middleware"
	"github.com/remuda-go/remuda/tasks"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// call calls a hook whose server answers with f.
func call(t *testing.T, f http.HandlerFunc) ([]byte, error) {
	t.Helper()
	srv := httptest.NewServer(f)
	defer srv.Close()
	h := &webhook.Hook{URL: srv.URL + "/hook?secret=1", Headers: map[string]string{"X-Ours": "yes"}, Output: 100, Client: webhook.NewClient()}
	defer h.Client.CloseIdleConnections()
	return h.Do(t.Context(), []byte(`{"a":1}`))
}

func TestTheAnswerIsTheResult(t *testing.T) {
	t.Parallel()
	out, err := call(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = io.WriteString(w, r.Method+" "+r.Header.Get("X-Ours")+" "+string(body))
	})
	require.NoError(t, err)
	assert.Equal(t, `POST yes {"a":1}`, string(out))
}

// What is worth another attempt, and what is final.
func TestStatuses(t *testing.T) {
	t.Parallel()
	for status, final := range map[int]bool{
		408: false, 425: false, 429: false, 500: false, 502: false, 503: false, 504: false,
		400: true, 401: true, 403: true, 404: true, 409: true, 410: true, 422: true, 302: true, 304: true,
	} {
		_, err := call(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
			if status != http.StatusNotModified {
				_, _ = io.WriteString(w, "because")
			}
		})
		require.ErrorContains(t, err, http.StatusText(status))
		assert.Equal(t, final, errors.Is(err, middleware.ErrNotRetryable), "%d: %v", status, err)
	}
}

func TestAnAnswerThatIsTooLarge(t *testing.T) {
	t.Parallel()
	_, err := call(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 101)) })
	assert.ErrorIs(t, err, tasks.ErrTooLarge)
}

// Nobody there is worth another attempt, and the reason does not tell the URL, which
// may have a secret in it.
func TestNobodyThere(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	h := &webhook.Hook{URL: srv.URL + "/?secret=1", Output: 1, Client: webhook.NewClient()}
	_, err := h.Do(context.Background(), nil)
	require.Error(t, err)
	assert.NotErrorIs(t, err, middleware.ErrNotRetryable)
	assert.NotContains(t, err.Error(), "secret")
}
