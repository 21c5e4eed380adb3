package monitor

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

const (
	liveEvery = time.Second
	writeTime = 10 * time.Second // after which a listener that does not read is let go
)

// live sends the state once a second, as server-sent events.
func (h *handler) live(w http.ResponseWriter, r *http.Request) {
	c := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	closing := h.monitor.closing(r)
	tick := time.NewTicker(liveEvery)
	defer tick.Stop()
	for seen := (&window{monitor: h.monitor, pools: h.pools}); ; {
		data, err := json.Marshal(seen.look())
		if err != nil {
			return
		}
		_ = c.SetWriteDeadline(time.Now().Add(writeTime)) // a server that has none does without
		if _, err := fmt.Fprintf(w, "data: %s\n\n", data); err != nil || c.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-closing:
			return
		case <-tick.C:
		}
	}
}

// closing is closed when the server of the request shuts down, which would wait for
// the listener else. It is nil if that server is not known.
func (m *Monitor) closing(r *http.Request) <-chan struct{} {
	server, _ := r.Context().Value(http.ServerContextKey).(*http.Server)
	if server == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	ch := m.servers[server]
	if ch == nil {
		ch = make(chan struct{})
		m.servers[server] = ch
		server.RegisterOnShutdown(func() { close(ch) })
	}
	return ch
}
