package remuda

import "net"

// ServeAt makes the herd serve at l instead of an address, for tests that need a
// clock or a network of their own. It comes before Start.
func (h *Herd[Body, Result]) ServeAt(l net.Listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.server = h.serve(l)
}
