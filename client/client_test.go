package client_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/protoutil"
	"github.com/remuda-go/remuda/client"
	"github.com/remuda-go/remuda/client/remudav1"
	"github.com/remuda-go/remuda/client/remudav1/remudav1connect"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The generated code is that of the .proto: go generate ./... makes it anew.
func TestGeneratedCodeIsCurrent(t *testing.T) {
	t.Parallel()
	compiler := protocompile.Compiler{Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{ImportPaths: []string{"proto"}})}
	files, err := compiler.Compile(t.Context(), "remuda/v1/remuda.proto")
	require.NoError(t, err)
	want, got := protoutil.ProtoFromFileDescriptor(files[0]), protodesc.ToFileDescriptorProto(remudav1.File_remuda_v1_remuda_proto)
	assert.True(t, proto.Equal(want, got), "run go generate ./... in client")
	for procedure := range specs() {
		assert.Contains(t, procedure, remudav1connect.TaskServiceName)
	}
	assert.Len(t, specs(), files[0].Services().Get(0).Methods().Len(), "run go generate ./... in client")
}

// A fake keeps tasks in a map, and loses the answer of the first push.
type fake struct {
	remudav1connect.UnimplementedTaskServiceHandler
	tasks map[string][]byte
	lose  bool
}

func (f *fake) Push(_ context.Context, r *remudav1.PushRequest) (*remudav1.PushResponse, error) {
	id := r.GetKind() + "." + r.GetName()
	f.tasks[id] = r.GetPayload()
	if f.lose {
		f.lose = false
		return nil, connect.NewError(connect.CodeUnavailable, "the answer got lost")
	}
	return &remudav1.PushResponse{Id: id}, nil
}

func (f *fake) Get(_ context.Context, r *remudav1.GetRequest) (*remudav1.GetResponse, error) {
	return &remudav1.GetResponse{Task: &remudav1.Task{Id: r.GetId(), State: remudav1.TaskState_TASK_STATE_DONE}, Output: f.tasks[r.GetId()]}, nil
}

func specs() map[string]bool {
	server, all := connect.NewServer(), make(map[string]bool)
	remudav1connect.RegisterTaskServiceHandler(server, &fake{})
	for spec := range server.Specs() {
		all[spec.Procedure] = true
	}
	return all
}

func serve(f *fake) *httptest.Server {
	f.tasks = make(map[string][]byte)
	server, mux := connect.NewServer(), http.NewServeMux()
	remudav1connect.RegisterTaskServiceHandler(server, f)
	connecthttp.Mount(mux, server)
	return httptest.NewServer(mux)
}

// A push whose answer got lost is pushed again under the name that its error has.
func TestOutcomeUnknown(t *testing.T) {
	t.Parallel()
	f := &fake{lose: true}
	srv := serve(f)
	defer srv.Close()
	c, kind := client.New(srv.URL, client.HTTPClient(srv.Client())), client.Define[int, int]("k")
	_, err := kind.Push(t.Context(), c, 7)
	var unknown *client.OutcomeUnknownError
	require.ErrorAs(t, err, &unknown)
	id, err := kind.Push(t.Context(), c, 7, client.Name(unknown.Name))
	require.NoError(t, err)
	assert.Len(t, f.tasks, 1, "it is one task")
	out, err := kind.Wait(t.Context(), c, id)
	require.NoError(t, err)
	assert.Equal(t, 7, out)
	_, err = client.Define[int, string]("k").Wait(t.Context(), c, id)
	require.ErrorContains(t, err, "decode the output")
	_, err = client.Define[chan int, int]("k").Push(t.Context(), c, nil)
	require.ErrorContains(t, err, "encode the input")
}

func Example() {
	srv := serve(&fake{}) // elsewhere: remuda serve
	defer srv.Close()

	type Order struct{ Number int }
	charge := client.Define[Order, Order]("charge")

	ctx, c := context.Background(), client.New(srv.URL, client.Token("from a file"), client.HTTPClient(srv.Client()))
	id, err := charge.Push(ctx, c, Order{7}, client.Name("order-7"))
	if err != nil {
		fmt.Println(err)
		return
	}
	receipt, err := charge.Wait(ctx, c, id)
	fmt.Println(id, receipt.Number, err)
	// Output: charge.order-7 7 <nil>
}
