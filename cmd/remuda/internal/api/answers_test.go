package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/cmd/remuda/internal/api"
	"github.com/remuda-go/remuda/cmd/remuda/internal/service"
	"github.com/remuda-go/remuda/tasks"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// every is one good request for each operation.
var every = []request{
	{method: "POST", target: "/v1/tasks/job", body: "x"},
	{method: "GET", target: "/v1/tasks"},
	{method: "GET", target: "/v1/tasks/job.one"},
	{method: "GET", target: "/v1/tasks/job.one/output"},
	{method: "POST", target: "/v1/tasks/job.one/cancel"},
	{method: "POST", target: "/v1/tasks/job.one/redrive"},
	{method: "DELETE", target: "/v1/tasks/job.one"},
	{method: "GET", target: "/v1/kinds"},
	{method: "POST", target: "/v1/kinds/job/pause"},
	{method: "POST", target: "/v1/kinds/job/resume"},
	{method: "POST", target: "/v1/kinds/job/resize?workers=1"},
	{method: "GET", target: "/v1/cron"},
	{method: "PUT", target: "/v1/cron/job/x", body: `{"spec":"@daily"}`},
	{method: "DELETE", target: "/v1/cron/job/x"},
	{method: "GET", target: "/v1/events"},
	{method: "GET", target: "/v1/health"},
	{method: "GET", target: "/v1/openapi.yaml"},
}

// Each answer that the document has is given, and no other.
func TestAnswersAreAsDocumented(t *testing.T) {
	t.Parallel()
	c := newChecker(t)
	client := store(t)
	s := options(client)
	s.Control = true
	s.Workers = func(string, int) error { return nil }
	small := tasks.Define[[]byte, []byte]("small", tasks.Codec(tasks.Raw), tasks.MaxQueued(1))
	s.Kind = func(name string) (service.KindOf, bool) {
		if name == "small" {
			return small, true
		}
		return job, name == "job"
	}
	h := api.New(s)
	bearer := map[string]string{"Authorization": "Bearer " + token}
	c.atTheDoor(h, bearer)
	c.wrong(h)
	c.right(t, client, s, h)
	c.inTrouble(t)
	c.complete()
}

func (c *checker) with(h http.Handler, status int, r request) *httptest.ResponseRecorder {
	c.t.Helper()
	w := c.ask(h, r)
	require.Equal(c.t, status, w.Code, "%s %s: %s", r.method, r.target, w.Body)
	return w
}

// atTheDoor: 401, 403 and 429 go for all.
func (c *checker) atTheDoor(h http.Handler, bearer map[string]string) {
	locked, open := api.Guard(h, api.Lock{Token: token, Rate: 1 << 20}), api.Guard(h, api.Lock{Rate: 1 << 20})
	few := api.Guard(http.NotFoundHandler(), api.Lock{Token: token, Rate: 0})
	for _, r := range every {
		c.with(locked, 401, r)
		elsewhere := r
		elsewhere.header = map[string]string{"Host": "evil.example"}
		c.with(open, 403, elsewhere)
		r.header = bearer
		c.with(few, 429, r)
	}
}

// wrong: 400, 404 and 413.
func (c *checker) wrong(h http.Handler) {
	for _, r := range every {
		wrong := r
		wrong.target = strings.Split(r.target, "?")[0] + "?colour=red"
		c.with(h, 400, wrong)
		lost := r
		lost.target = strings.NewReplacer("/job.one", "/other.one", "/job", "/other").Replace(r.target)
		if lost.target != r.target {
			c.with(h, 404, lost)
		}
	}
	for _, target := range []string{"/v1/tasks", "/v1/cron", "/v1/events"} {
		c.with(h, 404, request{method: "GET", target: target + "?kind=other"})
	}
	c.with(h, 413, request{method: "POST", target: "/v1/tasks/job", body: strings.Repeat("x", 1001)})
	c.with(h, 413, request{method: "PUT", target: "/v1/cron/job/x", body: strings.Repeat("x", 1001)})
}

