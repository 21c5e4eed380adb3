package api

import (
	"encoding/json"
	"net/http"

	"github.com/remuda-go/remuda/cmd/remuda/internal/sse"
)

// events answers with what happens, as server-sent events, until the caller goes. The
// first says that it listens: whatever the caller does after that will be seen.
func (a *api) events(w http.ResponseWriter, r *http.Request) error {
	query, err := params(r, "kind")
	if err != nil {
		return err
	}
	events, err := a.service.Watch(r.Context(), query["kind"])
	if err != nil {
		return err
	}
	s := sse.Begin(w)
	defer s.Close()
	s.Send("listening", []byte("{}"))
	for e, err := range events {
		if err != nil {
			return nil // the caller or the connection has gone
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
