package rpc_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/client"
	"github.com/remuda-go/remuda/client/remudav1"
	"github.com/remuda-go/remuda/cmd/remuda/internal/api"
	"github.com/remuda-go/remuda/cmd/remuda/internal/rpc"
	"github.com/remuda-go/remuda/cmd/remuda/internal/service"
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/embedded"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/durationpb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	token = "a token of some length"
	soon  = 20 * time.Second
)

var job = tasks.Define[[]byte, []byte]("job", tasks.Codec(tasks.Raw), tasks.Attempts(1))

// A rig is a server at an address, and the store behind it.
type rig struct {
	store   *tasks.Client
	service *service.Service
	url     string
	http    *http.Client
}

func newRig(t *testing.T) *rig {
	t.Helper()
	c, err := embedded.Open(context.Background(), "", embedded.RelaxedSync())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	r := &rig{store: c, service: &service.Service{
		Client: c, Control: true, Body: 10_000, Kind: func(name string) (service.KindOf, bool) { return job, name == "job" },
	}}
	srv := httptest.NewUnstartedServer(api.Guard(api.New(r.service), api.Lock{Token: token, Rate: 1000}))
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	srv.Config.Protocols = protocols
	srv.Start()
	t.Cleanup(srv.Close)
	transport := &http.Transport{Protocols: protocols}
	t.Cleanup(transport.CloseIdleConnections)
	r.url, r.http = srv.URL, &http.Client{Transport: transport}
	return r
}

// h2 speaks HTTP/2 without TLS, as gRPC does.
func (r *rig) h2(t *testing.T) *http.Client {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func (r *rig) client(opts ...client.Option) *client.Client {
	return client.New(r.url, append([]client.Option{client.Token(token), client.HTTPClient(r.http)}, opts...)...)
}

// work runs tasks until the end of the test: it echoes, and fails on "bad".
func (r *rig) work(t *testing.T) {
	t.Helper()
	w := tasks.NewWorker(r.store)
	_, err := job.Handle(w, remuda.Func(func(_ context.Context, in []byte) ([]byte, error) {
		if string(in) == "bad" {
			return nil, assert.AnError
		}
		return in, nil
	}), remuda.Config{})
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- w.Run(context.Background()) }()
	t.Cleanup(func() {
		require.NoError(t, w.Close(context.Background()))
		<-ended
	})
}

// One handler speaks all of them, and a client of any may push, wait, list and watch.
func TestProtocols(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.work(t)
	for name, opts := range map[string][]client.Option{
		"connect":  nil,
		"json":     {client.Wire(connecthttp.WithProtoJSON())},
		"get":      {client.Wire(connecthttp.WithHTTPGet())},
		"grpc":     {client.Wire(connecthttp.WithGRPC()), client.HTTPClient(r.h2(t))},
		"grpc-web": {client.Wire(connecthttp.WithGRPCWeb())},
		"gzip":     {client.Wire(connecthttp.WithSendGzip())},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), soon)
		c := r.client(opts...)
		watching, stop := context.WithCancel(ctx)
		events, err := c.Service().Watch(watching, &remudav1.WatchRequest{Kind: "job"})
		require.NoError(t, err, name)
		first, err := events.Receive()
		require.NoError(t, err, name)
		require.Nil(t, first.GetEvent())

		type order struct{ N int }
		kind := client.Define[order, order]("job")
		id, err := kind.Push(ctx, c, order{7}, client.Name("of-"+name), client.After(time.Millisecond))
		require.NoError(t, err, name)
		assert.Equal(t, "job.of-"+name, id)
		out, err := kind.Wait(ctx, c, id)
		require.NoError(t, err, name)
		assert.Equal(t, order{7}, out)
		raw, err := client.Define[[]byte, []byte]("job").Result(ctx, c, id)
		require.NoError(t, err, name)
		assert.JSONEq(t, `{"N":7}`, string(raw))

		list, err := c.Service().List(ctx, &remudav1.ListRequest{States: []remudav1.TaskState{remudav1.TaskState_TASK_STATE_DONE}})
		require.NoError(t, err, name)
		seen := false
		for {
			one, err := list.Receive()
			if err != nil {
				break
			}
			seen = seen || one.GetTask().GetId() == id
		}
		assert.True(t, seen, name)
		for done := false; !done; {
			e, err := events.Receive()
			require.NoError(t, err, name)
			done = e.GetEvent().GetId() == id && e.GetEvent().GetState() == remudav1.TaskState_TASK_STATE_DONE
		}
		stop()
		_ = events.Close()
		cancel()
	}
}

