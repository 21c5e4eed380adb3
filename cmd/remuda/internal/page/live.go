package page

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"

	"github.com/remuda-go/remuda/cmd/remuda/internal/sse"
)

// hoursEvery is how often the charts change.
const hoursEvery = 10 * time.Second

// live sends the state whenever it has changed, at most once a second, and the hours
// less often.
func (s *server) live(w http.ResponseWriter, r *http.Request) {
	stream := sse.Begin(w)
	defer stream.Close()
	defer s.h.watched(r.Context())()
	state, hours := &sender{stream: stream, event: "state"}, &sender{stream: stream, event: "hours"}
	if !(&sender{stream: stream, event: "clock"}).send(time.Now()) {
		return
	}
	var next time.Time
	for {
		changed := s.h.change()
		now := s.h.state(s.Options)
		at := now.Now
		now.Now = time.Time{}
		if !state.send(now) {
			return
		}
		if !at.Before(next) {
			if next = at.Add(hoursEvery); !hours.send(s.h.hoursOf(s.Options)) {
				return
			}
		}
		select {
		case <-r.Context().Done():
			return
		case <-changed:
		}
	}
}

// change is closed when there is something new.
func (h *History) change() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.changed
}

// A sender sends what differs from what it sent before.
type sender struct {
	stream *sse.Stream
	event  string
	last   []byte
}

func (s *sender) send(v any) bool {
	data, err := json.Marshal(v)
	if err != nil {
		return false
	}
	if bytes.Equal(data, s.last) {
		return true
	}
	s.last = data
	return s.stream.Send(s.event, data)
}
