// Package rpc is the Connect interface of remuda: gRPC, gRPC-Web and Connect's own
// protocol, by one handler. client/proto has its definition.
package rpc

import (
	"context"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"github.com/remuda-go/remuda/client/remudav1"
	"github.com/remuda-go/remuda/client/remudav1/remudav1connect"
	"github.com/remuda-go/remuda/cmd/remuda/internal/service"
	"github.com/remuda-go/remuda/tasks"
)

// Prefix is what the paths of all procedures begin with.
const Prefix = "/" + remudav1connect.TaskServiceName + "/"

// envelope is what a message may have beside its payload.
const envelope = 64 << 10

// New returns the handler of all paths that begin with [Prefix]. A body may take
// bodyTime to arrive, and no larger ones are read than a payload needs.
func New(s *service.Service, bodyTime time.Duration) http.Handler {
	server := connect.NewServer(refusals)
	remudav1connect.RegisterTaskServiceHandler(server, &handler{service: s})
	mux := http.NewServeMux()
	most := s.Body + s.Body/3 + envelope // JSON has a payload in base64
	connecthttp.Mount(mux, server, connecthttp.WithReadMaxBytes(int(most)))
	return bounded(mux, most, bodyTime)
}

// Refuse answers a request for a procedure with the problem, in its own protocol. It
// returns false if the request is for something else.
func Refuse(w http.ResponseWriter, r *http.Request, p *service.Problem) bool {
	if !strings.HasPrefix(r.URL.Path, Prefix) {
		return false
	}
	_ = connecthttp.NewErrorWriter().Write(w, r, errorOf(p)) // the caller has gone
	return true
}

// A handler serves the procedures.
type handler struct{ service *service.Service }

func (h *handler) Push(ctx context.Context, r *remudav1.PushRequest) (*remudav1.PushResponse, error) {
	p := service.Push{Name: r.GetName(), Unique: r.GetUnique()}
	var err error
	if p.After, err = duration("after", r.GetAfter()); err != nil {
		return nil, err
	}
	if p.At, err = instant("at", r.GetAt()); err != nil {
		return nil, err
	}
	if p.Expires, err = instant("expires", r.GetExpires()); err != nil {
		return nil, err
	}
	id, err := h.service.Push(ctx, r.GetKind(), r.GetPayload(), p)
	if err != nil {
		return nil, err
	}
	return &remudav1.PushResponse{Id: string(id)}, nil
}

func (h *handler) Get(ctx context.Context, r *remudav1.GetRequest) (*remudav1.GetResponse, error) {
	wait, err := duration("wait", r.GetWait())
	if err != nil {
		return nil, err
	}
	info, out, err := h.service.Task(ctx, tasks.ID(r.GetId()), wait)
	if err != nil {
		return nil, err
	}
	return &remudav1.GetResponse{Task: taskOf(info), Output: out}, nil
}

func (h *handler) List(ctx context.Context, r *remudav1.ListRequest, stream remudav1connect.TaskServiceListServerStream) error {
	f, err := filterOf(r)
	if err != nil {
		return err
	}
	for t, err := range h.service.List(ctx, f, r.GetPayload()) {
		if err == nil {
			err = stream.Send(&remudav1.ListResponse{Task: taskOf(t.Info), Payload: t.Payload})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (h *handler) ListKinds(ctx context.Context, _ *remudav1.ListKindsRequest) (*remudav1.ListKindsResponse, error) {
	all, err := h.service.Kinds(ctx)
	if err != nil {
		return nil, err
	}
	answer := &remudav1.ListKindsResponse{}
	for _, k := range all {
		answer.Kinds = append(answer.Kinds, kindOf(k))
	}
	return answer, nil
}

func (h *handler) ListCron(ctx context.Context, r *remudav1.ListCronRequest) (*remudav1.ListCronResponse, error) {
	all, err := h.service.Cron(ctx, r.GetKind())
	if err != nil {
		return nil, err
	}
	answer := &remudav1.ListCronResponse{}
	for _, e := range all {
		answer.Entries = append(answer.Entries, entryOf(e))
	}
	return answer, nil
}

func (h *handler) Health(ctx context.Context, _ *remudav1.HealthRequest) (*remudav1.HealthResponse, error) {
	return &remudav1.HealthResponse{}, h.service.Health(ctx)
}