// Each outcome has its error.
func TestErrors(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	c, kind := r.client(), client.Define[[]byte, []byte]("job")
	id, err := kind.Push(ctx, c, []byte("bad"))
	require.NoError(t, err)
	_, err = kind.Result(ctx, c, id)
	require.ErrorIs(t, err, client.ErrNotDone)
	unique, err := kind.Push(ctx, c, nil, client.Unique("k"), client.After(time.Hour))
	require.NoError(t, err)
	_, err = kind.Push(ctx, c, nil, client.Unique("k"))
	var duplicate *client.DuplicateError
	require.ErrorAs(t, err, &duplicate)
	assert.Equal(t, unique, duplicate.ID)
	_, err = kind.Result(ctx, c, "job.none")
	require.ErrorIs(t, err, client.ErrNotFound)
	_, err = client.Define[int, int]("other").Push(ctx, c, 1)
	require.ErrorIs(t, err, client.ErrNotFound)
	assert.Equal(t, connect.CodeNotFound, connect.CodeOf(err))
	_, err = kind.Push(ctx, c, make([]byte, 10_001))
	assert.Equal(t, connect.CodeResourceExhausted, connect.CodeOf(err))
	_, err = kind.Push(ctx, c, make([]byte, 1_000_000))
	assert.Equal(t, connect.CodeResourceExhausted, connect.CodeOf(err))
	_, err = kind.Push(ctx, c, make([]byte, 10_000))
	require.NoError(t, err, "as large as allowed")
	_, err = kind.Push(ctx, r.client(client.Wire(connecthttp.WithProtoJSON())), make([]byte, 10_000))
	require.NoError(t, err, "as large as allowed, in base64")
	_, err = c.Service().Get(ctx, &remudav1.GetRequest{Id: "job.none", Wait: durationpb.New(time.Hour)})
	assert.Equal(t, connect.CodeInvalidArgument, connect.CodeOf(err))
	r.work(t)
	_, err = kind.Wait(ctx, c, id)
	var ended *client.TaskError
	require.ErrorAs(t, err, &ended)
	assert.Equal(t, remudav1.TaskState_TASK_STATE_DEAD, ended.State)
	assert.Contains(t, ended.Error(), "is dead after 1 attempts: "+assert.AnError.Error())
}

// The door is the same as that of the HTTP interface.
func TestTheDoor(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.service.Control = false
	kind := client.Define[[]byte, []byte]("job")
	for name, opts := range map[string][]client.Option{
		"connect": nil, "grpc": {client.Wire(connecthttp.WithGRPC()), client.HTTPClient(r.h2(t))}, "grpc-web": {client.Wire(connecthttp.WithGRPCWeb())},
	} {
		_, err := kind.Push(t.Context(), r.client(append(opts, client.Token("wrong"))...), nil)
		assert.Equal(t, connect.CodeUnauthenticated, connect.CodeOf(err), name)
		var unknown *client.OutcomeUnknownError
		assert.NotErrorAs(t, err, &unknown, name)
		_, err = r.client(opts...).Service().Delete(t.Context(), &remudav1.DeleteRequest{Id: "job.none"})
		assert.Equal(t, connect.CodePermissionDenied, connect.CodeOf(err), name)
	}
	post, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+rpc.Prefix+"Push", strings.NewReader(`{"kind":"job"}`))
	require.NoError(t, err)
	post.Header.Set("Content-Type", "application/json")
	post.Header.Set("Authorization", "Bearer "+token)
	post.Header.Set("Origin", "http://evil.example")
	resp, err := r.http.Do(post)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, http.StatusForbidden, resp.StatusCode, "from another origin")
	kinds, err := r.store.Kinds(t.Context())
	require.NoError(t, err)
	assert.Empty(t, kinds, "nothing was pushed")
}

