// Package sse writes server-sent events.
package sse

import (
	"fmt"
	"net/http"
	"sync"
	"time"
)

// heartbeat is how often a listener that nothing happens for gets a comment, so that
// what is between does not close the connection.
const heartbeat = 15 * time.Second

// A Stream is an answer that goes on until the caller leaves.
type Stream struct {
	mu   sync.Mutex // guards w
	w    http.ResponseWriter
	c    *http.ResponseController
	done chan struct{}
	beat sync.WaitGroup
}

// Begin sends the headers and a first comment. Close the stream before the handler
// returns.
func Begin(w http.ResponseWriter) *Stream {
	s := &Stream{w: w, c: http.NewResponseController(w), done: make(chan struct{})}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	s.write(": remuda\n\n")
	s.beat.Go(s.beats)
	return s
}

// Send sends an event, and reports whether the listener is still there. The data is
// one line.
func (s *Stream) Send(event string, data []byte) bool {
	return s.write(fmt.Sprintf("event: %s\ndata: %s\n\n", event, data))
}

// Close ends the heartbeats.
func (s *Stream) Close() {
	close(s.done)
	s.beat.Wait()
}

func (s *Stream) write(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.c.SetWriteDeadline(time.Now().Add(heartbeat)) // one that does not read is let go
	if _, err := s.w.Write([]byte(text)); err != nil {
		return false
	}
	return s.c.Flush() == nil
}

func (s *Stream) beats() {
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-tick.C:
			s.write(":\n\n")
		}
	}
}
