package api

import (
	"net/http"

	"github.com/remuda-go/remuda/tasks"
)

// A KindOf is a kind whose payloads and results are bytes.
type KindOf = tasks.Kind[[]byte, []byte]

// Options are what an API is made of.
type Options struct {
	Client *tasks.Client

	// Kind returns a kind by its name; false if it is not to be had here.
	Kind func(name string) (KindOf, bool)

	// Resize sets the workers of a kind in this process; nil where there are none.
	Resize func(kind string, workers int) error

	// Control allows what changes tasks beyond pushing them.
	Control bool

	// Body is the largest body in bytes.
	Body int64
}

// An api serves requests. It has no state of its own.
type api struct{ Options }

// New returns the handler. It checks neither tokens nor origins: see [Guard].
func New(o Options) http.Handler {
	a := &api{o}
	mux := http.NewServeMux()
	handle := func(pattern string, f func(http.ResponseWriter, *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := f(w, r); err != nil {
				writeProblem(w, err)
			}
		})
	}
	control := func(pattern string, f func(http.ResponseWriter, *http.Request) error) {
		handle(pattern, func(w http.ResponseWriter, r *http.Request) error {
			if !a.Control {
				return &Problem{Status: http.StatusForbidden, Code: CodeDenied, Text: "control is not allowed at this address"}
			}
			return f(w, r)
		})
	}
	handle("POST /v1/tasks/{kind}", a.push)
	handle("GET /v1/tasks/{id}", a.task)
	handle("GET /v1/tasks/{id}/output", a.output)
	handle("GET /v1/tasks", a.list)
	handle("GET /v1/kinds", a.kinds)
	handle("GET /v1/events", a.events)
	handle("GET /v1/health", a.health)
	control("POST /v1/tasks/{id}/cancel", a.steer((*tasks.Client).Cancel))
	control("POST /v1/tasks/{id}/redrive", a.steer((*tasks.Client).Redrive))
	control("DELETE /v1/tasks/{id}", a.steer((*tasks.Client).Delete))
	control("POST /v1/kinds/{kind}/pause", a.steerKind((*tasks.Client).Pause))
	control("POST /v1/kinds/{kind}/resume", a.steerKind((*tasks.Client).Resume))
	control("POST /v1/kinds/{kind}/resize", a.resize)
	control("PUT /v1/cron/{kind}/{name}", a.setCron)
	control("DELETE /v1/cron/{kind}/{name}", a.removeCron)
	handle("/", func(_ http.ResponseWriter, r *http.Request) error {
		return notFound("there is no %s %s", r.Method, r.URL.Path)
	})
	return mux
}

// kind returns the kind of the request.
func (a *api) kind(name string) (KindOf, error) {
	k, ok := a.Kind(name)
	if !ok {
		return k, notFound("no such kind: %q", name)
	}
	return k, nil
}

// id returns the ID in the path, and its kind.
func (a *api) id(r *http.Request) (tasks.ID, KindOf, error) {
	id := tasks.ID(r.PathValue("id"))
	if id.Kind() == "" || id.Name() == "" {
		return id, KindOf{}, invalid("%q is no ID of a task: want the kind, a dot and a name", string(id))
	}
	k, err := a.kind(id.Kind())
	return id, k, err
}
