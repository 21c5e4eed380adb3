package page

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/remuda-go/remuda/cmd/remuda/internal/service"
)

// Options are what a listener's page is made of.
type Options struct {
	History *History
	// Service is what the listener's callers can do. The page shows its kinds, and what
	// changes tasks if it allows that.
	Service *service.Service
	// Token says that Guard wants one: then the page is served to everybody without
	// any data, and asks for the token.
	Token bool
	// Guard accepts callers that may see and change tasks.
	Guard func(http.Handler) http.Handler
	// API serves all other requests, behind Guard.
	API http.Handler
}

func (o *Options) sees(kind string) bool {
	_, ok := o.Service.Kind(kind)
	return ok
}

// A server answers with data.
type server struct {
	*Options
	h *History
}

// Handler returns what serves the page at /, what belongs to it below /page/, and the
// API.
func Handler(o Options) http.Handler {
	h := o.History
	h.want()
	s := &server{Options: &o, h: h}
	inner := http.NewServeMux()
	inner.HandleFunc("GET /{$}", s.index)
	inner.HandleFunc("GET /page/state", s.stateNow)
	inner.HandleFunc("GET /page/live", s.live)
	inner.HandleFunc("GET /page/tasks", s.tasks)
	inner.HandleFunc("GET /page/task", s.task)
	inner.Handle("/", o.API)
	guarded := o.Guard(inner)
	outer := http.NewServeMux()
	if o.Token {
		outer.HandleFunc("GET /{$}", s.bare)
	}
	for name, file := range files {
		outer.Handle("GET /page/"+name, file)
	}
	outer.Handle("/", guarded)
	return outer
}

func (s *server) stateNow(w http.ResponseWriter, r *http.Request) {
	defer s.h.watched(r.Context())()
	writeJSON(w, struct {
		State
		Hours []Hour `json:"hours"`
	}{s.h.state(s.Options), s.h.hoursOf(s.Options)})
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v) // the caller has gone
}

func writeProblem(w http.ResponseWriter, err error) {
	p := service.ProblemOf(err)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the caller has gone
}

func notFound(format string, args ...any) error {
	return &service.Problem{Status: http.StatusNotFound, Code: service.CodeNotFound, Text: fmt.Sprintf(format, args...)}
}
