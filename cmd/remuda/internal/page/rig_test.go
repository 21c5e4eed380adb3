package page_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/cmd/remuda/internal/api"
	"github.com/remuda-go/remuda/cmd/remuda/internal/page"
	"github.com/remuda-go/remuda/cmd/remuda/internal/service"
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/embedded"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// soon bounds what has to come, and is never waited for in a test that passes.
const soon = 30 * time.Second

const token = "a token of some length"

// A rig is a store with a worker, and a history of it.
type rig struct {
	t       *testing.T
	client  *tasks.Client
	history *page.History
	worker  *tasks.Worker
	kinds   map[string]service.KindOf
	mended  atomic.Bool // whether images of the stage can be read
}

func newRig(t *testing.T) *rig {
	t.Helper()
	c, err := embedded.Open(context.Background(), "", embedded.RelaxedSync())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	r := &rig{t: t, client: c, history: page.NewHistory(c), worker: tasks.NewWorker(c), kinds: make(map[string]service.KindOf)}
	ctx, cancel := context.WithCancel(context.Background())
	recorded := make(chan struct{})
	go func(h *page.History) { // a test may put another in its place
		defer close(recorded)
		h.Run(ctx)
	}(r.history)
	worked := make(chan error, 1)
	go func() { worked <- r.worker.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-recorded
		require.NoError(t, <-worked)
	})
	return r
}

// handle defines a kind and runs it with f, unless that is nil.
func (r *rig) handle(name string, workers int, f func(context.Context, []byte) ([]byte, error), opts ...tasks.KindOption) service.KindOf {
	r.t.Helper()
	k := tasks.Define[[]byte, []byte](name, append(opts, tasks.Codec(tasks.Raw))...)
	r.kinds[name] = k
	if f != nil {
		_, err := k.Handle(r.worker, remuda.Func(f), remuda.Config{Initial: workers}, r.history.Middleware())
		require.NoError(r.t, err)
	}
	return k
}

func (r *rig) push(k service.KindOf, id, payload string, opts ...tasks.PushOption) tasks.ID {
	r.t.Helper()
	if id != "" {
		opts = append(opts, tasks.WithID(id))
	}
	made, err := k.Push(r.t.Context(), r.client, []byte(payload), opts...)
	require.NoError(r.t, err)
	return made
}

// state waits until the task has the state.
func (r *rig) state(id tasks.ID, want tasks.State) {
	r.t.Helper()
	var info tasks.Info
	require.Eventually(r.t, func() bool {
		var err error
		info, err = r.client.Info(r.t.Context(), id)
		return err == nil && info.State == want || want == tasks.Deleted && errors.Is(err, tasks.ErrNotFound)
	}, soon, 10*time.Millisecond, "%s does not become %s", id, want)
}

// handler is the page with the API, as serve has them.
func (r *rig) handler(token string, control bool) http.Handler {
	can := &service.Service{Client: r.client, Control: control, Body: 1 << 20, Kind: func(name string) (service.KindOf, bool) {
		k, ok := r.kinds[name]
		return k, ok
	}}
	return page.Handler(page.Options{
		History: r.history, Service: can, Token: token != "", API: api.New(can),
		Guard: func(h http.Handler) http.Handler { return api.Guard(h, api.Lock{Token: token, Rate: 10_000}) },
	})
}

// serve serves the page until the end of the test.
func (r *rig) serve(token string, control bool) *httptest.Server {
	serving, stop := context.WithCancel(context.Background())
	s := httptest.NewUnstartedServer(r.handler(token, control))
	s.Config.BaseContext = func(net.Listener) context.Context { return serving }
	s.Start()
	r.t.Cleanup(func() {
		stop() // a browser that is still there may come back until the end
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

func detailOf(t *testing.T, h http.Handler, id tasks.ID) (d page.Detail) {
	t.Helper()
	w := get(t, h, "/page/task?id="+string(id))
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &d))
	return d
}

func listOf(t *testing.T, h http.Handler, query string) (l page.List) {
	t.Helper()
	w := get(t, h, "/page/tasks?state="+query)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &l))
	return l
}
