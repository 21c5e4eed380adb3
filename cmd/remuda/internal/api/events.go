package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// heartbeat is how often a watcher that nothing happens for gets a comment, so that
// what is between does not close the connection.
const heartbeat = 15 * time.Second

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
	s := &eventStream{w: w, c: http.NewResponseController(w)}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	s.send(": remuda\n\n")
	done := make(chan struct{})
	var beats sync.WaitGroup
	beats.Go(func() { s.beat(done) })
	defer beats.Wait()
	defer close(done)
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
		if err != nil || !s.send(fmt.Sprintf("event: task\ndata: %s\n\n", data)) {
			return nil
		}
	}
	return nil
}

// An eventStream is written by two goroutines.
type eventStream struct {
	mu sync.Mutex // guards w
	w  http.ResponseWriter
	c  *http.ResponseController
}

func (s *eventStream) send(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.c.SetWriteDeadline(time.Now().Add(heartbeat)) // one that does not read is let go
	if _, err := s.w.Write([]byte(text)); err != nil {
		return false
	}
	return s.c.Flush() == nil
}

func (s *eventStream) beat(done <-chan struct{}) {
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			s.send(":\n\n")
		}
	}
}
