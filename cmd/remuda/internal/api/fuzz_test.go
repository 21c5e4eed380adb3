package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/remuda-go/remuda/cmd/remuda/internal/api"
	"github.com/remuda-go/remuda/cmd/remuda/internal/rpc"
	"github.com/remuda-go/remuda/cmd/remuda/internal/service"
	"github.com/remuda-go/remuda/tasks"
	"github.com/stretchr/testify/require"
)

// A fortress is a store with one thing of each sort, behind doors through which
// nothing of it may be changed.
type fortress struct {
	t      testing.TB
	store  *tasks.Client
	doors  []http.Handler // without a token, with a token that allows no control
	before map[string]string
}

func newFortress(t testing.TB) *fortress {
	t.Helper()
	f := &fortress{t: t, store: store(t)}
	secret := tasks.Define[[]byte, []byte]("secret", tasks.Codec(tasks.Raw))
	for _, k := range []service.KindOf{job, secret} {
		for name, opts := range map[string][]tasks.PushOption{
			"kept": nil, "later": {tasks.After(time.Hour)}, "unique": {tasks.Unique("k")}, "ended": nil,
		} {
			_, err := k.Push(t.Context(), f.store, []byte("x"), append(opts, tasks.WithID(name))...)
			require.NoError(t, err)
		}
		require.NoError(t, f.store.Cancel(t.Context(), tasks.NewID(k.Name(), "ended")))
		require.NoError(t, k.Cron(t.Context(), f.store, "nightly", tasks.Spec{Expr: "@daily"}, nil))
	}
	s := options(f.store)
	s.Workers = func(string, int) error {
		t.Error("the workers are resized")
		return nil
	}
	inner := api.New(s)
	f.doors = []http.Handler{api.Guard(inner, api.Lock{Token: token, Rate: 1 << 30}), api.Guard(inner, api.Lock{Token: token, Rate: 1 << 30})}
	f.before = f.snapshot()
	return f
}

// snapshot is all that is stored, by what it is.
func (f *fortress) snapshot() map[string]string {
	f.t.Helper()
	all := make(map[string]string)
	keep := func(name string, v any) {
		text, err := json.Marshal(v)
		require.NoError(f.t, err)
		all[name] = string(text)
	}
	for i, err := range f.store.List(f.t.Context(), tasks.Filter{}) {
		require.NoError(f.t, err)
		info, err := f.store.Info(f.t.Context(), i.ID) // a list may have a task twice
		require.NoError(f.t, err)
		keep(string(i.ID), info)
	}
	entries, err := f.store.CronEntries(f.t.Context(), "")
	require.NoError(f.t, err)
	for _, e := range entries {
		keep("cron "+e.Kind+" "+e.Name, e)
	}
	kinds, err := f.store.Kinds(f.t.Context())
	require.NoError(f.t, err)
	for _, k := range kinds {
		keep("kind "+k.Kind, []any{k.MaxQueued, k.MaxRunning, k.Paused})
	}
	return all
}

// patience bounds a request of the fuzzer, which gives up a run that takes a minute.
const patience = 100 * time.Millisecond

// ask sends a request through a door. Through the first none is let in, through the
// second one may push and read.
func (f *fortress) ask(door int, r request) (status int) {
	f.t.Helper()
	if r.header == nil {
		r.header = map[string]string{}
	}
	delete(r.header, "Authorization")
	if door == 1 {
		r.header["Authorization"] = "Bearer " + token
	}
	ctx, cancel := context.WithTimeout(f.t.Context(), patience) // ?wait=1m would wait
	defer cancel()
	w := httptest.NewRecorder()
	f.doors[door].ServeHTTP(w, newRequest(r).WithContext(ctx))
	if door == 0 {
		require.True(f.t, refused(w), "%s %s: %d %s", r.method, r.target, w.Code, w.Body)
	}
	require.NotEqual(f.t, 500, w.Code, "%s %s: %s", r.method, r.target, w.Body)
	return w.Code
}

// refused: gRPC and the streams of Connect say in a trailer, or in the body, that the
// caller is not authenticated, which is 16.
func refused(w *httptest.ResponseRecorder) bool {
	if w.Code == http.StatusUnauthorized {
		return true
	}
	told := strings.ToLower(fmt.Sprint(w.Header(), w.Result().Trailer, w.Body))
	return strings.Contains(told, "grpc-status:[16]") || strings.Contains(told, "grpc-status: 16") || strings.Contains(told, `"code":"unauthenticated"`)
}

