package api

import (
	"encoding/json"
	"net/http"

	"github.com/remuda-go/remuda/cmd/remuda/internal/service"
)

func writeProblem(w http.ResponseWriter, err error) {
	p := service.ProblemOf(err)
	if p.Code == service.CodeFull || p.Code == service.CodeBusy {
		w.Header().Set("Retry-After", "1")
	}
	writeJSON(w, p.Status, p)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the caller has gone
}
