package api

import (
	"fmt"
	"net/http"

	"github.com/remuda-go/remuda/cmd/remuda/internal/rpc"
	"github.com/remuda-go/remuda/cmd/remuda/internal/service"
	"github.com/remuda-go/remuda/tasks"
)

// An api serves requests. It has no state of its own.
type api struct{ service *service.Service }

// New returns the handler, of Connect as well. It checks neither tokens nor origins:
// see [Guard].
func New(s *service.Service) http.Handler {
	a := &api{s}
	mux := http.NewServeMux()
	for pattern, f := range a.routes() {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := f(w, r); err != nil {
				writeProblem(w, err)
			}
		})
	}
	mux.Handle(rpc.Prefix, rpc.New(s, bodyTime))
	return mux
}

func (a *api) routes() map[string]handlerFunc {
	return map[string]handlerFunc{
		"POST /v1/tasks/{kind}":         a.push,
		"GET /v1/tasks/{id}":            a.task,
		"GET /v1/tasks/{id}/output":     a.output,
		"GET /v1/tasks":                 a.list,
		"GET /v1/kinds":                 a.kinds,
		"GET /v1/events":                a.events,
		"GET /v1/cron":                  a.cron,
		"GET /v1/health":                a.health,
		"GET /v1/openapi.yaml":          a.openapi,
		"POST /v1/tasks/{id}/cancel":    steer(a.service.Cancel),
		"POST /v1/tasks/{id}/redrive":   steer(a.service.Redrive),
		"DELETE /v1/tasks/{id}":         steer(a.service.Delete),
		"POST /v1/kinds/{kind}/pause":   steerKind(a.service.Pause),
		"POST /v1/kinds/{kind}/resume":  steerKind(a.service.Resume),
		"POST /v1/kinds/{kind}/resize":  a.resize,
		"PUT /v1/cron/{kind}/{name}":    a.setCron,
		"DELETE /v1/cron/{kind}/{name}": done(a.removeCron),
		"/": func(_ http.ResponseWriter, r *http.Request) error {
			return &service.Problem{
				Status: http.StatusNotFound, Code: service.CodeNotFound, Text: fmt.Sprintf("there is no %s %s", r.Method, r.URL.Path),
			}
		},
	}
}

// idOf returns the ID in the path.
func idOf(r *http.Request) tasks.ID { return tasks.ID(r.PathValue("id")) }