// unharmed checks that what was there is as it was, and that all that is new are
// tasks of the kind that may be pushed.
func (f *fortress) unharmed(why any) {
	f.t.Helper()
	after := f.snapshot()
	for name, was := range f.before {
		require.Equal(f.t, was, after[name], "%s: %v", name, why)
	}
	for name := range after {
		if _, old := f.before[name]; !old {
			require.True(f.t, strings.HasPrefix(name, "job."), "%s is new: %v", name, why)
		}
	}
}

var (
	methods  = []string{"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "POST", "POST"}
	segments = []string{
		"v1", "tasks", "kinds", "cron", "job", "secret", "job.kept", "secret.kept", "job.ended", "job.later", "nightly", "cancel", "redrive", "pause",
		"resume", "resize", "output", "health", "openapi.yaml", "..", "%2e%2e", "%2F", "", "*", ">", "job.*", "job.%3E", "\xff",
	}
	queries = []string{"", "?workers=0", "?id=kept", "?id=kept&unique=k", "?unique=k", "?after=1h", "?state=dead&payload=true", "?kind=*", "?kind=secret", "?;", "?wait=1ms"}
	calls   = []string{
		"Push", "Get", "List", "ListKinds", "ListCron", "Health", "Cancel", "Redrive", "Delete", "Pause", "Resume", "Resize", "SetCron", "RemoveCron", "None",
	}
	bodies = []string{
		"", "{}", "x", `{"spec":"@every 1s"}`, `{"id":"job.kept"}`, `{"id":"job.ended"}`, `{"id":"secret.kept"}`, `{"id":"job.*"}`, `{"kind":"job","workers":1}`,
		`{"kind":"secret","payload":"eA=="}`, `{"kind":"job","payload":"eA==","unique":"k"}`, `{"kind":"job","name":"nightly"}`,
		`{"entry":{"kind":"job","name":"nightly","spec":"@every 1s"}}`, "\x00\x00\x00\x00\x02{}", "\x1f\x8b\x08",
	}
	types = []string{"", "application/json", "application/proto", "application/grpc", "application/grpc-web+json", "application/connect+json", "text/plain"}
)

// requestOf makes a request of choices: pick returns one of 0 to n-1.
func requestOf(pick func(n int) int) request {
	r := request{method: methods[pick(len(methods))], body: bodies[pick(len(bodies))], header: map[string]string{"Content-Type": types[pick(len(types))]}}
	switch pick(4) {
	case 0:
		r.target = rpc.Prefix + calls[pick(len(calls))]
	case 1:
		good := every[pick(len(every))]
		r.method, r.target = good.method, strings.Replace(strings.Split(good.target, "?")[0], "job.one", "job.kept", 1)
	default:
		for range 1 + pick(5) {
			r.target += "/" + strings.ReplaceAll(segments[pick(len(segments))], "\xff", "%FF")
		}
	}
	r.target += queries[pick(len(queries))]
	if pick(4) == 0 {
		r.header["X-HTTP-Method-Override"] = "DELETE"
		r.header["Idempotency-Key"] = "kept"
	}
	return r
}

// endless: events go on until the caller goes.
func endless(r request) bool { return strings.HasPrefix(r.target, "/v1/events") }

// Ten thousand requests change nothing that they may not.
func TestRandomRequestsChangeNothing(t *testing.T) {
	t.Parallel()
	f := newFortress(t)
	seed := rand.Uint64()
	t.Log("seed", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 10_000 {
		if r := requestOf(rng.IntN); !endless(r) {
			f.ask(rng.IntN(2), r)
		}
	}
	f.unharmed(fmt.Sprint("seed ", seed))
}

// The same, with whatever the fuzzer makes of a request.
func FuzzAPI(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		r := requestOf(rng.IntN)
		f.Add(r.method, r.target, r.header["Content-Type"], r.body)
	}
	for _, r := range every {
		f.Add(r.method, r.target, "", r.body)
	}
	fort := newFortress(f)
	var n atomic.Int64
	f.Fuzz(func(t *testing.T, method, target, contentType, body string) {
		r := request{method: method, target: target, body: body, header: map[string]string{"Content-Type": contentType}}
		if _, err := http.NewRequest(method, "http://localhost"+target, nil); err != nil || !strings.HasPrefix(target, "/") ||
			strings.ContainsAny(target, " \r\n") || strings.Contains(target, "/events") || strings.HasSuffix(target, "/Watch") {
			t.Skip() // no server gets these, or they have no end
		}
		fort.t = t
		worth := n.Add(1)%100 == 0 // to look at the store takes a hundred times as long
		for door := range fort.doors {
			worth = fort.ask(door, r) < 400 || worth
		}
		if worth {
			fort.unharmed(fmt.Sprintf("%s %q, or one of the 100 before", method, target))
		}
	})
}