// right: what is done, and what the state of a task does not allow.
func (c *checker) right(t *testing.T, client *tasks.Client, s *service.Service, h http.Handler) {
	push := func(query, body string) {
		c.with(h, 201, request{method: "POST", target: "/v1/tasks/job" + query, body: body})
	}
	push("?id=one", `{"a":1}`)
	push("?id=text&unique=k&expires=2126-01-02T15:04:05Z", "horse")
	push("?id=bytes", "\xff\xfe")
	push("?id=later&after=1h", "")
	push("?id=at&at=2126-01-02T15:04:05Z", "")
	push("?id=bad", "bad")
	c.with(h, 409, request{method: "POST", target: "/v1/tasks/job?unique=k"})
	c.with(h, 409, request{method: "GET", target: "/v1/tasks/job.one/output"})
	c.with(h, 409, request{method: "POST", target: "/v1/tasks/job.one/redrive"})
	c.with(h, 201, request{method: "POST", target: "/v1/tasks/small"})
	w := c.with(h, 503, request{method: "POST", target: "/v1/tasks/small"})
	assert.NotEmpty(t, w.Header().Get("Retry-After"))
	c.events(t, h)

	stop := work(t, client)
	for _, id := range []string{"one", "text", "bytes", "bad"} {
		w = c.with(h, 200, request{method: "GET", target: "/v1/tasks/job." + id + "?wait=20s"})
	}
	assert.Contains(t, w.Body.String(), `"state":"dead"`)
	c.with(h, 200, request{method: "GET", target: "/v1/tasks/job.one/output"})
	c.with(h, 409, request{method: "POST", target: "/v1/tasks/job.one/cancel"})
	c.with(h, 200, request{method: "GET", target: "/v1/tasks"})
	w = c.with(h, 200, request{method: "GET", target: "/v1/tasks?state=dead&payload=true&reason=no&limit=1"})
	assert.Contains(t, w.Body.String(), `"payload_text":"bad"`)
	c.with(h, 200, request{method: "GET", target: "/v1/kinds"})
	stop()
	c.with(h, 204, request{method: "POST", target: "/v1/tasks/job.bad/redrive"})
	c.with(h, 204, request{method: "POST", target: "/v1/tasks/job.later/cancel"})
	c.with(h, 204, request{method: "DELETE", target: "/v1/tasks/job.one"})
	for _, r := range every {
		if strings.Contains(r.target, "kinds/") || r.method == "PUT" {
			c.with(h, 204, r)
		}
	}
	w = c.with(h, 200, request{method: "GET", target: "/v1/cron?kind=job"})
	assert.Contains(t, w.Body.String(), `"spec":"@daily"`)
	c.with(h, 204, request{method: "DELETE", target: "/v1/cron/job/x"})
	c.with(h, 200, request{method: "GET", target: "/v1/health"})
	c.with(h, 200, request{method: "GET", target: "/v1/openapi.yaml"})
}

// events watches while a task is cancelled, until the caller goes.
func (c *checker) events(t *testing.T, h http.Handler) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stop := context.AfterFunc(ctx, func() {})
	defer stop()
	go func() {
		defer cancel()
		for i := range 100 { // it begins to listen at some time, and an ID is deleted once
			id := "job.shown" + strconv.Itoa(i)
			ask(h, request{method: "POST", target: "/v1/tasks/job?id=" + strings.TrimPrefix(id, "job.")})
			ask(h, request{method: "POST", target: "/v1/tasks/" + id + "/cancel"})
			ask(h, request{method: "DELETE", target: "/v1/tasks/" + id})
			time.Sleep(time.Millisecond)
		}
	}()
	w := c.with(h, 200, request{method: "GET", target: "/v1/events?kind=job", ctx: ctx})
	assert.Contains(t, w.Body.String(), `"state":"deleted"`)
	assert.True(t, strings.HasPrefix(w.Body.String(), ": remuda\n\nevent: listening\ndata: {}\n\n"), w.Body)
}

// inTrouble: a store that is closed.
func (c *checker) inTrouble(t *testing.T) {
	client := store(t)
	s := options(client)
	s.Control = true
	s.Workers = func(string, int) error { return remuda.ErrPoolClosed }
	h := api.New(s)
	late, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	c.with(h, 504, request{method: "POST", target: "/v1/tasks/job", ctx: late})
	require.NoError(t, client.Close())
	for _, r := range every {
		switch {
		case strings.HasPrefix(r.target, "/v1/events"), strings.HasPrefix(r.target, "/v1/openapi"):
		case strings.HasPrefix(r.target, "/v1/health"):
			c.with(h, 503, r)
		default:
			c.with(h, 500, r)
		}
	}
}

// work runs tasks of the kind until stop: it echoes, and fails on "bad".
func work(t *testing.T, client *tasks.Client) (stop func()) {
	t.Helper()
	w := tasks.NewWorker(client)
	_, err := job.Handle(w, echo{}, noConfig)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	return func() {
		cancel()
		require.NoError(t, <-ended)
	}
}