func TestControl(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s, kind := r.client().Service(), client.Define[[]byte, []byte]("job")
	id, err := kind.Push(t.Context(), r.client(), []byte("x"))
	require.NoError(t, err)
	_, err = s.Pause(t.Context(), &remudav1.PauseRequest{Kind: "job"})
	require.NoError(t, err)
	kinds, err := s.ListKinds(t.Context(), &remudav1.ListKindsRequest{})
	require.NoError(t, err)
	require.Len(t, kinds.GetKinds(), 1)
	assert.True(t, kinds.GetKinds()[0].GetPaused())
	_, err = s.Resume(t.Context(), &remudav1.ResumeRequest{Kind: "job"})
	require.NoError(t, err)
	_, err = s.Cancel(t.Context(), &remudav1.CancelRequest{Id: id})
	require.NoError(t, err)
	_, err = s.Cancel(t.Context(), &remudav1.CancelRequest{Id: id})
	assert.Equal(t, connect.CodeFailedPrecondition, connect.CodeOf(err))
	_, err = s.Redrive(t.Context(), &remudav1.RedriveRequest{Id: id})
	require.NoError(t, err)
	_, err = s.Delete(t.Context(), &remudav1.DeleteRequest{Id: id})
	require.NoError(t, err)
	entry := &remudav1.CronEntry{Kind: "job", Name: "nightly", Spec: "0 3 * * *", Zone: "Europe/Berlin", Input: []byte("{}")}
	_, err = s.SetCron(t.Context(), &remudav1.SetCronRequest{Entry: entry})
	require.NoError(t, err)
	entries, err := s.ListCron(t.Context(), &remudav1.ListCronRequest{})
	require.NoError(t, err)
	require.Len(t, entries.GetEntries(), 1)
	assert.Equal(t, "0 0 3 * * *", entries.GetEntries()[0].GetSpec())
	entry.Zone = "Nowhere/Land"
	_, err = s.SetCron(t.Context(), &remudav1.SetCronRequest{Entry: entry})
	assert.Equal(t, connect.CodeInvalidArgument, connect.CodeOf(err))
	_, err = s.RemoveCron(t.Context(), &remudav1.RemoveCronRequest{Kind: "job", Name: "nightly"})
	require.NoError(t, err)
	_, err = s.Resize(t.Context(), &remudav1.ResizeRequest{Kind: "job", Workers: 2})
	assert.Equal(t, connect.CodeNotFound, connect.CodeOf(err), "nothing runs here")
	_, err = s.Health(t.Context(), &remudav1.HealthRequest{})
	require.NoError(t, err)
}

// A body that does not come is let go; a caller whose body has come may wait for
// longer than that.
func TestBodyTime(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const bodyTime = 100 * time.Millisecond
	srv := httptest.NewServer(rpc.New(r.service, bodyTime))
	defer srv.Close()
	id, err := client.Define[[]byte, []byte]("job").Push(t.Context(), r.client(), []byte("x"))
	require.NoError(t, err)
	for _, opts := range [][]client.Option{nil, {client.Wire(connecthttp.WithGRPCWeb())}} {
		c := client.New(srv.URL, append(opts, client.HTTPClient(r.http))...)
		got, err := c.Service().Get(t.Context(), &remudav1.GetRequest{Id: id, Wait: durationpb.New(4 * bodyTime)})
		require.NoError(t, err)
		assert.Equal(t, remudav1.TaskState_TASK_STATE_WAITING, got.GetTask().GetState())
	}
	never, stop := context.WithCancel(t.Context())
	defer stop()
	post, err := http.NewRequestWithContext(never, http.MethodPost, srv.URL+rpc.Prefix+"Push", blocked{never})
	require.NoError(t, err)
	post.Header.Set("Content-Type", "application/json")
	resp, err := r.http.Do(post)
	if err == nil {
		assert.NotEqual(t, http.StatusOK, resp.StatusCode)
		require.NoError(t, resp.Body.Close())
	}
}

// blocked never has anything to read.
type blocked struct{ ctx context.Context }

func (b blocked) Read([]byte) (int, error) {
	<-b.ctx.Done()
	return 0, b.ctx.Err()
}
