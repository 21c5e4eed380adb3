package api

import (
	"io"
	"net/http"
	"time"

	"github.com/remuda-go/remuda/cmd/remuda/internal/service"
)

// bodyTime bounds how long a body may take.
const bodyTime = 30 * time.Second

// push stores the body as a task: 201 with its ID. The header Idempotency-Key, or
// else the parameter id, gives it a name of its own; unique, after, at and expires
// are as the options of a push.
func (a *api) push(w http.ResponseWriter, r *http.Request) error {
	p, err := pushOf(r)
	if err != nil {
		return err
	}
	payload, err := a.body(w, r)
	if err != nil {
		return err
	}
	id, err := a.service.Push(r.Context(), r.PathValue("kind"), payload, p)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/tasks/"+escapePath(id))
	writeJSON(w, http.StatusCreated, Pushed{ID: id})
	return nil
}

func (a *api) body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	c := http.NewResponseController(w)
	_ = c.SetReadDeadline(time.Now().Add(bodyTime)) // a transport without deadlines is in this process
	payload, err := io.ReadAll(http.MaxBytesReader(w, r.Body, a.service.Body))
	if err != nil {
		return nil, err
	}
	_ = c.SetReadDeadline(time.Time{})
	return payload, nil
}

func pushOf(r *http.Request) (p service.Push, err error) {
	query, err := params(r, "id", "unique", "after", "at", "expires")
	if err != nil {
		return p, err
	}
	p.Name, p.Unique = query["id"], query["unique"]
	if key := r.Header.Get("Idempotency-Key"); key != "" {
		p.Name = key
	}
	if p.After, err = durationOf("after", query["after"]); err != nil {
		return p, err
	}
	if p.At, err = timeOf("at", query["at"]); err != nil {
		return p, err
	}
	p.Expires, err = timeOf("expires", query["expires"])
	return p, err
}
