package api_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/remuda-go/remuda/cmd/remuda/internal/api"
	"github.com/remuda-go/remuda/cmd/remuda/internal/service"
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/embedded"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "a token of some length"

var job = tasks.Define[[]byte, []byte]("job", tasks.Codec(tasks.Raw))

func store(t testing.TB) *tasks.Client {
	t.Helper()
	c, err := embedded.Open(context.Background(), "", embedded.RelaxedSync())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func options(c *tasks.Client) *service.Service {
	return &service.Service{Client: c, Body: 1000, Kind: func(name string) (service.KindOf, bool) { return job, name == "job" }}
}

type request struct {
	method, target, body string
	header               map[string]string
	ctx                  context.Context // of one that has an end
}

func newRequest(r request) *http.Request {
	req := httptest.NewRequest(r.method, r.target, strings.NewReader(r.body))
	req.Host = "localhost:8055"
	for name, value := range r.header {
		if name == "Host" {
			req.Host = value
		}
		req.Header.Set(name, value)
	}
	if r.ctx != nil {
		req = req.WithContext(r.ctx)
	}
	return req
}

func ask(h http.Handler, r request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, newRequest(r))
	return w
}

func TestPushAndRead(t *testing.T) {
	t.Parallel()
	c := store(t)
	h := api.New(options(c))
	w := ask(h, request{method: "POST", target: "/v1/tasks/job?id=one", body: `{"a":1}`})
	assert.Equal(t, http.StatusCreated, w.Code)
	assert.JSONEq(t, `{"id":"job.one"}`, w.Body.String())
	assert.Equal(t, "/v1/tasks/job.one", w.Header().Get("Location"))
	w = ask(h, request{method: "GET", target: "/v1/tasks/job.one?wait=1ms"})
	assert.Equal(t, http.StatusOK, w.Code)
	assert.Contains(t, w.Body.String(), `"state":"waiting"`)
	w = ask(h, request{method: "POST", target: "/v1/tasks/job", body: "x", header: map[string]string{"Idempotency-Key": "one"}})
	assert.Equal(t, http.StatusCreated, w.Code, "the same task")

	worker := tasks.NewWorker(c)
	_, err := job.Handle(worker, echo{}, noConfig)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- worker.Run(ctx) }()
	w = ask(h, request{method: "GET", target: "/v1/tasks/job.one?wait=20s"})
	assert.Contains(t, w.Body.String(), `"output":{"a":1}`)
	w = ask(h, request{method: "GET", target: "/v1/tasks/job.one/output"})
	assert.Equal(t, `{"a":1}`, w.Body.String())
	cancel()
	require.NoError(t, <-ended)
}

// Each wrong request is told what is wrong, in JSON.
func TestProblems(t *testing.T) {
	t.Parallel()
	h := api.New(options(store(t)))
	for _, test := range []struct {
		method, target, body string
		status               int
		code                 string
	}{
		{"POST", "/v1/tasks/other", "", 404, service.CodeNotFound},
		{"POST", "/v1/tasks/job?colour=red", "", 400, service.CodeInvalid},
		{"POST", "/v1/tasks/job?id=a&id=b", "", 400, service.CodeInvalid},
		{"POST", "/v1/tasks/job?after=x", "", 400, service.CodeInvalid},
		{"POST", "/v1/tasks/job?after=-1s", "", 400, service.CodeInvalid},
		{"POST", "/v1/tasks/job?at=noon", "", 400, service.CodeInvalid},
		{"POST", "/v1/tasks/job?id=" + strings.Repeat("x", 300), "", 400, service.CodeInvalid},
		{"POST", "/v1/tasks/job", strings.Repeat("x", 1001), 413, service.CodeTooLarge},
		{"GET", "/v1/tasks/job.none", "", 404, service.CodeNotFound},
		{"GET", "/v1/tasks/other.none", "", 404, service.CodeNotFound},
		{"GET", "/v1/tasks/job", "", 400, service.CodeInvalid},
		{"GET", "/v1/tasks/job.none?wait=1h", "", 400, service.CodeInvalid},
		{"GET", "/v1/tasks?kind=other", "", 404, service.CodeNotFound},
		{"GET", "/v1/tasks?state=odd", "", 400, service.CodeInvalid},
		{"GET", "/v1/tasks?reason=(", "", 400, service.CodeInvalid},
		{"GET", "/v1/events?kind=other", "", 404, service.CodeNotFound},
		{"DELETE", "/v1/tasks/job.none", "", 403, service.CodeDenied},
		{"POST", "/v1/tasks/job.none/cancel", "", 403, service.CodeDenied},
		{"POST", "/v1/kinds/job/pause", "", 403, service.CodeDenied},
		{"PUT", "/v1/cron/job/x", "{}", 403, service.CodeDenied},
		{"GET", "/elsewhere", "", 404, service.CodeNotFound},
	} {
		w := ask(h, request{method: test.method, target: test.target, body: test.body})
		assert.Equal(t, test.status, w.Code, "%s %s: %s", test.method, test.target, w.Body)
		var p service.Problem
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p), w.Body)
		assert.Equal(t, test.code, p.Code, test.target)
		assert.NotEmpty(t, p.Text)
	}
}

func TestGuard(t *testing.T) {
	t.Parallel()
	let := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "in") })
	open, locked := api.Guard(let, api.Lock{Rate: 1000}), api.Guard(let, api.Lock{Token: token, Rate: 1000})
	bearer := map[string]string{"Authorization": "Bearer " + token}
	for name, test := range map[string]struct {
		h      http.Handler
		method string
		header map[string]string
		status int
	}{
		"loopback":                   {open, "POST", nil, 200},
		"loopback by number":         {open, "POST", map[string]string{"Host": "[::1]:80"}, 200},
		"a name that leads here":     {open, "GET", map[string]string{"Host": "evil.example"}, 403},
		"a page of another origin":   {open, "POST", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		"an older browser":           {open, "POST", map[string]string{"Origin": "http://evil.example"}, 403},
		"the token":                  {locked, "POST", bearer, 200},
		"no token":                   {locked, "GET", nil, 401},
		"a wrong token":              {locked, "GET", map[string]string{"Authorization": "Bearer x"}, 401},
		"an empty token":             {locked, "GET", map[string]string{"Authorization": "Bearer "}, 401},
		"the token in another place": {locked, "GET", map[string]string{"Authorization": "Basic " + token}, 401},
	} {
		w := ask(test.h, request{method: test.method, target: "/", header: test.header})
		assert.Equal(t, test.status, w.Code, name)
	}
	few := api.Guard(let, api.Lock{Rate: 1})
	assert.Equal(t, 200, ask(few, request{method: "GET", target: "/"}).Code)
	w := ask(few, request{method: "GET", target: "/"})
	assert.Equal(t, 429, w.Code)
	assert.Equal(t, "1", w.Header().Get("Retry-After"))
}

// A token that others can read is none, nor is one that can be guessed.
func TestReadToken(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte(token+"\n"), 0o600))
	got, err := api.ReadToken(file)
	require.NoError(t, err)
	assert.Equal(t, token, got)
	require.NoError(t, os.Chmod(file, 0o644))
	_, err = api.ReadToken(file)
	require.ErrorContains(t, err, "chmod 600")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.NoError(t, os.Chmod(file, 0o600))
	_, err = api.ReadToken(file)
	require.ErrorContains(t, err, "less than 16")
}
