package api

import (
	"encoding/json"
	"net/http"

	"github.com/remuda-go/remuda/cmd/remuda/internal/sse"
)

// events answers with what happens, as server-sent events, until the caller goes.
func (a *api) events(w http.ResponseWriter, r *http.Request) error {
	query, err := params(r, "kind")
	if err != nil {
		return err
	}
	if kind := query["kind"]; kind != "" {
		if _, err := a.kind(kind); err != nil {
			return err
		}
	}
	s := sse.Begin(w)
	defer s.Close()
	for e, err := range a.Client.Watch(r.Context(), query["kind"]) {
		if err != nil {
			return nil // the caller or the connection has gone
		}
		if _, ok := a.Kind(e.ID.Kind()); !ok {
			continue
		}
		data, err := json.Marshal(Event{
			ID: e.ID, State: e.State, Attempts: e.Attempts, Reason: e.Reason, Progress: e.Progress, Note: e.Note, At: e.At,
		})
		if err != nil || !s.Send("task", data) {
			return nil
		}
	}
	return nil
}
